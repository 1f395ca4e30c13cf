"""Refs: the thread's branch, the target, compas' own, and what stands in for objects."""

from tests.system.hostile.kinds.kind import Kind

BRANCH = (
    Kind(
        "the-branch-is-deleted",
        "nothing is compared with nothing",
        'git update-ref -d "refs/heads/compas/$T"',
        "either",
    ),
    Kind("the-branch-is-moved-back", "work is lost", "git reset -q --hard HEAD~1", "either"),
    Kind(
        "the-branch-is-a-symref-to-main",
        "the supervisor commits to the operator's branch",
        'git symbolic-ref "refs/heads/compas/$T" refs/heads/main; echo EVIL > evil.txt',
        "refused",
        ("main", "symbolic", "HEAD"),
    ),
    Kind(
        "the-branch-is-a-symref-to-another-threads",
        "the supervisor commits to another thread's branch",
        'git symbolic-ref "refs/heads/compas/$T" "refs/heads/compas/$T-other"; echo EVIL > evil.txt',
        "refused",
        ("-other", "symbolic", "HEAD"),
        other=True,
    ),
    Kind(
        "the-branch-is-a-link-to-main",
        "the operator's branch is written through it",
        'ln -sf ../main "$DOTGIT/refs/heads/compas/$T"; echo EVIL > evil.txt',
        "refused",
        ("main", "link", "symbolic", "HEAD"),
    ),
    Kind(
        "the-reflog-of-the-branch-is-a-link-to-a-file-of-the-operators",
        "git appends to that file",
        'log="$DOTGIT/logs/refs/heads/compas/$T"; rm -f "$log"; ln -s "$OUT/etc/passwd" "$log"',
        "either",
    ),
)

TARGET = (
    Kind(
        "main-is-moved-to-the-threads-commit",
        "what nobody approved is in the target already",
        'git update-ref refs/heads/main "compas/$T"',
        "refused",
        ("accept-target", "moved"),
    ),
    Kind(
        "main-is-committed-to",
        "what nobody approved is in the target already",
        """
        git stash -q -u; git checkout -q --ignore-other-worktrees main
        echo EVIL > evil.txt; git add evil.txt; git commit -q -m evil; git switch -q "compas/$T"
        """,
        "either",
    ),
    Kind(
        "main-is-moved-back",
        "the operator's commits are dropped",
        "git update-ref refs/heads/main main~1",
        "refused",
        ("accept-target", "moved", "rewound"),
    ),
    Kind(
        "main-is-a-symref-to-the-threads-branch",
        "whatever the agent commits is in the target",
        'git symbolic-ref refs/heads/main "refs/heads/compas/$T"',
        "either",
    ),
    Kind("main-is-deleted", "nothing is compared with nothing", "git update-ref -d refs/heads/main", "either"),
    Kind(
        "the-operators-head-is-on-the-threads-branch",
        "the operator commits to the thread",
        'git --git-dir="$DOTGIT" symbolic-ref HEAD "refs/heads/compas/$T"',
        "either",
    ),
)

SNAP = "refs/compas/snap/$COMPAS_EXECUTION"

OURS = (
    Kind(
        "the-snapshot-is-made-beforehand",
        "reviewers see one thing, and the merge publishes another",
        f"git update-ref {SNAP} HEAD; echo EVIL > evil.txt; git add evil.txt; git commit -q -m evil",
        "refused",
        ("snapshot",),
        readers=True,
    ),
    Kind(
        "the-snapshot-is-a-tree",
        "an error ends an actor",
        f'git update-ref {SNAP} "HEAD^{{tree}}"',
        "refused",
        ("snapshot",),
    ),
    Kind(
        "the-snapshot-is-a-symref-to-main",
        "the operator's branch is written through it",
        f"git symbolic-ref {SNAP} refs/heads/main",
        "refused",
        ("snapshot",),
    ),
    Kind(
        "the-snapshot-is-a-symref-to-nothing",
        "a branch of any name is made through it",
        f"git symbolic-ref {SNAP} refs/heads/evil",
        "either",
    ),
    Kind(
        "the-snapshot-is-a-directory",
        "no snapshot can be made",
        f"git update-ref {SNAP}/x HEAD",
        "refused",
        ("snapshot",),
    ),
    Kind(
        "the-base-is-moved",
        "the diff leaves out what came before",
        'git update-ref "refs/compas/base/$T" HEAD',
        "honest",
    ),
    Kind(
        "the-base-is-a-symref-to-main",
        "the operator's branch is deleted with it",
        'git symbolic-ref "refs/compas/base/$T" refs/heads/main',
        "either",
    ),
    Kind(
        "the-archive-is-made-beforehand",
        "the branch counts as archived, and is deleted",
        'tip=$(git rev-parse --short=12 HEAD); git update-ref "refs/compas/archive/$T-$tip" main; '
        'git update-ref "refs/compas/archive/compas/$T-$tip" main',
        "either",
    ),
)

OBJECTS = (
    Kind(
        "the-commit-is-replaced",
        "reviewers see one thing, and the merge publishes another",
        """
        kind=$(git rev-parse HEAD); echo EVIL > work.txt; git add work.txt; git commit -q --amend -m evil
        git replace HEAD "$kind"; git checkout -q -f HEAD
        """,
        "either",
        readers=True,
    ),
    Kind(
        "the-blob-is-replaced",
        "reviewers see one thing, and the merge publishes another",
        """
        echo EVIL > work.txt; git add work.txt; git commit -q -m evil
        git replace "$(git rev-parse HEAD:work.txt)" "$(echo fine | git hash-object -w --stdin)"
        rm work.txt; git checkout -q -f HEAD
        """,
        "either",
        readers=True,
    ),
    Kind(
        "a-graft-cuts-history",
        "the thread counts as descending from what it does not",
        'mkdir -p "$DOTGIT/info"; git rev-parse HEAD > "$DOTGIT/info/grafts"',
        "either",
    ),
    Kind(
        "the-repository-is-shallow",
        "the thread counts as descending from what it does not",
        'git rev-parse HEAD > "$DOTGIT/shallow"',
        "either",
    ),
    Kind(
        "an-object-is-gone",
        "an error is taken for something else",
        'blob=$(git rev-parse HEAD:work.txt); rm -f "$DOTGIT/objects/$(echo $blob | cut -c1-2)/${blob#??}"',
        "either",
    ),
)

REFS = (*BRANCH, *TARGET, *OURS, *OBJECTS)
