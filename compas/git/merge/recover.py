"""After a crash: says whether a merge was published, and completes the checkouts that had not followed."""

import os
import stat
from typing import Final

from compas.git.command import LONG_LIMIT, Git, shown
from compas.git.directories import lexists
from compas.git.errors import GitRefused
from compas.git.locks import hold
from compas.git.merge.checkouts import checkouts_of, follow_there, is_locked, obstacle_in
from compas.git.merge.temporary_checkout import lock_of, remove_merge_checkout
from compas.git.naming import BRANCHES, lock_of_target, merge_directory
from compas.git.nested.pointers import submodules_behind
from compas.git.open_checkout import git_dir_of, open_checkout
from compas.git.protocol.merging import Cleared, ClearMerge, Finished, FinishMerge, StaleCheckout, SubmodulesBehind
from compas.git.repository import Listed, has_commit, is_ancestor, tip_of, whereabouts

GONE: Final = b"000000"
_NAMES: Final = ("--no-renames", "--name-only", "-z", "--end-of-options")


async def finish_merge(request: FinishMerge) -> Finished:
    """Compare a logged merge with the repository: published or not, and everything of it completed or cleaned.

    Asking again changes nothing more. Raises GitRefused `not_a_repository`, `bad_id`.
    """
    anchor, common_dir = await whereabouts(Git(request.repo))
    cleaned = await _clear(anchor, common_dir, request.op)
    async with hold(anchor, common_dir, lock_of_target(request.target)) as git:
        tip = await tip_of(git, BRANCHES + request.target)
        known = await has_commit(git, request.new)
        published = tip is not None and known and await is_ancestor(git, request.new, tip)
        followed: tuple[str, ...] = ()
        left: tuple[StaleCheckout, ...] = ()
        behind: tuple[SubmodulesBehind, ...] = ()
        if published and tip is not None and request.new != request.target_old:
            followed, left = await complete_checkouts(git, request.target, request.target_old, tip)
            moved = [one.path for one in await checkouts_of(git, request.target) if one.present]
            behind = await submodules_behind(git, request.target_old, request.new, moved)
    return Finished(published=published, tip=tip, followed=followed, stale=left, cleaned=cleaned, behind=behind)


async def clear_merge(request: ClearMerge) -> Cleared:
    """Remove an operation's temporary checkout, once whoever still works in it has ended. Raises as `finish_merge`."""
    anchor, common_dir = await whereabouts(Git(request.repo))
    return Cleared(cleaned=await _clear(anchor, common_dir, request.op))


async def _clear(anchor: Git, common_dir: str, op: str) -> tuple[str, ...]:
    path = merge_directory(common_dir, op)
    async with hold(anchor, common_dir, lock_of(path)) as git:
        return (path,) if await remove_merge_checkout(git, path) else ()


async def complete_checkouts(
    git: Git, target: str, old: str, tip: str
) -> tuple[tuple[str, ...], tuple[StaleCheckout, ...]]:
    """Move along every checkout of the target whose index is still at `old`; return those moved and those left."""
    followed, left = [], []
    for checkout in await checkouts_of(git, target):
        if not checkout.present:
            left.append(stale(checkout.path, old, tip, "its directory is not there"))
            continue
        try:
            async with open_checkout(git, checkout.path) as there:
                if is_locked(git_dir_of(there)):
                    left.append(stale(checkout.path, old, tip, "an index.lock is there: git is at work, or was killed"))
                elif await _is_behind(there, old, tip):
                    reason = await _complete(there, checkout, target, old, tip)
                    if reason is None:
                        followed.append(checkout.path)
                    else:
                        left.append(stale(checkout.path, old, tip, reason))
        except GitRefused as refused:
            left.append(stale(checkout.path, old, tip, refused.message))
    return tuple(followed), tuple(left)


async def _complete(git: Git, checkout: Listed, target: str, old: str, tip: str) -> str | None:
    await _accept_written(git, old, tip)
    refusal = await obstacle_in(git, checkout, target, old, tip)
    if refusal is not None:
        return refusal.sentence
    return await follow_there(git, old, tip)


def stale(worktree: str, old: str, new: str, reason: str) -> StaleCheckout:
    """Describe a checkout that shows its branch as it was before a merge, with what to do."""
    advice = (
        f"commit nothing there, or it undoes the merge; move what is in the way elsewhere, then run "
        f"`git read-tree -u -m {old} {new}` there"
    )
    return StaleCheckout(worktree=worktree, reason=f"{reason}; {advice}")


async def _is_behind(git: Git, old: str, tip: str) -> bool:
    """Say whether the index still has the old version of everything that changed, whatever else is staged."""
    changed = await _names(git, "diff-tree", "-r", *_NAMES, old, tip)
    return bool(changed) and not changed & await _names(git, "diff-index", "--cached", *_NAMES, old)


async def _names(git: Git, *command: str) -> set[bytes]:
    output = await git.run(*command, "--")
    return {name for name in output.stdout.split(b"\0") if name}


async def _accept_written(git: Git, old: str, tip: str) -> None:
    """Enter into the index what a killed git had already written into the checkout, exactly as the merge has it.

    git writes the files first and the index last; without this it would take its own files for somebody's changes.
    """
    top, there = git.directory, git
    raw = await there.run(
        "diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", "--end-of-options", old, tip, "--"
    )
    touched = await _names(there, "diff-files", *_NAMES)
    fields = raw.stdout.split(b"\0")
    entries = []
    for about, name in zip(fields[::2], fields[1::2], strict=False):
        was, mode, _, blob, _ = about.split(b" ")
        if name not in touched and was != b":" + GONE:
            continue
        if await _is_written(there, top, name, mode, shown(blob)):
            entries.append(b"%b %b\t%b" % (b"0" if mode == GONE else mode, blob, name))
    if entries:
        await there.run("update-index", "-z", "--index-info", stdin=b"\0".join(entries) + b"\0", time_limit=LONG_LIMIT)


async def _is_written(git: Git, top: str, name: bytes, mode: bytes, blob: str) -> bool:
    path = os.path.join(os.fsencode(top), name)
    if mode == GONE:
        return not lexists(path)
    if not lexists(path) or _mode(path) != mode:
        return False
    if mode == b"120000":
        hashed = await git.run("hash-object", "--stdin", stdin=_link(path)) if _link(path) else None
        return hashed is not None and shown(hashed.stdout).strip() == blob
    return await git.text("hash-object", "--", os.fsdecode(name)) == blob


def _mode(path: bytes) -> bytes:
    mode = os.lstat(path).st_mode
    if stat.S_ISLNK(mode):
        return b"120000"
    return (b"100755" if mode & 0o100 else b"100644") if stat.S_ISREG(mode) else b"040000"


def _link(path: bytes) -> bytes:
    return os.readlink(path)
