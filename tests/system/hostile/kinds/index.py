"""The index of the worktree, and attributes of its files."""

from tests.system.hostile.kinds.kind import Kind

INDEX = (
    Kind(
        "a-change-is-hidden-by-skip-worktree",
        "the worktree counts as clean",
        "git update-index --skip-worktree README; echo EVIL > README",
        "either",
    ),
    Kind(
        "a-change-is-hidden-by-assume-unchanged",
        "the worktree counts as clean",
        "git update-index --assume-unchanged README; echo EVIL > README",
        "either",
    ),
    Kind("the-index-is-split", "nothing", "git update-index --split-index; git add work-draft.txt", "honest"),
    Kind(
        "the-index-has-conflicts",
        "an error is taken for something else",
        """
        blob=$(echo EVIL | git hash-object -w --stdin)
        for stage in 1 2 3; do printf '100644 %s %s\\tevil.txt\\n' $blob $stage; done | git update-index --index-info
        """,
        "either",
    ),
    Kind("the-index-is-locked", "nothing goes on", 'touch "$ADMIN/index.lock"', "either"),
    Kind(
        "the-index-lock-is-a-link-to-a-file-of-the-operators",
        "git writes that file",
        'ln -s "$REPO/README" "$ADMIN/index.lock"',
        "either",
    ),
    Kind("the-index-is-sparse", "files are left out of what is recorded", "git sparse-checkout set dir", "either"),
    Kind("the-index-is-garbage", "an error ends an actor", 'echo garbage > "$ADMIN/index"', "either"),
    Kind("the-index-is-gone", "everything counts as deleted", 'rm "$ADMIN/index"', "honest"),
    Kind("the-index-is-a-fifo", "reading it never ends", 'rm "$ADMIN/index"; mkfifo "$ADMIN/index"', "either"),
    Kind(
        "something-is-staged-that-is-not-there",
        "it is committed without having been in the worktree",
        'blob=$(echo EVIL | git hash-object -w --stdin); git update-index --add --cacheinfo "100644,$blob,evil.txt"',
        "honest",
    ),
    Kind("something-is-to-be-added", "nothing", "git add -N work-draft.txt", "honest"),
)

ATTRIBUTES = (
    Kind(
        "attributes-change-what-is-stored",
        "nothing; they are part of the work",
        """
        printf 'work* ident eol=crlf\\nwork-sixteen.txt working-tree-encoding=UTF-16\\n' > .gitattributes
        mv .gitattributes work-attributes; cp work-attributes .gitattributes; git add .gitattributes
        echo '$Id$' > work-id.txt; printf 'odd' > work-sixteen.txt; git commit -q -m attributes
        """,
        "either",
    ),
    Kind(
        "attributes-name-unknown-drivers",
        "a program of that name runs",
        "echo '* filter=nobody diff=nobody merge=nobody' > .gitattributes; git add .gitattributes; git commit -q -m a",
        "honest",
    ),
    Kind(
        "attributes-are-a-link",
        "a file of the operator's is read as attributes",
        'ln -s "$OUT/etc/passwd" .gitattributes; ln -s "$OUT/etc/passwd" .gitignore',
        "either",
    ),
)
