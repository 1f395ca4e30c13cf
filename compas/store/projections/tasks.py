"""Executions as a list of tasks: filtered, the newest of each thread or every one, page by page."""

from collections.abc import Collection

import msgspec

from compas.domain import events as e
from compas.store.connection import Reader, Value
from compas.store.projections.execution_queries import ExecutionRow


class TaskRow(ExecutionRow, frozen=True, kw_only=True):
    """An execution, with what its thread is about; `opening` begins its first message, if there is no summary."""

    batch: str | None
    summary: str | None
    opening: str | None


class TaskFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which executions to list; None means any. `batch` is that of the thread.

    All of `words`, whose ASCII letters are small, have to stand in what the row says. Unless `every`, only the one that
    was queued last in its thread counts. `later_than` (UTC seconds) lists what is queued for after that, every one, the
    soonest first.
    """

    agent: str | None = None
    thread: str | None = None
    batch: str | None = None
    statuses: Collection[e.ExecutionStatus] | None = None
    words: Collection[str] = ()
    every: bool = False
    later_than: float | None = None


_OPENING = """(SELECT substr(ltrim(body, char(32, 9, 10, 13)), 1, 500) FROM messages AS m
        WHERE m.thread = x.thread ORDER BY m.number LIMIT 1)"""
_SELECT = f"""SELECT x.*, t.batch, t.summary, CASE WHEN t.summary IS NULL THEN {_OPENING} END AS opening,
        (SELECT number FROM messages AS m WHERE m.message = x.message) AS message_number
    FROM executions AS x LEFT JOIN threads AS t ON t.thread = x.thread
    WHERE (:agent IS NULL OR x.agent = :agent)
      AND (:thread IS NULL OR x.thread = :thread)
      AND (:batch IS NULL OR t.batch = :batch)
      AND (:statuses IS NULL OR x.status IN (SELECT value FROM json_each(:statuses)))"""
_SAID = f"""lower(x.thread || ' ' || x.agent || ' ' || x.status || ' ' || coalesce(t.batch, '') || ' '
        || coalesce(t.summary, {_OPENING}, '') || ' ' || x.error || ' ' || x.category)"""
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
    select = _SELECT
    for number, word in enumerate(wanted.words):
        select += f"\n      AND instr({_SAID}, :word{number}) > 0"
        arguments[f"word{number}"] = word
    if wanted.later_than is None:
        # Who looks for words reads everything, which is faster row after row than by the order of an index.
        newest_first = _NEWEST_FIRST.replace("ORDER BY x.", "ORDER BY +x.") if wanted.words else _NEWEST_FIRST
        return tuple(reader.all(TaskRow, select + newest_first, {**arguments, "every": wanted.every}))
    moments: dict[str, Value] = {
        "later_than": wanted.later_than,
        "not_before": None if after is None else after.not_before or 0.0,
    }
    return tuple(reader.all(TaskRow, select + _SOONEST_FIRST, {**arguments, **moments}))
