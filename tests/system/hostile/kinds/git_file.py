"""The `.git` file of the worktree: what it is, and what it says."""

from tests.system.hostile.kinds.kind import Kind

REPLACED = (".git",)

GIT_FILE = (
    Kind(
        "git-file-names-the-repository",
        "the supervisor commits to the operator's branch",
        'rm .git; echo "gitdir: $DOTGIT" > .git; echo EVIL > evil.txt',
        "refused",
        REPLACED,
    ),
    Kind(
        "git-file-names-another-thread",
        "the supervisor commits to another thread's branch",
        'echo "gitdir: $DOTGIT/worktrees/$T-other" > .git; echo EVIL > evil.txt',
        "refused",
        REPLACED,
        other=True,
    ),
    Kind(
        "git-file-is-a-link-to-the-repository",
        "git follows the link to the operator's git directory",
        'rm .git; ln -s "$DOTGIT" .git; echo EVIL > evil.txt',
        "refused",
        REPLACED,
    ),
    Kind(
        "git-file-is-a-link-to-itself-moved",
        "the file can be exchanged behind the link later",
        'mv .git "$OUT/moved"; ln -s "$OUT/moved" .git',
        "refused",
        REPLACED,
    ),
    Kind(
        "git-file-is-a-whole-repository",
        "hooks, filters and the file monitor of its configuration run",
        """
        rm .git; git init -q .
        git config core.fsmonitor "$CANARY fsmonitor"; git config core.hooksPath "$TREE/hooks"
        git config filter.x.clean "$CANARY clean"; git config filter.x.smudge "$CANARY smudge"
        git config diff.external "$CANARY external"; git config gpg.program "$CANARY"; git config commit.gpgSign true
        mkdir hooks; for hook in pre-commit post-commit reference-transaction post-index-change; do
            printf '#!/bin/sh\\nexec "%s" %s\\n' "$CANARY" $hook > hooks/$hook; chmod +x hooks/$hook; done
        echo '* filter=x' > .gitattributes; echo EVIL > evil.txt
        """,
        "refused",
        REPLACED,
    ),
    Kind(
        "git-file-is-removed",
        "git discovers the repository around the worktree, which is the operator's",
        "rm .git; echo EVIL > evil.txt",
        "refused",
        REPLACED,
    ),
    Kind(
        "git-file-names-a-copy-of-the-git-directory",
        "HEAD, index and configuration come from where the agent likes",
        """
        cp -r "$ADMIN" "$OUT/admin"; echo "$DOTGIT" > "$OUT/admin/commondir"
        echo "ref: refs/heads/main" > "$OUT/admin/HEAD"; echo "gitdir: $OUT/admin" > .git; echo EVIL > evil.txt
        """,
        "refused",
        REPLACED,
    ),
    Kind(
        "git-file-says-more-than-it-should",
        "a path that only this git, or only ours, reads in another way",
        'printf "gitdir: %s/../%s\\n" "$ADMIN" "$(basename "$ADMIN")" > .git',
        "refused",
        REPLACED,
    ),
    Kind(
        "git-file-is-a-fifo",
        "reading it never ends",
        "rm .git; mkfifo .git",
        "refused",
        REPLACED,
    ),
    Kind(
        "git-file-is-huge",
        "reading it takes all memory",
        "truncate -s 300M .git",
        "refused",
        REPLACED,
    ),
    Kind(
        "git-file-is-empty",
        "an error of git is taken for something else",
        ": > .git; echo EVIL > evil.txt",
        "refused",
        REPLACED,
    ),
)
