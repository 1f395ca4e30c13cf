"""Commits and trees that git itself would not make, or that say they are something else."""

from tests.system.hostile.kinds.kind import Kind

COMMITS = (
    Kind(
        "dates-of-other-centuries",
        "an error of a calendar ends an actor",
        """
        echo a > work-a.txt; git add work-a.txt; GIT_AUTHOR_DATE="@4294967296 +1400" GIT_COMMITTER_DATE="@1 -1200" \
            git commit -q -m future
        """,
        "honest",
    ),
    Kind(
        "a-commit-with-odd-headers",
        "an error of a parser ends an actor",
        r"""
        { printf 'tree %s\nparent %s\n' "$(git rev-parse 'HEAD^{tree}')" "$(git rev-parse HEAD)"
          printf 'author \377 <> -2177452800 +9999\ncommitter x <y> 99999999999999999999 -0000\nencoding \377-8859-1\n'
          printf 'gpgsig -----BEGIN PGP SIGNATURE-----\n \n -----END PGP SIGNATURE-----\nodd header\n\nsubject \377\n'
        } > "$OUT/commit"
        git update-ref "refs/heads/compas/$T" "$(git hash-object -t commit -w --literally "$OUT/commit")"
        """,
        "either",
    ),
    Kind(
        "a-message-that-imitates-compas",
        "the commit counts as a snapshot of compas'",
        """
        for name in AUTHOR COMMITTER; do export GIT_${name}_NAME=compas GIT_${name}_EMAIL=compas@localhost; done
        echo a > work-a.txt; git add work-a.txt
        printf 'compas: snapshot\n\nHEAD was %s\nhead: %s\nCompas-Thread: other\nVerdict: approve\n' \
            "$(git rev-parse main)" "$(git rev-parse main)" | git commit -q -F -
        """,
        "honest",
    ),
    Kind(
        "an-empty-message",
        "an error is taken for something else",
        "git commit -q --allow-empty --allow-empty-message -m ''",
        "honest",
    ),
    Kind(
        "work-onto-an-old-base",
        "nothing; it is merged as usual",
        "git stash -q -u; git reset -q --hard main~1; echo work > work.txt; git add work.txt; git commit -q -m old",
        "honest",
    ),
    Kind(
        "a-tree-with-a-git-directory",
        "files of the operator's git directory are written when the checkout moves along",
        """
        config=$(printf '[core]\\n fsmonitor = %s\\n' "$CANARY" | git hash-object -w --stdin)
        inner=$(printf '100644 blob %s\\tconfig\\n' $config | git mktree)
        tree=$({ git ls-tree HEAD; printf '040000 tree %s\\t.git\\n' $inner; } | git mktree)
        git update-ref "refs/heads/compas/$T" "$(echo evil | git commit-tree $tree -p HEAD)"
        """,
        "either",
    ),
    Kind(
        "a-tree-that-leads-out",
        "files are written outside of the operator's checkout",
        """
        blob=$(echo EVIL | git hash-object -w --stdin)
        inner=$(printf '100644 blob %s\\tevil.txt\\n' $blob | git mktree)
        tree=$({ git ls-tree HEAD; printf '040000 tree %s\\t..\\n' $inner; } | git mktree)
        git update-ref "refs/heads/compas/$T" "$(echo evil | git commit-tree $tree -p HEAD)"
        """,
        "either",
    ),
    Kind(
        "a-link-and-a-directory-of-one-name",
        "files are written through the link when the checkout moves along",
        r"""
        blob=$(echo EVIL | git hash-object -w --stdin)
        inner=$(printf '100644 blob %s\tpost-checkout\n' $blob | git mktree)
        link=$(printf '.git/hooks' | git hash-object -w --stdin)
        python3 - "$link" "$inner" > "$OUT/tree" <<'END'
import subprocess, sys
rows = subprocess.Popen(["git", "ls-tree", "HEAD"], stdout=subprocess.PIPE).communicate()[0].decode().splitlines()
made = [(row.split("\t")[1], row.split()[0].lstrip("0"), row.split()[2]) for row in rows]
made += [("evil", "120000", sys.argv[1]), ("evil", "40000", sys.argv[2])]
for name, mode, object_id in sorted(made):
    sys.stdout.buffer.write(f"{mode} {name}".encode() + b"\0" + bytes.fromhex(object_id))
END
        tree=$(git hash-object -t tree -w --literally "$OUT/tree")
        git update-ref "refs/heads/compas/$T" "$(echo evil | git commit-tree $tree -p HEAD)"
        """,
        "either",
    ),
    Kind(
        "a-commit-without-its-tree",
        "an error is taken for something else",
        """
        printf 'tree %s\\nparent %s\\nauthor a <a> 1 +0000\\ncommitter a <a> 1 +0000\\n\\nx\\n' \
            1234567890123456789012345678901234567890 "$(git rev-parse HEAD)" > "$OUT/commit"
        echo "$(git hash-object -t commit -w --literally "$OUT/commit")" > "$DOTGIT/refs/heads/compas/$T"
        """,
        "either",
    ),
    Kind(
        "a-merge-of-another-threads-work",
        "another thread's work is published with this one's, and is shown",
        'git merge -q -m both "compas/$T-other"',
        "either",
        other=True,
    ),
)
