"""Publishes a prepared merge: the branch by compare-and-swap, then every checkout of it."""

from typing import Final

import trio

from compas.failpoints import hit
from compas.git.checkouts import checkouts_of, follow, obstacle
from compas.git.command import Git
from compas.git.errors import GitRefused
from compas.git.locks import hold
from compas.git.merge_recover import complete_checkouts, stale
from compas.git.messages import (
    Prepared,
    Published,
    PublishMerge,
    PublishResult,
    Refused,
    StaleCheckout,
    TargetMoved,
)
from compas.git.naming import BRANCHES, checked_id, lock_of_target
from compas.git.repository import is_ancestor, repository_at, tip_of

PUBLICATION: Final = 900.0
"""Seconds after which even a publication may be cancelled: something in it hangs."""


async def publish_merge(request: PublishMerge) -> PublishResult:
    """Move the target and its checkouts, or change nothing and say why. A repeat finds it published already.

    Once it has begun to write it cannot be cancelled half way.
    """
    try:
        checked_id("merge operation", request.op)
        here = await repository_at(Git(request.repo))
        anchor = Git(here.main or here.common_dir)
        async with hold(anchor, here.common_dir, lock_of_target(request.prepared.target)) as git:
            return await _publish(git, request.op, request.prepared)
    except GitRefused as refusal:
        return Refused(code=refusal.code, sentence=refusal.message)


async def _publish(git: Git, op: str, prepared: Prepared) -> PublishResult:
    target, old, new = prepared.target, prepared.target_old, prepared.new
    tip = await tip_of(git, BRANCHES + target)
    if tip is not None and await tip_of(git, new) is not None and await is_ancestor(git, new, tip):
        followed, left = await complete_checkouts(git, target, old, tip) if new != old else ((), ())
        return Published(new=new, followed=followed, stale=left)
    if tip != old:
        return TargetMoved(target=target, expected=old, found=tip)
    if not await is_ancestor(git, old, new):
        message = f"{new} does not contain {old}, the tip of {target}: publishing it would drop commits; prepare again"
        raise GitRefused("not_a_descendant", message)
    refusal = await obstacle(git, target, old, new)
    if refusal is not None:
        return refusal
    with trio.CancelScope(shield=True, deadline=trio.current_time() + PUBLICATION):
        return await _swap(git, op, prepared)
    raise GitRefused(
        "publication_hangs", f"moving {target} did not end within {PUBLICATION:g} s; look what git does"
    )


async def _swap(git: Git, op: str, prepared: Prepared) -> PublishResult:
    target, old, new = prepared.target, prepared.target_old, prepared.new
    about = f"compas: merge {op}: {prepared.source} into {target}"
    moved = await _move(git, target, new, old, about)
    if moved is not None:
        tip = await tip_of(git, BRANCHES + target)
        if tip != old:
            return TargetMoved(target=target, expected=old, found=tip)
        sentence = f"git did not move {target}: {moved}"
        return Refused(code="ref_refused", sentence=sentence, output=moved)
    hit("git.ref_published")
    followed: list[str] = []
    # Read anew: somebody may have switched to the target since it was checked.
    for checkout in await checkouts_of(git, target):
        words = (
            await follow(git, checkout.path, old, new) if checkout.present else "its directory is not there"
        )
        if words is None:
            followed.append(checkout.path)
        else:
            return await _take_back(
                git, op, prepared, followed, StaleCheckout(worktree=checkout.path, reason=words)
            )
    hit("git.checkout_followed")
    return Published(new=new, followed=tuple(followed))


async def _move(git: Git, target: str, to: str, expected: str, about: str) -> str | None:
    """Swap the branch's tip if it is the expected one; return git's words where it is not, or a hook refused."""
    command = ("update-ref", "--create-reflog", "-m", about, BRANCHES + target, to, expected)
    output = await git.run(*command, good=range(-64, 256))
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
    for path in followed:
        await follow(git, path, new, old)
    sentence = f"{failed.worktree} was changed while the merge was published, so it was undone; try again"
    return Refused(code="checkout_changed", sentence=sentence, worktree=failed.worktree, output=failed.reason)
