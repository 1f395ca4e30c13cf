"""Removes a thread's worktree and branch as far as nothing is lost by it (design §6 rule 4)."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from compas.failpoints import hit
from compas.git.command import LONG_LIMIT, Git, shown
from compas.git.directories import same_place, vacate
from compas.git.errors import GitFailed, GitRefused
from compas.git.locks import hold
from compas.git.messages import Entry, Removed, RemoveWorktree
from compas.git.naming import BRANCHES, SNAPSHOTS, archive_ref, base_ref, thread_branch, worktree_root
from compas.git.registration import Registration, forget_registration, read_registration
from compas.git.repository import Listed, is_ancestor, path_of, repository_at, tip_of, worktrees
from compas.git.snapshot import snapshot_at, tree_of_checkout
from compas.git.stale_locks import users_of
from compas.git.status import operation_in, read_entries
from compas.git.submodule_work import dirty_submodules, keep_submodules

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
    Raises GitRefused `bad_id`, `not_a_repository`.
    """
    branch = thread_branch(request.thread)
    here = await repository_at(Git(request.repo))
    root = worktree_root(here.common_dir, here.main, request.location)
    anchor = Git(here.main or here.common_dir)
    async with hold(anchor, here.common_dir, f"worktree-{request.thread}") as git:
        registered = read_registration(here.common_dir, request.thread)
        expected = registered.path if registered else os.path.join(root, request.thread)
        listed = await worktrees(git)
        ours = [item for item in listed if same_place(item.path, expected)]
        cleared = await _clear(git, ours[0], branch, request) if ours else Cleared("absent")
        tip = await tip_of(git, BRANCHES + branch)
        fate: Fate = "kept"
        archive = None
        if cleared.outcome != "kept" and not request.dry_run:
            elsewhere = [item.path for item in await worktrees(git) if item.branch == BRANCHES + branch]
            if elsewhere:
                cleared = replace(cleared, reason=f"{branch} stays: it is checked out in {elsewhere[0]}")
            else:
                fate, archive = await _retire(git, branch, tip, request)
                forget_registration(here.common_dir, request.thread)
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


async def _clear(git: Git, item: Listed, branch: str, request: RemoveWorktree) -> Cleared:
    if item.locked is not None:
        return Cleared("kept", item.path, reason=f"{item.path} is locked ({item.locked or 'no reason given'})")
    if not item.present:
        if not vacate(item.path):
            return Cleared("kept", item.path, reason=f"{item.path} has lost its .git file but holds other files")
        return await _take_away(git, item, Cleared("absent", item.path), request)
    there = git.at(item.path)
    registered = read_registration(await path_of(there, "--git-common-dir"), request.thread)
    reason = await _unsafe(there, item, branch, registered, force=request.force)
    snapshot = None
    entries = await read_entries(there) if reason is None else []
    if entries and request.clean_only and not request.force:
        reason = f"{item.path} has uncommitted changes ({_named(entries)})"
    elif entries and not (request.force and request.dry_run):
        snapshot, reason = await _saved(there, request)
    if reason is None and not request.force:
        dirty = await dirty_submodules(there)
        reason = f"its submodules have changes that no snapshot can hold: {', '.join(dirty)}" if dirty else None
    if reason is None and not request.dry_run:
        main = next((git.at(one.path) for one in await worktrees(git) if one.main and not one.bare), None)
        reason = await keep_submodules(main, there, await path_of(there, "--git-common-dir"), request.thread)
    if reason is not None:
        return Cleared("kept", item.path, reason=reason)
    if request.dry_run:
        return Cleared("removable", item.path)
    has_own_commits = registered is None or item.head != registered.reading
    if item.branch != BRANCHES + branch and item.head is not None and has_own_commits:
        # Commits made off the branch would be reachable from nowhere once HEAD is gone.
        await git.run("update-ref", "--end-of-options", archive_ref(f"{branch}-head", item.head), item.head)
    ignored = await there.run("ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z")
    names = [shown(name) for name in ignored.stdout.split(b"\0") if name][:IGNORED_NAMED]
    return await _take_away(git, item, Cleared("removed", item.path, snapshot, tuple(names)), request)


