"""Makes the worktree of a thread, or repairs or reuses the one there is; deletes nothing that is not provably ours."""

import os
import secrets
from dataclasses import dataclass

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
from compas.git.errors import GitFailed, GitRefused, in_words, killed_by
from compas.git.locks import hold
from compas.git.naming import ABOVE_ALL, BRANCHES, thread_branch, worktree_root
from compas.git.plain_files import read_plain
from compas.git.protocol.worktrees import EnsureWorktree, Worktree
from compas.git.repository import Listed, branch_tip, repository_at, tip_of, worktrees
from compas.git.worktree.ignore import exclude_worktrees
from compas.git.worktree.large_checkout import INTERRUPTED, add_worktree, hook_failed
from compas.git.worktree.open import is_standing, open_registered
from compas.git.worktree.owner import check_owner
from compas.git.worktree.pool import take
from compas.git.worktree.registration import Registration, read_registration, write_registration
from compas.git.worktree.stale_locks import remove_stale


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
    `path_occupied`, `branch_checked_out`, `wrong_branch`, `worktree_locked`, `worktree_busy`, `worktree_failed`,
    `branch_of_another`, `branch_in_the_way`, and what `open_worktree` does.
    """
    branch = thread_branch(request.thread)
    here = await repository_at(Git(request.repo))
    root = worktree_root(here.common_dir, here.main, request.location)
    place = Place(request.thread, branch, here.common_dir, directory_of(root, request.thread))
    anchor = Git(here.main or here.common_dir)
    async with hold(anchor, here.common_dir, f"worktree-{request.thread}") as git:
        known = read_registration(here.common_dir, request.thread)
        if known is not None:
            check_owner(known, request.owner)
        is_standing(here.common_dir, known)
        healed: list[str] = []
        await _resume_taking(git, place, known, request, healed)
        found = await _registered(git, place)
        if found is not None and await _usable(git, place, found, request, healed):
            return await _verified(git, place, found.path, request, healed, created=False)
        excluded = request.location is None and here.main is not None
        await _add(git, place, request, healed, excluded=excluded)
        return await _verified(git, place, place.path, request, healed, created=True)


async def _registered(git: Git, place: Place) -> Listed | None:
    """Find the worktree by its branch, else by its path."""
    listed = await worktrees(git)
    by_path = [item for item in listed if same_place(item.path, place.path)]
    by_branch = [item for item in listed if item.branch == place.ref]
    return next(iter(by_branch + by_path), None)


async def _usable(git: Git, place: Place, found: Listed, request: EnsureWorktree, healed: list[str]) -> bool:
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
        await complete_interrupted(git, place.common_dir, found, ours, healed)
        return True
    if interrupted:
        clear_unused(found.path)
    if not found.present:
        await _unregister(git, found, healed)
        return False
    with open_registered(place.common_dir, _expected(place, found.path, request), git) as opened:
        _on_branch(place, found, opened.git_dir)
        locks = [os.path.join(opened.git_dir, name) for name in ("index.lock", "HEAD.lock")]
        locks.append(os.path.join(place.common_dir, *f"{place.ref}.lock".split("/")))
        healed += remove_stale(locks, found.path, opened.git_dir)
    return True


def _expected(place: Place, path: str, request: EnsureWorktree) -> Registration:
    """Return what is registered of a worktree that is there. Raises GitRefused `branch_of_another` for nothing at all.

    Without a record of it, only the log's word makes it the thread's.
    """
    ours = read_registration(place.common_dir, place.thread)
    if ours is not None and same_place(ours.path, path):
        return ours
    if ours is None:
        _refuse_strange(place, request)
    return Registration(thread=place.thread, path=path, ready=False)


def _refuse_strange(place: Place, request: EnsureWorktree) -> None:
    if request.begun_at is None and request.restore is None:
        message = (
            f"the branch {place.branch} exists already, and compas has no record of having made it for thread "
            f"{place.thread}; use another name for the thread, or rename that branch"
        )
        raise GitRefused("branch_of_another", message)


async def complete_interrupted(
    git: Git, common_dir: str, found: Listed, ours: Registration | None, healed: list[str]
) -> None:
    """Finish what a killed `git worktree add` began. Nobody was told of this worktree, so nobody has worked in it."""
    assert ours is not None
    with open_registered(common_dir, replace(ours, path=found.path, mark=None), git) as opened:
        unlink(os.path.join(opened.git_dir, "index.lock"))
        await opened.git.run("reset", "--hard", "--quiet", time_limit=LONG_LIMIT)
    await git.run("worktree", "unlock", "--end-of-options", found.path)
    healed.append(f"completed {found.path}, which a killed git had left half made")


async def _unregister(git: Git, found: Listed, healed: list[str]) -> None:
    """Remove the registration of a worktree whose directory is gone: only this one, and no directory with content."""
    if not vacate(found.path):
        message = f"{found.path} has lost its .git file but holds other files; move them away, then try again"
        raise GitRefused("path_occupied", message)
    await git.run("worktree", "remove", "--force", "--force", "--end-of-options", found.path)
    healed.append(f"forgot the registration of {found.path}, whose directory was gone")


def _on_branch(place: Place, found: Listed, git_dir: str) -> None:
    """Accept a worktree on its branch, or rebasing its branch. Raises GitRefused `wrong_branch`."""
    if found.branch == place.ref or _rebasing(git_dir) == place.ref:
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
    known = read_registration(place.common_dir, place.thread)
    arguments, start = ["--end-of-options", place.path, place.branch], ""
    if await tip_of(git, place.ref) is None:
        await _refuse_in_the_way(git, place)
        archived = await _archived(git, request, healed)
        start = archived or await _start(git, place, request.base)
        arguments = ["-b", place.branch, "--end-of-options", place.path, start]
        start = "" if archived else start
    elif known is None:
        _refuse_strange(place, request)
    if excluded:
        exclude_worktrees(place.common_dir)
    make_parent(place.path)
    made = Registration(
        thread=place.thread,
        path=place.path,
        ready=False,
        instance=secrets.token_hex(8),
        base=start or (known.base if known is not None else ""),
        owner=request.owner,
    )
    if request.pool and await take(git, place.common_dir, replace(made, pooled=True)):
        await _switch(git, place, made, request, healed)
        return
    write_registration(place.common_dir, made)
    try:
        await _make(git, place, request, healed, *arguments)
    except GitFailed as error:
        message = f"git could not make the worktree {place.path} of {place.branch}: {in_words(error)}"
        raise GitRefused("worktree_failed", message) from error
    hit("git.worktree_added")


async def _refuse_in_the_way(git: Git, place: Place) -> None:
    """Refuse a branch that git cannot make beside others: it keeps their names as files in directories.

    Raises GitRefused `branch_in_the_way`.
    """
    message = ""
    if await tip_of(git, BRANCHES + ABOVE_ALL) is not None:
        message = (
            f"a branch called {ABOVE_ALL} is in the way: beside it git can make no {place.branch}, nor a branch for "
            f"any other thread; rename it, with `git branch -m {ABOVE_ALL} NEW-NAME`"
        )
    below = await git.text(
        "for-each-ref", "--count=1", "--format=%(refname:lstrip=2)", "--end-of-options", f"{place.ref}/"
    )
    if below:
        message = f"the branch {below} is in the way: beside it git can make no {place.branch}; rename it"
    if message:
        raise GitRefused("branch_in_the_way", message)


async def _make(git: Git, place: Place, request: EnsureWorktree, healed: list[str], *arguments: str) -> None:
    """Run git; where a signal ends it, take what it has made so far, and try once more if that is nothing to use."""
    try:
        healed += filter(None, [await add_worktree(git, place.path, "--no-guess-remote", *arguments)])
    except GitFailed as error:
        if error.signal is None:
            raise
        healed.append(f"git {killed_by(error.signal)}, while it made {place.path}")
        found = await _registered(git, place)
        if found is not None and await _usable(git, place, found, request, healed):
            return
        if await tip_of(git, place.ref) is not None:
            arguments = ("--end-of-options", place.path, place.branch)
        healed += filter(None, [await add_worktree(git, place.path, "--no-guess-remote", *arguments)])


async def _switch(git: Git, place: Place, made: Registration, request: EnsureWorktree, healed: list[str]) -> None:
    """Put a worktree that was made in advance on the thread's branch, at its start: only what differs is written."""
    arguments = ["--end-of-options", place.branch]
    if await tip_of(git, place.ref) is None:
        start = await _archived(git, request, healed) or made.base
        start = start or await _start(git, place, request.base)
        arguments = ["-c", place.branch, "--no-track", "--end-of-options", start]
    try:
        with open_registered(place.common_dir, replace(made, mark=None), git) as opened:
            try:
                await opened.git.run("switch", "--quiet", *arguments, time_limit=LONG_LIMIT)
            except GitFailed as error:
                # The branch is HEAD's when all files are written; after that only a hook can fail.
                if error.signal is not None or await opened.git.line("symbolic-ref", "--quiet", "HEAD") != place.ref:
                    raise
                healed.append(hook_failed(place.path, error))
    except GitFailed as error:
        message = f"git could not bring the prepared worktree {place.path} to {place.branch}: {in_words(error)}"
        raise GitRefused("worktree_failed", message) from error
    hit("git.worktree_added")


