"""Makes the worktree of a thread, or repairs or reuses the one there is; deletes nothing that is not provably ours."""

import os
import secrets
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from compas.failpoints import hit
from compas.git.command import LONG_LIMIT, Git
from compas.git.directories import (
    clear_unused,
    has_git_file,
    is_vacant,
    make_parent,
    same_place,
    unlink,
    vacate,
)
from compas.git.errors import GitFailed, GitRefused
from compas.git.large_checkout import add_worktree
from compas.git.locks import hold
from compas.git.messages import EnsureWorktree, Worktree
from compas.git.naming import BRANCHES, base_ref, thread_branch, worktree_root
from compas.git.pool import take
from compas.git.registration import Registration, read_registration, write_registration
from compas.git.repository import Listed, branch_tip, path_of, repository_at, tip_of, worktrees
from compas.git.stale_locks import remove_stale
from compas.git.worktree_ignore import exclude_worktrees

INTERRUPTED: Final = "initializing"
"""How git locks a worktree that `git worktree add` has not finished."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thread's worktree is, or will be, and in which repository."""

    thread: str
    branch: str
    common_dir: str
    path: str

    @property
    def ref(self) -> str:
        """The full ref of the thread's branch."""
        return BRANCHES + self.branch


async def ensure_worktree(request: EnsureWorktree) -> Worktree:
    """Return the thread's worktree, registered, on its branch, verified; a repeat returns the same one.

    Raises GitRefused: `not_a_repository`, `bad_id`, `no_such_branch`, `base_required`, `empty_repository`,
    `path_occupied`, `branch_checked_out`, `wrong_branch`, `worktree_locked`, `worktree_busy`, `worktree_failed`.
    """
    branch = thread_branch(request.thread)
    here = await repository_at(Git(request.repo))
    root = worktree_root(here.common_dir, here.main, request.location)
    place = Place(request.thread, branch, here.common_dir, directory_of(root, request.thread))
    anchor = Git(here.main or here.common_dir)
    async with hold(anchor, here.common_dir, f"worktree-{request.thread}") as git:
        healed: list[str] = []
        await _resume_taking(git, place, request, healed)
        found = await _registered(git, place)
        if found is not None and await _usable(git, place, found, healed):
            return await _verified(git, place, found.path, request.base, healed, created=False)
        excluded = request.location is None and here.main is not None
        await _add(git, place, request, healed, excluded=excluded)
        return await _verified(git, place, place.path, request.base, healed, created=True)


async def _registered(git: Git, place: Place) -> Listed | None:
    """Find the worktree by its branch, else by its path."""
    listed = await worktrees(git)
    by_path = [item for item in listed if same_place(item.path, place.path)]
    by_branch = [item for item in listed if item.branch == place.ref]
    return next(iter(by_branch + by_path), None)


async def _usable(git: Git, place: Place, found: Listed, healed: list[str]) -> bool:
    """Say whether the registered worktree can be used; repair it, or remove a registration without a directory."""
    ours = read_registration(place.common_dir, place.thread)
    known = same_place(found.path, place.path) or (ours is not None and same_place(found.path, ours.path))
    if not known:
        raise GitRefused(
            "branch_checked_out",
            f"{place.branch} is checked out in {found.path}, which is no worktree of thread {place.thread}; "
            "switch that checkout to another branch",
        )
    interrupted = found.locked == INTERRUPTED and ours is not None and not ours.ready
    if found.locked is not None and not interrupted and not found.present:
        reason = found.locked or "no reason given"
        message = f"{found.path} is missing but locked ({reason}); bring it back or unlock it"
        raise GitRefused("worktree_locked", message)
    if interrupted and found.branch == place.ref and has_git_file(found.path):
        await complete_interrupted(git, found, healed)
        return True
    if interrupted:
        clear_unused(found.path)
    if not found.present:
        await _unregister(git, found, healed)
        return False
    await _on_branch(git, place, found)
    git_dir = await path_of(git.at(found.path), "--git-dir")
    locks = [os.path.join(git_dir, name) for name in ("index.lock", "HEAD.lock")]
    locks.append(os.path.join(place.common_dir, *f"{place.ref}.lock".split("/")))
    healed += remove_stale(locks, found.path, git_dir)
    return True


