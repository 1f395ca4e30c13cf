"""Removes a thread's worktree and branch as far as nothing is lost by it (design §6 rule 4)."""

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from compas.failpoints import hit
from compas.git.command import LONG_LIMIT, Git, shown
from compas.git.directories import lexists, same_place, vacate
from compas.git.errors import GitFailed, GitRefused
from compas.git.in_progress import operation_in
from compas.git.locks import hold
from compas.git.naming import BRANCHES, SNAPSHOTS, base_ref, snapshot_ref, thread_branch, worktree_root
from compas.git.nested.borrowed import what_keeps_submodules
from compas.git.protocol.reading import Entry, Repository
from compas.git.protocol.worktrees import Removed, RemoveWorktree
from compas.git.repository import Listed, has_commit, is_ancestor, repository_at, tip_of, worktrees
from compas.git.status import read_entries
from compas.git.work.archive import archive_commit
from compas.git.work.snapshot import create_ref, snapshot_at, tree_of, tree_of_checkout
from compas.git.worktree.laid import forget_laid, read_laid
from compas.git.worktree.open import Opened, is_standing, open_registered
from compas.git.worktree.owner import check_owner
from compas.git.worktree.registration import Registration, forget_registration, read_registration
from compas.git.worktree.stale_locks import users_of

IGNORED_NAMED: Final = 50

Fate = Literal["deleted", "archived", "absent", "kept"]


@dataclass(frozen=True, slots=True)
class Cleared:
    """What became of a worktree."""

    outcome: Literal["removed", "absent", "kept", "removable"]
    path: str | None = None
    snapshot: str | None = None
    ignored: tuple[str, ...] = ()
    reason: str | None = None


async def remove_worktree(request: RemoveWorktree) -> Removed:
    """Remove what nothing is lost by; say what was kept and why. A repeat finds nothing more to do.

    Force is the operator's word for this one thread: a dirty worktree is snapshotted, then removed. Without it a dirty
    one goes only where a snapshot holds exactly its content. A branch that its target does not contain is archived.
    Raises GitRefused `bad_id`, `not_a_repository`, `worktree_of_another`, `branch_kept`.
    """
    branch = thread_branch(request.thread)
    here = await repository_at(Git(request.repo))
    root = worktree_root(here.common_dir, here.main, request.location)
    anchor = Git(here.main or here.common_dir)
    async with hold(anchor, here.common_dir, f"worktree-{request.thread}") as git:
        registered = read_registration(here.common_dir, request.thread)
        if registered is not None:
            check_owner(registered, request.owner)
        expected = registered.path if registered else os.path.join(root, request.thread)
        item = next((one for one in await worktrees(git) if same_place(one.path, expected)), None)
        job = _Job(git, here, branch, registered, request)
        cleared = await _clear(job, item, expected)
        tip = await tip_of(git, BRANCHES + branch)
        fate: Fate = "kept"
        archive = None
        if cleared.outcome != "kept" and not request.dry_run:
            elsewhere = [one.path for one in await worktrees(git) if one.branch == BRANCHES + branch]
            if elsewhere:
                cleared = replace(cleared, reason=f"{branch} stays: it is checked out in {elsewhere[0]}")
            else:
                fate, archive = await _retire(git, branch, tip, request)
                forget_registration(here.common_dir, request.thread)
                forget_laid(here.common_dir, request.thread)
    return Removed(
        worktree=cleared.outcome,
        branch=fate,
        path=cleared.path,
        tip=tip,
        archive=archive,
        snapshot=cleared.snapshot,
        ignored=cleared.ignored,
        reason=cleared.reason,
    )


@dataclass(frozen=True, slots=True)
class _Job:
    """One removal: git at the repository, what is registered of the worktree, and what was asked."""

    git: Git
    here: Repository
    branch: str
    registered: Registration | None
    request: RemoveWorktree


async def _clear(job: _Job, item: Listed | None, expected: str) -> Cleared:
    """Remove a worktree, or say why it stays. What stands in its place is opened through the door, or not at all."""
    try:
        is_there = is_standing(job.here.common_dir, job.registered)
    except GitRefused as refused:
        return Cleared("kept", expected, reason=refused.message)
    if item is None and is_there:
        return Cleared("kept", expected, reason=f"git knows no worktree at {expected}; look at what is there")
    if item is None:
        return Cleared("absent")
    if item.locked is not None:
        return Cleared("kept", item.path, reason=f"{item.path} is locked ({item.locked or 'no reason given'})")
    if not lexists(os.path.join(item.path, ".git")):
        if not vacate(item.path):
            return Cleared("kept", item.path, reason=f"{item.path} has lost its .git file but holds other files")
        return await _take_away(job, item, Cleared("absent", item.path))
    known = job.registered or Registration(thread=job.request.thread, path=item.path, ready=True)
    try:
        with open_registered(job.here.common_dir, known, job.git) as opened:
            cleared = await _clear_opened(job, item, opened)
    except GitRefused as refused:
        return Cleared("kept", item.path, reason=refused.message)
    return await _take_away(job, item, cleared) if cleared.outcome == "removed" else cleared