async def _resume_taking(
    git: Git, place: Place, ours: Registration | None, request: EnsureWorktree, healed: list[str]
) -> None:
    """Finish handing out a prepared worktree that a crash interrupted; nobody has worked in it yet."""
    if ours is None or ours.ready or not ours.pooled or not has_git_file(place.path):
        return
    # It may have been moved without git having noted that.
    await git.run("worktree", "repair", "--end-of-options", place.path)
    with open_registered(place.common_dir, replace(ours, path=place.path, mark=None), git) as opened:
        is_detached = await opened.git.line("symbolic-ref", "--quiet", "HEAD") is None
        for name in ("index.lock", "HEAD.lock") if is_detached else ():
            unlink(os.path.join(opened.git_dir, name))
    if is_detached:
        await _switch(git, place, replace(ours, path=place.path), request, healed)
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
    git: Git, place: Place, path: str, request: EnsureWorktree, healed: list[str], *, created: bool
) -> Worktree:
    """Look whether it is what it should be, and remember it as ready, with what it is known by from now on."""
    known = _expected(place, path, request)
    with open_registered(place.common_dir, replace(known, mark=None) if created else known, git) as opened:
        tip = await tip_of(git, place.ref)
        head = await tip_of(opened.git, "HEAD")
        mark = opened.registration.mark
    if tip is None or head is None:
        message = f"{place.branch} has no commit in {path}; restore the branch"
        raise GitRefused("worktree_failed", message)
    begun_at = request.begun_at or known.base or None
    if begun_at is None and request.base is not None:
        begun_at = await git.line("merge-base", "--end-of-options", BRANCHES + request.base, tip)
    ready = replace(known, ready=True, pooled=False, base=begun_at or tip, owner=request.owner, mark=mark)
    write_registration(place.common_dir, ready)
    return Worktree(
        path=path,
        branch=place.branch,
        base=ready.base,
        head=head,
        created=created,
        healed=tuple(healed),
        instance=ready.instance,
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
        content = read_plain(os.path.join(git_dir, name, "head-name"))
        if content is not None:
            return os.fsdecode(content).strip()
    return None
