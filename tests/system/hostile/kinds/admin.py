"""The worktree's own git directory below the repository's, and compas' records beside it."""

from tests.system.hostile.kinds.kind import Kind

ADMIN = (
    Kind(
        "gitdir-names-the-operators-checkout",
        "git takes the operator's checkout for the worktree",
        'echo "$REPO/.git" > "$ADMIN/gitdir"; echo EVIL > evil.txt',
        "refused",
        ("gitdir", ".git"),
    ),
    Kind(
        "commondir-names-another-repository",
        "objects, refs, hooks and configuration come from where the agent likes",
        """
        git clone -q --bare "$REPO" "$OUT/evil.git"
        git --git-dir="$OUT/evil.git" config core.fsmonitor "$CANARY fsmonitor"
        printf '#!/bin/sh\\nexec "%s" hook\\n' "$CANARY" > "$OUT/evil.git/hooks/pre-commit"
        chmod +x "$OUT/evil.git/hooks/pre-commit"; git --git-dir="$OUT/evil.git" branch -q -f "compas/$T" main
        echo "$OUT/evil.git" > "$ADMIN/commondir"; echo EVIL > evil.txt
        """,
        "refused",
        ("commondir", "git directory", "common"),
    ),
    Kind(
        "head-file-names-main",
        "the supervisor commits to the operator's branch",
        'echo "ref: refs/heads/main" > "$ADMIN/HEAD"; echo EVIL > evil.txt',
        "refused",
        ("main",),
    ),
    Kind(
        "head-file-is-a-link-to-the-operators",
        "HEAD of the operator's checkout is written through it",
        'rm "$ADMIN/HEAD"; ln -s "$DOTGIT/HEAD" "$ADMIN/HEAD"; echo EVIL > evil.txt',
        "refused",
        ("main", "HEAD", "link"),
    ),
    Kind(
        "index-is-a-link-to-the-operators",
        "the operator's index is written through it",
        'rm "$ADMIN/index"; ln -s "$DOTGIT/index" "$ADMIN/index"',
        "either",
    ),
    Kind(
        "the-snapshots-index-is-a-link-to-the-operators",
        "the operator's index is overwritten through it",
        'ln -s "$DOTGIT/index" "$ADMIN/compas-snapshot.index"',
        "either",
    ),
    Kind(
        "the-commit-message-is-a-link-to-a-file-of-the-operators",
        "git writes the commit's message over that file",
        'rm -f "$ADMIN/COMMIT_EDITMSG"; ln -s "$REPO/README" "$ADMIN/COMMIT_EDITMSG"',
        "either",
    ),
    Kind(
        "the-reflog-of-head-is-a-link-to-a-file-of-the-operators",
        "git appends to that file",
        'mkdir -p "$ADMIN/logs"; rm -f "$ADMIN/logs/HEAD"; ln -s "$OUT/etc/passwd" "$ADMIN/logs/HEAD"',
        "either",
    ),
    Kind(
        "orig-head-is-a-link-to-main",
        "git writes the operator's branch through it",
        'ln -sf "$DOTGIT/refs/heads/main" "$ADMIN/ORIG_HEAD"',
        "either",
    ),
    Kind(
        "the-git-directory-is-a-link",
        "what is behind the link can be exchanged later",
        'mv "$ADMIN" "$OUT/admin"; ln -s "$OUT/admin" "$ADMIN"',
        "refused",
        ("link", "git directory", "director"),
    ),
    Kind(
        "the-git-directory-is-gone",
        "git discovers another repository",
        'rm -r "$ADMIN"; echo EVIL > evil.txt',
        "refused",
        ("git directory", ".git", "director"),
    ),
    Kind(
        "worktree-configuration-names-the-operators-checkout",
        "the operator's uncommitted files are committed to the thread's branch",
        """
        git config core.repositoryFormatVersion 1; git config extensions.worktreeConfig true
        git config --worktree core.worktree "$REPO"
        """,
        "either",
    ),
    Kind(
        "the-registration-names-the-operators-checkout",
        "removing the thread's worktree removes the operator's checkout",
        """sed -i "s|\\"path\\":\\"[^\\"]*\\"|\\"path\\":\\"$REPO\\"|" "$DOTGIT/compas/worktrees/$T.json" """,
        "either",
    ),
    Kind(
        "the-registration-names-another-threads-worktree",
        "another thread's work is taken for this one's",
        """sed -i "s|\\"path\\":\\"[^\\"]*\\"|\\"path\\":\\"$OTHER\\"|" "$DOTGIT/compas/worktrees/$T.json" """,
        "either",
        other=True,
    ),
    Kind(
        "the-registration-is-gone",
        "without it nothing is checked",
        'rm "$DOTGIT/compas/worktrees/$T.json"; rm .git; echo "gitdir: $DOTGIT" > .git; echo EVIL > evil.txt',
        "either",
    ),
    Kind(
        "the-registration-is-garbage",
        "an error ends an actor",
        'printf "\\377{" > "$DOTGIT/compas/worktrees/$T.json"',
        "either",
    ),
    Kind(
        "the-registration-is-a-fifo",
        "reading it never ends",
        'rm "$DOTGIT/compas/worktrees/$T.json"; mkfifo "$DOTGIT/compas/worktrees/$T.json"',
        "either",
    ),
    Kind(
        "a-lock-of-compas-is-a-directory",
        "an error ends an actor",
        'for lock in "$DOTGIT"/compas/*lock* "$DOTGIT"/compas/locks/*; do test -f "$lock" || continue; '
        'rm "$lock"; mkdir "$lock"; done',
        "either",
    ),
    Kind(
        "the-records-of-compas-are-a-link",
        "records are written where the agent likes",
        'mv "$DOTGIT/compas" "$OUT/../records"; ln -s "$(realpath "$OUT/../records")" "$DOTGIT/compas"',
        "either",
    ),
)
