"""Where HEAD of the worktree stands, and what is half done there."""

from tests.system.hostile.kinds.kind import Kind

ELSEWHERE = ("HEAD", "detached", "branch")
BUSY = ("middle", "progress", "unfinished")

HEAD = (
    Kind(
        "head-is-detached-ahead",
        "nothing; it is the thread's work",
        "git checkout -q --detach; echo more > work-more.txt; git add work-more.txt; git commit -q -m more",
        "honest",
    ),
    Kind(
        "head-is-on-a-new-branch-ahead",
        "nothing; it is the thread's work",
        "git switch -q -c feature; echo more > work-more.txt; git add work-more.txt; git commit -q -m more",
        "honest",
    ),
    Kind(
        "head-is-detached-elsewhere",
        "reviewers see one thing, and the merge publishes another",
        "git checkout -q --detach main; echo EVIL > evil.txt; git add evil.txt; git commit -q -m evil",
        "refused",
        ELSEWHERE,
    ),
    Kind(
        "head-is-detached-behind",
        "reviewers see one thing, and the merge publishes another",
        "git stash -q -u; git checkout -q --detach HEAD~1",
        "refused",
        ELSEWHERE,
    ),
    Kind(
        "head-is-on-a-diverged-branch",
        "reviewers see one thing, and the merge publishes another",
        "git switch -q -c feature main; echo EVIL > evil.txt; git add evil.txt; git commit -q -m evil",
        "refused",
        ("feature",),
    ),
    Kind(
        "head-is-on-main",
        "the supervisor commits to the operator's branch",
        "git checkout -q --ignore-other-worktrees main; echo EVIL > evil.txt",
        "refused",
        ("main",),
    ),
    Kind(
        "head-is-on-another-threads-branch",
        "the supervisor commits to another thread's branch",
        'git checkout -q --ignore-other-worktrees "compas/$T-other"; echo EVIL > evil.txt',
        "refused",
        ("-other",),
        other=True,
    ),
    Kind(
        "head-is-unborn",
        "an error is taken for an empty repository",
        "git symbolic-ref HEAD refs/heads/nothing; echo EVIL > evil.txt",
        "refused",
        ("nothing", "commit"),
    ),
    Kind(
        "head-is-on-an-orphan",
        "reviewers see one thing, and the merge publishes another",
        "git checkout -q --orphan lost; git rm -rfq .; echo EVIL > evil.txt; git add evil.txt; git commit -q -m evil",
        "refused",
        ("lost",),
    ),
    Kind(
        "head-is-on-a-ref-of-compas",
        "the supervisor commits to a snapshot's ref",
        'git update-ref refs/compas/snap/evil HEAD; echo "ref: refs/compas/snap/evil" > "$ADMIN/HEAD"',
        "either",
    ),
    Kind(
        "head-is-garbage",
        "an error is taken for something else",
        'echo "ref: ../../../etc/passwd" > "$ADMIN/HEAD"; echo EVIL > evil.txt',
        "refused",
        ("HEAD", "git"),
    ),
    Kind(
        "a-rebase-is-half-done",
        "a commit in the middle of it is taken for the work",
        """
        git stash -q -u; echo two > work-two.txt; git add work-two.txt; git commit -q -m two
        GIT_SEQUENCE_EDITOR="sed -i 1s/pick/edit/" git rebase -q -i HEAD~2
        """,
        "refused",
        (*BUSY, "rebase"),
    ),
    Kind(
        "a-merge-is-half-done",
        "a commit in the middle of it is taken for the work",
        """
        git stash -q -u; git branch side HEAD~1; echo mine > work-two.txt; git add work-two.txt; git commit -q -m mine
        git switch -q side; echo theirs > work-two.txt; git add work-two.txt; git commit -q -m theirs
        git switch -q "compas/$T"; git merge -q side || true
        """,
        "refused",
        (*BUSY, "merge"),
    ),
    Kind(
        "a-cherry-pick-is-half-done",
        "a commit in the middle of it is taken for the work",
        """
        git stash -q -u; git branch side HEAD~1; echo mine > work-two.txt; git add work-two.txt; git commit -q -m mine
        git switch -q side; echo theirs > work-two.txt; git add work-two.txt; git commit -q -m theirs
        git switch -q "compas/$T"; git cherry-pick side || true
        """,
        "refused",
        (*BUSY, "cherry-pick"),
    ),
    Kind(
        "a-merge-head-is-planted",
        "the supervisor's commit gets a parent that nobody was shown",
        """
        evil=$(printf 'evil' | git commit-tree "$(printf '100644 blob %s\\tevil.txt\\n' \
            "$(echo EVIL | git hash-object -w --stdin)" | git mktree)" -p main)
        echo "$evil" > "$ADMIN/MERGE_HEAD"
        """,
        "refused",
        (*BUSY, "merge"),
    ),
)
