"""What can be asked about the threads of a batch."""

from typing import Literal

import msgspec

from compas.domain import events as e
from compas.store.connection import Reader


class BatchRow(msgspec.Struct, frozen=True, kw_only=True):
    """A thread of a batch with its newest execution, whose fields are None when there is none.

    One that is queued for a later time is `scheduled`.
    """

    thread: str
    status: e.ThreadStatus
    summary: str | None
    updated_at: float
    agent: str | None
    execution_status: e.ExecutionStatus | Literal["scheduled"] | None
    error: str | None


class BatchCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many threads a batch has: by their own status, and by that of their newest execution."""

    total: int
    by_status: dict[str, int]
    by_work: dict[str, int]


_FROM = """FROM threads AS t LEFT JOIN executions AS x ON x.execution =
        (SELECT execution FROM executions WHERE thread = t.thread ORDER BY queued_position DESC LIMIT 1)
    WHERE t.batch = :batch"""
_WORK = "CASE WHEN x.status = 'queued' AND x.not_before > :now THEN 'scheduled' ELSE x.status END"


def threads_of_batch(
    reader: Reader, batch: str, now: float, *, offset: int = 0, limit: int = -1
) -> tuple[BatchRow, ...]:
    """Return the threads of a batch in the order in which they were opened; a negative limit is none.

    `now` is in UTC seconds.
    """
    sql = f"""SELECT t.thread, t.status, t.summary, t.updated_at, x.agent, {_WORK} AS execution_status, x.error {_FROM}
        ORDER BY t.created_position LIMIT :limit OFFSET :offset"""
    return tuple(reader.all(BatchRow, sql, {"batch": batch, "now": now, "offset": offset, "limit": limit}))


def count_batch(reader: Reader, batch: str, now: float) -> BatchCount:
    """Count the threads of a batch; one that nobody knows has none. `now` is in UTC seconds."""
    sql = f"SELECT t.status, {_WORK}, count(*) {_FROM} GROUP BY 1, 2 ORDER BY 1, 2"
    by_status: dict[str, int] = {}
    by_work: dict[str, int] = {}
    for status, work, count in reader.rows(sql, {"batch": batch, "now": now}):
        by_status[str(status)] = by_status.get(str(status), 0) + int(count or 0)
        if work is not None:
            by_work[str(work)] = by_work.get(str(work), 0) + int(count or 0)
    return BatchCount(total=sum(by_status.values()), by_status=by_status, by_work=by_work)
