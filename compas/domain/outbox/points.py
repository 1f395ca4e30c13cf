"""At which points an event runs hooks, and which fields a hook gets there."""

from typing import Final, get_args

from compas.domain import events as e
from compas.domain.outbox.specs import Point

POINTS: Final[tuple[Point, ...]] = get_args(Point)

ALWAYS: Final = ("event", "key", "position", "timestamp", "hook")
_OF_THREAD: Final = ("thread", "thread_id", "thread_summary", "title", "batch", "repository", "new_status", "status")
_OF_EXECUTION: Final = (*_OF_THREAD, "execution", "execution_id", "agent", "agent_alias", "backend", "attempt")
_OF_MERGE: Final = (*_OF_THREAD, "operation", "source", "target", "strategy", "agent", "agent_alias")

FIELDS: Final[dict[Point, tuple[str, ...]]] = {
    # a point: what its JSON has beside ALWAYS; docs/hooks.md says what each field means
    "on_execution_started": _OF_EXECUTION,
    "on_execution_completed": (
        *_OF_EXECUTION,
        *("success", "final", "duration_ms", "category", "error", "reply", "verdict", "cost_usd"),
    ),
    "on_execution_retrying": (*_OF_EXECUTION, "reason", "not_before"),
    "on_verdict": (*_OF_EXECUTION, "verdict", "by", "commit", "note"),
    "on_thread_closed": (*_OF_THREAD, "agent", "agent_alias", "by"),
    "on_thread_failed": (*_OF_EXECUTION, "error"),
    "on_thread_abandoned": (*_OF_THREAD, "agent", "agent_alias", "by"),
    "on_merge_completed": (*_OF_MERGE, "commit", "summary"),
    "on_merge_failed": (*_OF_MERGE, "code", "error", "conflicts"),
    "on_breaker": ("backend", "state", "failures", "category", "until", "reason"),
    "on_schedule": (*_OF_THREAD, "agent", "agent_alias", "schedule", "slot", "missed", "by"),
    "on_supervisor_started": ("pid", "version"),
    "on_supervisor_stopping": ("mode",),
}

_BY_TAG: Final[dict[str, tuple[Point, ...]]] = {
    "execution.started": ("on_execution_started",),
    "execution.ended": ("on_execution_completed", "on_verdict"),
    "execution.queued": ("on_execution_retrying",),
    "person.judged": ("on_verdict",),
    "thread.closed": ("on_thread_closed",),
    "thread.failed": ("on_thread_failed",),
    "thread.abandoned": ("on_thread_abandoned",),
    "merge.completed": ("on_merge_completed",),
    "merge.failed": ("on_merge_failed",),
    "breaker.opened": ("on_breaker",),
    "breaker.closed": ("on_breaker",),
    "schedule.fired": ("on_schedule",),
    "supervisor.started": ("on_supervisor_started",),
    "supervisor.stopping": ("on_supervisor_stopping",),
}

TAGS: Final = frozenset(_BY_TAG)
"""What the log calls the events that anybody outside is told of."""


def tag_of(event: e.Event) -> str:
    """Return what the log calls this kind of event."""
    return str(event.__struct_config__.tag)


def tags_at(point: Point) -> tuple[str, ...]:
    """Return what the log calls the events that may run the hooks of a point."""
    return tuple(tag for tag, points in _BY_TAG.items() if point in points)


def points_of(event: e.Event) -> tuple[Point, ...]:
    """Return the points that an event is: a transition that happened, never one that was only wanted."""
    found = _BY_TAG.get(tag_of(event), ())
    match event:
        case e.ExecutionQueued(reason=reason) if reason not in ("retry", "crash", "handover"):
            return ()
        case e.ExecutionEnded(verdict=""):
            return tuple(point for point in found if point != "on_verdict")
        case _:
            return found
