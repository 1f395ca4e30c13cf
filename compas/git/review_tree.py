"""Makes the worktree of a thread that looks at another one's work: detached, at the commit that holds the work."""

import os

from compas.failpoints import hit
from compas.git.command import LONG_LIMIT, Git
from compas.git.directories import clear_unused, has_git_file, is_vacant, make_parent, same_place, vacate
from compas.git.errors import GitFailed, GitRefused
from compas.git.locks import hold
from compas.git.messages import EnsureReviewTree, Worktree
from compas.git.naming import checked_id, worktree_root
from compas.git.repository import Listed, repository_at, tip_of, worktrees
from compas.git.worktree import INTERRUPTED, complete_interrupted


async def ensure_review_tree(request: EnsureReviewTree) -> Worktree:
    """Return the thread's worktree, registered and without a branch; a repeat returns the same one, wherever its HEAD
    has gone meanwhile.

    Raises GitRefused: `not_a_repository`, `bad_id`, `unknown_revision`, `path_occupied`, `worktree_failed`.
    """
    checked_id("thread", request.thread)
    here = await repository_at(Git(request.repo))
    path = _place(worktree_root(here.common_dir, here.main, request.location), request.thread)
    anchor = Git(here.main or here.common_dir)
    async with hold(anchor, here.common_dir, f"worktree-{request.thread}") as git:
        commit = await tip_of(git, request.commit)
        if commit is None:
            raise GitRefused("unknown_revision", f"{request.commit} is no commit of {here.common_dir} any more")
        found = next((item for item in await worktrees(git) if same_place(item.path, path)), None)
        created = found is None or not await _is_usable(git, found)
        if created:
            await _add(git, path, commit)
        head = await tip_of(git.at(path), "HEAD")
        return Worktree(path=path, branch="", base=commit, head=head or commit, created=created)


def _place(root: str, thread: str) -> str:
    return os.path.join(os.path.realpath(root), thread)


async def _is_usable(git: Git, found: Listed) -> bool:
    """Say whether the registered worktree is whole, completing one that git was killed at; forget one that is gone."""
    if found.present and found.locked != INTERRUPTED:
        return True
    if found.locked == INTERRUPTED:
        clear_unused(found.path)
        if has_git_file(found.path):
            await complete_interrupted(git, found, [])
            return True
    if not vacate(found.path):
        message = f"{found.path} has lost its .git file but holds other files; move them away, then try again"
        raise GitRefused("path_occupied", message)
    await git.run("worktree", "remove", "--force", "--force", found.path)
    return False


async def _add(git: Git, path: str, commit: str) -> None:
    if not is_vacant(path):
        raise GitRefused("path_occupied", f"{path} is wanted for a worktree but is occupied; move what is there away")
    make_parent(path)
    try:
        add = ("worktree", "add", "--detach", "--no-guess-remote", path, commit)
        await git.run(*add, time_limit=LONG_LIMIT)
    except GitFailed as error:
        message = f"git could not make the worktree {path} at {commit[:12]}: {error.output}"
        raise GitRefused("worktree_failed", message) from error
    hit("git.worktree_added")
