"""Executions as a list of tasks: filtered, the newest of each thread or every one, page by page."""

from collections.abc import Collection

import msgspec

from compas.domain import events as e
from compas.store.connection import Reader, Value
from compas.store.projections.execution_queries import ExecutionRow


class TaskRow(ExecutionRow, frozen=True, kw_only=True):
    """An execution, with what its thread is about."""

    batch: str | None
    summary: str | None


class TaskFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which executions to list; None means any. `batch` is that of the thread.

    Unless `every`, only the one that was queued last in its thread counts. `later_than` (UTC seconds) lists what is
    queued for after that, every one, the soonest first.
    """

    agent: str | None = None
    thread: str | None = None
    batch: str | None = None
    statuses: Collection[e.ExecutionStatus] | None = None
    every: bool = False
    later_than: float | None = None


_SELECT = """SELECT x.*, t.batch, t.summary,
        (SELECT number FROM messages AS m WHERE m.message = x.message) AS message_number
    FROM executions AS x LEFT JOIN threads AS t ON t.thread = x.thread
    WHERE (:agent IS NULL OR x.agent = :agent)
      AND (:thread IS NULL OR x.thread = :thread)
      AND (:batch IS NULL OR t.batch = :batch)
      AND (:statuses IS NULL OR x.status IN (SELECT value FROM json_each(:statuses)))"""
_NEWEST_FIRST = """
      AND (:every OR x.queued_position = (SELECT max(queued_position) FROM executions WHERE thread = x.thread))
      AND (:position IS NULL OR x.queued_position < :position)
    ORDER BY x.queued_position DESC LIMIT :limit"""
_SOONEST_FIRST = """
      AND x.not_before > :later_than
      AND (:position IS NULL OR (x.not_before, x.queued_position) > (:not_before, :position))
    ORDER BY x.not_before, x.queued_position LIMIT :limit"""


def list_tasks(reader: Reader, wanted: TaskFilter, limit: int, *, after: ExecutionRow | None) -> tuple[TaskRow, ...]:
    """Return at most `limit` executions that pass a filter, of those that stand behind `after`."""
    arguments: dict[str, Value] = {
        "agent": wanted.agent,
        "thread": wanted.thread,
        "batch": wanted.batch,
        "statuses": None if wanted.statuses is None else msgspec.json.encode(sorted(wanted.statuses)).decode(),
        "position": None if after is None else after.queued_position,
        "limit": limit,
    }
    if wanted.later_than is None:
        return tuple(reader.all(TaskRow, _SELECT + _NEWEST_FIRST, {**arguments, "every": wanted.every}))
    moments: dict[str, Value] = {
        "later_than": wanted.later_than,
        "not_before": None if after is None else after.not_before or 0.0,
    }
    return tuple(reader.all(TaskRow, _SELECT + _SOONEST_FIRST, {**arguments, **moments}))