async def complete_interrupted(git: Git, found: Listed, healed: list[str]) -> None:
    """Finish what a killed `git worktree add` began. Nobody was told of this worktree, so nobody has worked in it."""
    there = git.at(found.path)
    unlink(os.path.join(await path_of(there, "--git-dir"), "index.lock"))
    await there.run("reset", "--hard", "--quiet", time_limit=LONG_LIMIT)
    await git.run("worktree", "unlock", "--end-of-options", found.path)
    healed.append(f"completed {found.path}, which a killed git had left half made")


async def _unregister(git: Git, found: Listed, healed: list[str]) -> None:
    """Remove the registration of a worktree whose directory is gone: only this one, and no directory with content."""
    if not vacate(found.path):
        message = f"{found.path} has lost its .git file but holds other files; move them away, then try again"
        raise GitRefused("path_occupied", message)
    await git.run("worktree", "remove", "--force", "--force", "--end-of-options", found.path)
    healed.append(f"forgot the registration of {found.path}, whose directory was gone")


async def _on_branch(git: Git, place: Place, found: Listed) -> None:
    """Accept a worktree on its branch, or rebasing its branch. Raises GitRefused `wrong_branch`."""
    if found.branch == place.ref:
        return
    git_dir = await path_of(git.at(found.path), "--git-dir")
    if _rebasing(git_dir) == place.ref:
        return
    on = (found.branch or f"commit {found.head}").removeprefix(BRANCHES)
    message = (
        f"{found.path} is the worktree of thread {place.thread} but stands on {on}, not on {place.branch}; "
        f"bring the work to {place.branch} and run `git switch {place.branch}` there"
    )
    raise GitRefused("wrong_branch", message)


async def _add(git: Git, place: Place, request: EnsureWorktree, healed: list[str], *, excluded: bool) -> None:
    """Let git make the worktree; what it is told is remembered first, so that a half-made one is known as ours."""
    if not is_vacant(place.path):
        message = f"{place.path} is wanted for a worktree but is occupied; move what is there away"
        raise GitRefused("path_occupied", message)
    arguments = ["--end-of-options", place.path, place.branch]
    if await tip_of(git, place.ref) is None:
        start = await _archived(git, request, healed)
        if start is None:
            start = await _start(git, place, request.base)
            await git.run("update-ref", "-m", "compas: worktree", "--end-of-options", base_ref(place.thread), start)
        arguments = ["-b", place.branch, "--end-of-options", place.path, start]
    if excluded:
        exclude_worktrees(place.common_dir)
    make_parent(place.path)
    made = Registration(thread=place.thread, path=place.path, ready=False, instance=secrets.token_hex(8))
    if request.pool and await take(git, place.common_dir, replace(made, pooled=True)):
        await _switch(git, place, request, healed)
        return
    write_registration(place.common_dir, made)
    try:
        await add_worktree(git, "--no-guess-remote", *arguments)
    except GitFailed as error:
        message = f"git could not make the worktree {place.path} of {place.branch}: {error.output}"
        raise GitRefused("worktree_failed", message) from error
    hit("git.worktree_added")


async def _switch(git: Git, place: Place, request: EnsureWorktree, healed: list[str]) -> None:
    """Put a worktree that was made in advance on the thread's branch, at its start: only what differs is written."""
    there = git.at(place.path)
    arguments = ["--end-of-options", place.branch]
    if await tip_of(git, place.ref) is None:
        start = await _archived(git, request, healed) or await tip_of(git, base_ref(place.thread))
        start = start or await _start(git, place, request.base)
        arguments = ["-c", place.branch, "--no-track", "--end-of-options", start]
    try:
        await there.run("switch", "--quiet", *arguments, time_limit=LONG_LIMIT)
    except GitFailed as error:
        message = f"git could not bring the prepared worktree {place.path} to {place.branch}: {error.output}"
        raise GitRefused("worktree_failed", message) from error
    hit("git.worktree_added")


