"""Folds what is known of merges: the supervisor's list, and the events that follow it. Pure."""

from collections.abc import Mapping

import msgspec

from compas.api.merges import MergeState
from compas.dashboard.board import Merge, MergeStatus
from compas.domain import events as e

KEPT_MERGES = 200
"""More than these of the oldest are forgotten: a dashboard stays open for weeks."""

_WORDS: Mapping[str, MergeStatus] = {
    "queued": "queued",
    "executing": "merging",
    "publishing": "merging",
    "completed": "merged",
    "failed": "merge failed",
    "cancelled": "cancelled",
}


def known_merges(found: tuple[MergeState, ...]) -> dict[str, Merge]:
    """Return the supervisor's merges by their names, the newest last."""
    return {one.op_id: _merge(one) for one in reversed(found) if one.status in _WORDS}


def _merge(one: MergeState) -> Merge:
    return Merge(
        op=one.op_id,
        thread=one.thread_id,
        source=one.source_branch,
        target=one.target_branch,
        status=_WORDS[one.status],
        queued_at=one.queued_at,
        started_at=one.started_at,
        ended_at=one.finished_at,
        reason=one.error_detail or one.result_summary or "",
        repository=one.repository,
        strategy=one.strategy,
        by=one.requested_by,
        review=one.review,
        forced=one.forced,
        commit=one.commit or "",
        conflicts=len(one.conflicts),
        handed_back_to=one.handed_back_to or "",
    )


def take_merge(merges: Mapping[str, Merge], event: e.Event, at: float) -> Mapping[str, Merge]:
    """Return the merges after an event, which may be of none of them."""
    moved = _moved(merges.get(getattr(event, "op", "")), event, at)
    if moved is None:
        return merges
    rest = {op: merge for op, merge in merges.items() if op != moved.op}
    return dict([*rest.items(), (moved.op, moved)][-KEPT_MERGES:])


def _moved(merge: Merge | None, event: e.Event, at: float) -> Merge | None:
    """Return a merge after an event of it; None when the event is of none, or of one whose beginning was not seen."""
    if isinstance(event, e.MergeQueued):
        return merge or _queued(event, at)
    if merge is None:
        return None
    replace = msgspec.structs.replace
    if isinstance(event, e.MergeHandedBack):
        return replace(merge, handed_back_to=event.agent)
    if not merge.is_open:
        return None
    match event:
        case e.MergeStarted():
            return replace(merge, status="merging", started_at=at)
        case e.MergeCompleted(summary=summary, new_commit=commit):
            return replace(merge, status="merged", ended_at=at, reason=summary, commit=commit)
        case e.MergeFailed(reason=reason, conflicts=conflicts):
            return replace(merge, status="merge failed", ended_at=at, reason=reason, conflicts=len(conflicts))
        case e.MergeCancelled(reason=reason):
            return replace(merge, status="cancelled", ended_at=at, reason=reason)
        case _:
            return None


def _queued(event: e.MergeQueued, at: float) -> Merge:
    return Merge(
        op=event.op,
        thread=event.thread,
        source=event.source,
        target=event.target,
        status="queued",
        queued_at=at,
        repository=event.repository,
        strategy=event.strategy,
        by=event.requested_by,
        review=event.review,
        forced=event.force,
    )