async def _clear_opened(job: _Job, item: Listed, opened: Opened) -> Cleared:
    """Bring to safety what would be lost; `removed` says that the worktree may go now."""
    request, there = job.request, opened.git
    reason = _unsafe(job, item, opened)
    snapshot = None
    entries = await read_entries(there, _laid(opened)) if reason is None else []
    if entries and request.clean_only and not request.force:
        reason = f"{item.path} has uncommitted changes ({_named(entries)})"
    elif entries and not (request.force and request.dry_run):
        snapshot, reason = await _saved(opened, request)
    if reason is None:
        reason = await what_keeps_submodules(job.here.main, opened, force=request.force, dry_run=request.dry_run)
    if reason is not None:
        return Cleared("kept", item.path, reason=reason)
    if request.dry_run:
        return Cleared("removable", item.path)
    registered = job.registered
    has_own_commits = registered is None or item.head != registered.reading
    if item.branch != BRANCHES + job.branch and item.head is not None and has_own_commits:
        # Commits made off the branch would be reachable from nowhere once HEAD is gone.
        await archive_commit(job.git, f"{job.branch}-head", item.head)
    ignored = await there.run("ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z")
    names = [shown(name) for name in ignored.stdout.split(b"\0") if name][:IGNORED_NAMED]
    return Cleared("removed", item.path, snapshot, tuple(names))


def _laid(opened: Opened) -> frozenset[bytes]:
    return read_laid(opened.common_dir, opened.registration.thread).paths


def _named(entries: Sequence[Entry]) -> str:
    return f"{len(entries)}: {', '.join(entry.path for entry in entries[:10])}"


def _unsafe(job: _Job, item: Listed, opened: Opened) -> str | None:
    """Say why a worktree must not go, whatever snapshots there are; force overrules all but running processes."""
    users = users_of((item.path,))
    if users:
        return f"processes work in {item.path} ({', '.join(map(str, users))}); end them first"
    if job.request.force:
        return None
    operation = operation_in(opened.git_dir)
    if operation is not None:
        return f"{item.path} is in the middle of a {operation}"
    is_for_reading = job.registered is not None and job.registered.reading and item.branch is None
    if item.branch != BRANCHES + job.branch and not is_for_reading:
        on = (item.branch or f"commit {item.head}").removeprefix(BRANCHES)
        return f"{item.path} stands on {on}, not on {job.branch}"
    return None


async def _saved(opened: Opened, request: RemoveWorktree) -> tuple[str | None, str | None]:
    """Return the snapshot that holds a dirty worktree's content, or why there is none.

    Only snapshots of the log count: a ref says nothing, because the agent could have made it.
    """
    git = opened.git
    tree, left_out = await tree_of_checkout(opened)
    if left_out and not request.force:
        return None, f"{git.directory} holds what no snapshot can: {left_out}"
    for execution, commit in request.snapshots.items():
        if await has_commit(git, commit) and await tree_of(git, commit) == tree:
            if await tip_of(git, snapshot_ref(execution)) != commit:
                await create_ref(git, f"{SNAPSHOTS}kept-{commit}", commit)
            return commit, None
    if not request.force:
        named = _named(await read_entries(git, _laid(opened)))
        return None, f"{git.directory} has uncommitted changes that no snapshot holds ({named})"
    ref = f"{SNAPSHOTS}removed-{request.thread}-{secrets.token_hex(6)}"
    recorded_now = await snapshot_at(opened, ref, f"Before the worktree of {request.thread} was removed")
    return recorded_now.commit, None


async def _take_away(job: _Job, item: Listed, cleared: Cleared) -> Cleared:
    """Let git remove it; what git refuses is kept, and never deleted behind its back."""
    if job.request.dry_run:
        return cleared
    try:
        await job.git.run("worktree", "remove", "--force", "--end-of-options", item.path, time_limit=LONG_LIMIT)
    except GitFailed as error:
        return Cleared("kept", item.path, cleared.snapshot, reason=f"git did not remove {item.path}: {error.output}")
    hit("git.worktree_removed")
    return cleared


async def _retire(git: Git, branch: str, tip: str | None, request: RemoveWorktree) -> tuple[Fate, str | None]:
    """Delete the branch if its target contains it, else once its tip is kept under an archive ref."""
    if tip is None:
        return "absent", None
    target_tip = await tip_of(git, BRANCHES + request.target) if request.target else None
    contained = target_tip is not None and await is_ancestor(git, tip, target_tip)
    archive = None if contained else await archive_commit(git, branch, tip)
    lines = [f"delete {BRANCHES}{branch} {tip}"]
    if await tip_of(git, base_ref(request.thread)) is not None:
        lines.append(f"delete {base_ref(request.thread)}")
    try:
        await git.run("update-ref", "--stdin", stdin="".join(f"option no-deref\n{line}\n" for line in lines).encode())
    except GitFailed as error:
        raise GitRefused("branch_kept", f"{branch} could not be retired: {error.output}") from error
    await git.run("config", "--local", "--remove-section", "--end-of-options", f"branch.{branch}", good=(0, 1, 128))
    return ("deleted", None) if archive is None else ("archived", archive)