def _named(entries: Sequence[Entry]) -> str:
    return f"{len(entries)}: {', '.join(entry.path for entry in entries[:10])}"


async def _unsafe(git: Git, item: Listed, branch: str, registered: Registration | None, *, force: bool) -> str | None:
    """Say why a worktree must not go, whatever snapshots there are; force overrules all but running processes."""
    git_dir = await path_of(git, "--git-dir")
    users = users_of((item.path,))
    if users:
        return f"processes work in {item.path} ({', '.join(map(str, users))}); end them first"
    if force:
        return None
    operation = operation_in(git_dir)
    if operation is not None:
        return f"{item.path} is in the middle of a {operation}"
    is_for_reading = registered is not None and registered.reading and item.branch is None
    if item.branch != BRANCHES + branch and not is_for_reading:
        on = (item.branch or f"commit {item.head}").removeprefix(BRANCHES)
        return f"{item.path} stands on {on}, not on {branch}"
    return None


async def _saved(git: Git, request: RemoveWorktree) -> tuple[str | None, str | None]:
    """Return the snapshot that holds a dirty worktree's content, or why there is none."""
    tree, left_out = await tree_of_checkout(git)
    if left_out and not request.force:
        return None, f"{git.directory} holds what no snapshot can: {left_out}"
    listed = await git.text("for-each-ref", "--format=%(tree) %(refname)", SNAPSHOTS)
    for line in listed.split("\n"):
        recorded, _, ref = line.partition(" ")
        if recorded == tree:
            return await tip_of(git, ref), None
    if not request.force:
        named = _named(await read_entries(git))
        return None, f"{git.directory} has uncommitted changes that no snapshot holds ({named})"
    ref = f"{SNAPSHOTS}removed-{request.thread}-{tree[:12]}"
    recorded_now = await snapshot_at(git, ref, f"Before the worktree of {request.thread} was removed")
    return recorded_now.commit, None


async def _take_away(git: Git, item: Listed, cleared: Cleared, request: RemoveWorktree) -> Cleared:
    """Let git remove it; what git refuses is kept, and never deleted behind its back (reference b W-1)."""
    if request.dry_run:
        return cleared
    try:
        await git.run("worktree", "remove", "--force", "--end-of-options", item.path, time_limit=LONG_LIMIT)
    except GitFailed as error:
        return Cleared("kept", item.path, cleared.snapshot, reason=f"git did not remove {item.path}: {error.output}")
    hit("git.worktree_removed")
    return cleared


async def _retire(git: Git, branch: str, tip: str | None, request: RemoveWorktree) -> tuple[Fate, str | None]:
    """Delete the branch if its target contains it, else keep its tip under an archive ref; in one transaction."""
    if tip is None:
        return "absent", None
    target_tip = await tip_of(git, BRANCHES + request.target) if request.target else None
    contained = target_tip is not None and await is_ancestor(git, tip, target_tip)
    archive = None if contained else archive_ref(branch, tip)
    lines = [f"delete {BRANCHES}{branch} {tip}"]
    if archive is not None:
        lines.insert(0, f"update {archive} {tip}")
    if await tip_of(git, base_ref(request.thread)) is not None:
        lines.append(f"delete {base_ref(request.thread)}")
    try:
        await git.run("update-ref", "--stdin", stdin="".join(f"{line}\n" for line in lines).encode())
    except GitFailed as error:
        raise GitRefused("branch_kept", f"{branch} could not be retired: {error.output}") from error
    await git.run("config", "--local", "--remove-section", "--end-of-options", f"branch.{branch}", good=(0, 1, 128))
    return ("deleted", None) if archive is None else ("archived", archive)
