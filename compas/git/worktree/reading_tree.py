"""Makes the detached worktree in which a reviewer reads somebody else's work: at a snapshot, never on the branch."""

import os
import secrets

from msgspec.structs import replace

from compas.git.command import LONG_LIMIT, Git
from compas.git.directories import clear_unused, is_vacant, make_parent, same_place, vacate
from compas.git.errors import GitFailed, GitRefused, in_words, killed_by
from compas.git.locks import hold
from compas.git.naming import checked_id, worktree_root
from compas.git.protocol.worktrees import EnsureReadingTree, Worktree
from compas.git.repository import commit_of, repository_at, tip_of, worktrees
from compas.git.worktree.ensure import directory_of
from compas.git.worktree.ignore import exclude_worktrees
from compas.git.worktree.large_checkout import INTERRUPTED, add_worktree
from compas.git.worktree.open import is_standing, open_registered
from compas.git.worktree.owner import check_owner
from compas.git.worktree.registration import Registration, read_registration, write_registration


async def ensure_reading_tree(request: EnsureReadingTree) -> Worktree:
    """Return the thread's detached worktree, registered and verified; a repeat returns the same one.

    What its agent has done there meanwhile stays. One that was deleted, or left half made, is made again.
    Raises GitRefused: `not_a_repository`, `bad_id`, `unknown_revision`, `path_occupied`, `worktree_failed`.
    """
    checked_id("thread id", request.thread)
    here = await repository_at(Git(request.repo))
    path = directory_of(worktree_root(here.common_dir, here.main, request.location), request.thread)
    async with hold(Git(here.main or here.common_dir), here.common_dir, f"worktree-{request.thread}") as git:
        commit = await commit_of(git, request.commit)
        known = read_registration(here.common_dir, request.thread)
        if known is not None:
            check_owner(known, request.owner)
        is_standing(here.common_dir, known)
        if known is not None and known.reading and not same_place(known.path, path):
            path = known.path  # it was made while `worktree_dir` said something else
        created, notes = await _clear(git, known, path), ""
        if created:
            if request.location is None and here.main is not None:
                exclude_worktrees(here.common_dir)
            known = Registration(
                thread=request.thread,
                path=path,
                ready=False,
                instance=secrets.token_hex(8),
                reading=commit,
                owner=request.owner,
            )
            notes = await _add(git, here.common_dir, known)
        assert known is not None
        with open_registered(here.common_dir, known, git) as opened:
            head = await tip_of(opened.git, "HEAD") or commit
            ready = replace(opened.registration, ready=True, owner=request.owner)
        write_registration(here.common_dir, ready)
    healed = tuple(filter(None, [notes]))
    about = {"path": path, "branch": "", "base": ready.reading, "head": head, "instance": ready.instance}
    return Worktree(**about, created=created, healed=healed)


async def _clear(git: Git, known: Registration | None, path: str) -> bool:
    """Say whether it has to be made; take away what is left of one that is gone or was never finished."""
    ours = known is not None and bool(known.reading)
    listed = next((item for item in await worktrees(git) if same_place(item.path, path)), None)
    if listed is None:
        return True
    if not ours:
        message = f"{path} is wanted for reading, but is a worktree for something else; remove it"
        raise GitRefused("path_occupied", message)
    unfinished = listed.locked == INTERRUPTED and known is not None and not known.ready
    if listed.present and not unfinished:
        return False
    if unfinished:
        # Nobody was told of it, so nobody has worked in it: what git wrote so far is the commit's, and nothing else.
        clear_unused(path)
    elif not vacate(path):
        message = f"{path} has lost its .git file but holds other files; move them away, then try again"
        raise GitRefused("path_occupied", message)
    await git.run("worktree", "remove", "--force", "--force", "--end-of-options", path, time_limit=LONG_LIMIT)
    return True


async def _add(git: Git, common_dir: str, registration: Registration) -> str:
    """Let git make it, once more where a signal ended it; return a sentence where a hook failed afterwards."""
    path = registration.path
    if not is_vacant(path):
        message = f"{path} is wanted for a worktree but is occupied; move what is there away"
        raise GitRefused("path_occupied", message)
    make_parent(path)
    write_registration(common_dir, registration)
    arguments = ("--detach", "--end-of-options", path, registration.reading)
    try:
        try:
            return await add_worktree(git, path, *arguments)
        except GitFailed as error:
            if error.signal is None:
                raise
            # What it has made is the commit's and nothing else, as long as git had not said that it is done.
            if not await _clear(git, registration, path):
                return f"git {killed_by(error.signal)}, when it had made {path}"
            return await add_worktree(git, path, *arguments)
    except GitFailed as error:
        name = os.path.basename(path)
        message = f"git could not make the worktree {path} to read {name}'s work in: {in_words(error)}"
        raise GitRefused("worktree_failed", message) from error