async def _resume_taking(git: Git, place: Place, request: EnsureWorktree, healed: list[str]) -> None:
    """Finish handing out a prepared worktree that a crash interrupted; nobody has worked in it yet."""
    ours = read_registration(place.common_dir, place.thread)
    if ours is None or ours.ready or not ours.pooled or not has_git_file(place.path):
        return
    await git.run(
        "worktree", "repair", "--end-of-options", place.path
    )  # it may have been moved without git having noted that
    there = git.at(place.path)
    if await there.line("symbolic-ref", "--quiet", "HEAD") is None:
        git_dir = await path_of(there, "--git-dir")
        for name in ("index.lock", "HEAD.lock"):
            unlink(os.path.join(git_dir, name))
        await _switch(git, place, request, healed)
    healed.append(f"finished moving {place.path}, which a crash had interrupted")


async def _archived(git: Git, request: EnsureWorktree, healed: list[str]) -> str | None:
    """Return where the branch stood before it was retired; its begin is found again from the base."""
    if request.restore is None:
        return None
    found = await git.line("rev-parse", "--verify", "--quiet", "--end-of-options", f"{request.restore}^{{commit}}")
    if found is None:
        healed.append(f"the archived commit {request.restore[:12]} is gone; the branch begins anew")
    return found


async def _start(git: Git, place: Place, base: str | None) -> str:
    if base is None:
        message = f"{place.branch} does not exist yet and no base was named; name a local branch to start from"
        raise GitRefused("base_required", message)
    if not await git.text("for-each-ref", "--count=1", "--format=%(refname)", BRANCHES):
        message = f"{git.directory} has no commit yet, so nothing to start from; make a first commit on {base}"
        raise GitRefused("empty_repository", message)
    return await branch_tip(git, base)


async def _verified(
    git: Git, place: Place, path: str, base: str | None, healed: list[str], *, created: bool
) -> Worktree:
    """Ask git, in the worktree, whether it is what it should be; then remember it as ready."""
    there = git.at(path)
    top, common = await path_of(there, "--show-toplevel"), await path_of(there, "--git-common-dir")
    if not (same_place(top, path) and same_place(common, place.common_dir)):
        message = f"{path} should be a worktree of {place.common_dir} but belongs to {common}; move it away"
        raise GitRefused("path_occupied", message)
    tip = await tip_of(git, place.ref)
    head = await tip_of(there, "HEAD")
    if tip is None or head is None:
        message = f"{place.branch} has no commit in {path}; restore the branch"
        raise GitRefused("worktree_failed", message)
    start = await tip_of(git, base_ref(place.thread))
    if start is None and base is not None:
        start = await git.line("merge-base", "--end-of-options", BRANCHES + base, tip)
    known = read_registration(place.common_dir, place.thread)
    instance = known.instance if known is not None else ""
    write_registration(place.common_dir, Registration(thread=place.thread, path=path, ready=True, instance=instance))
    return Worktree(
        path=path,
        branch=place.branch,
        base=start or tip,
        head=head,
        created=created,
        healed=tuple(healed),
        instance=instance,
    )


def directory_of(root: str, thread: str) -> str:
    """Return a thread's directory, links of the root resolved. Raises GitRefused if it is itself a link elsewhere."""
    path = os.path.join(os.path.realpath(root), thread)
    if os.path.realpath(path) != path:
        message = f"{path} is a link to {os.path.realpath(path)}; a worktree must be inside its root, remove the link"
        raise GitRefused("path_occupied", message)
    return path


def _rebasing(git_dir: str) -> str | None:
    for name in ("rebase-merge", "rebase-apply"):
        try:
            with open(os.path.join(git_dir, name, "head-name"), encoding="utf-8") as file:
                return file.read().strip()
        except FileNotFoundError:
            continue
    return None
