"""Publishes a prepared merge: the branch by compare-and-swap, then every checkout of it."""

from typing import Final

import trio

from compas.failpoints import hit
from compas.git.command import Git
from compas.git.errors import GitError, GitRefused, GitTimedOut
from compas.git.locks import hold
from compas.git.merge.checkouts import checkouts_of, follow, obstacle
from compas.git.merge.recover import complete_checkouts, stale
from compas.git.merge.report import refused_by
from compas.git.naming import BRANCHES, checked_id, lock_of_target
from compas.git.nested.pointers import submodules_behind
from compas.git.protocol.merging import (
    Prepared,
    Published,
    PublishMerge,
    PublishResult,
    Refused,
    StaleCheckout,
    TargetMoved,
)
from compas.git.repository import Listed, has_commit, is_ancestor, tip_of, whereabouts

PUBLICATION: Final = 900.0
"""Seconds after which even a publication may be cancelled: something in it hangs."""


async def publish_merge(request: PublishMerge) -> PublishResult:
    """Move the target and its checkouts, or change nothing and say why. A repeat finds it published already.

    Once it has begun to write it cannot be cancelled half way. Any other error than a Refused leaves open whether it
    took effect: `finish_merge` tells.
    """
    prepared = request.prepared
    try:
        checked_id("merge operation", request.op)
        anchor, common_dir = await whereabouts(Git(request.repo))
        async with hold(anchor, common_dir, lock_of_target(prepared.target)) as git:
            found = await _look(git, prepared)
            if found is not None:
                return found
            with trio.CancelScope(shield=True, deadline=trio.current_time() + PUBLICATION):
                return await _swap(git, request.op, prepared)
    except GitRefused as refusal:
        return refused_by(refusal)
    raise GitTimedOut(f"publication of {request.op}", PUBLICATION)


async def _look(git: Git, prepared: Prepared) -> PublishResult | None:
    """Say why the branch is not to be moved, or that it has been already; None when it can be."""
    target, old, new = prepared.target, prepared.target_old, prepared.new
    tip = await tip_of(git, BRANCHES + target)
    if tip is not None and await has_commit(git, new) and await is_ancestor(git, new, tip):
        followed, left = await complete_checkouts(git, target, old, tip) if new != old else ((), ())
        behind = await submodules_behind(git, old, new, followed)
        return Published(new=new, followed=followed, stale=left, behind=behind)
    if tip != old:
        return TargetMoved(target=target, expected=old, found=tip)
    if not await is_ancestor(git, old, new):
        message = f"{new} does not contain {old}, the tip of {target}: publishing it would drop commits; prepare again"
        raise GitRefused("not_a_descendant", message)
    return await obstacle(git, target, old, new)


async def _swap(git: Git, op: str, prepared: Prepared) -> PublishResult:
    target, old, new = prepared.target, prepared.target_old, prepared.new
    refused = await _move(git, target, new, old, f"compas: merge {op}: {prepared.source} into {target}")
    tip = new if refused is None else await tip_of(git, BRANCHES + target)
    if refused is not None and tip == old:
        return Refused(code="ref_refused", sentence=f"git did not move {target}: {refused}", output=refused)
    if tip != new:
        return TargetMoved(target=target, expected=old, found=tip)
    hit("git.ref_published")
    followed: list[str] = []
    # Read anew: somebody may have switched to the target since it was checked.
    for checkout in await checkouts_of(git, target):
        words = await _follow(git, checkout, old, new)
        if isinstance(words, StaleCheckout):
            return Published(new=new, followed=tuple(followed), stale=(words,))
        if words is not None:
            return await _take_back(git, op, prepared, followed, StaleCheckout(worktree=checkout.path, reason=words))
        followed.append(checkout.path)
    hit("git.checkout_followed")
    return Published(new=new, followed=tuple(followed), behind=await submodules_behind(git, old, new, followed))


async def _follow(git: Git, checkout: Listed, old: str, new: str) -> str | StaleCheckout | None:
    """Move one checkout along; a str is why it was not touched, a StaleCheckout one left in the middle of it."""
    if not checkout.present:
        return "its directory is not there"
    try:
        return await follow(git, checkout.path, old, new)
    except GitError as error:  # what it has written by then, only `finish_merge` can tell
        return stale(checkout.path, old, new, str(error))


async def _move(git: Git, target: str, to: str, expected: str, about: str) -> str | None:
    """Swap the branch's tip if it is the expected one; return git's words where it, or a hook, would not or hung."""
    command = ("update-ref", "--create-reflog", "-m", about, "--end-of-options", BRANCHES + target, to, expected)
    try:
        output = await git.run(*command, good=range(-64, 256))
    except GitTimedOut as error:
        return str(error)
    return (output.words or f"it ended with {output.code}") if output.code else None


async def _take_back(
    git: Git, op: str, prepared: Prepared, followed: list[str], failed: StaleCheckout
) -> PublishResult:
    """Undo a publication whose checkout somebody changed between the check and now (design §6 rule 6).

    Where a commit already stands on it, it stays, and the checkout is named as stale.
    """
    target, old, new = prepared.target, prepared.target_old, prepared.new
    if await _move(git, target, old, new, f"compas: undo merge {op}") is not None:
        left = (stale(failed.worktree, old, new, failed.reason),)
        return Published(new=new, followed=tuple(followed), stale=left)
    sentence = f"{failed.worktree} was changed while the merge was published, so it was undone; try again"
    for path in followed:
        left_there = await _follow_back(git, path, new, old)
        if left_there is not None:
            sentence += f". {left_there}"
    return Refused(code="checkout_changed", sentence=sentence, worktree=failed.worktree, output=failed.reason)


async def _follow_back(git: Git, path: str, new: str, old: str) -> str | None:
    """Bring a checkout back to what its branch is again; return, for people, what keeps it where it is."""
    try:
        reason = await follow(git, path, new, old)
    except GitError as error:
        reason = str(error)
    if reason is None:
        return None
    return (
        f"{path} still shows the merge that was undone ({reason}); move what is in the way elsewhere, then run "
        f"`git read-tree -u -m {new} {old}` there"
    )
