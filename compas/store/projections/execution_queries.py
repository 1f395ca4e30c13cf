"""What can be asked about executions."""

import msgspec

from compas.domain import events as e
from compas.store.connection import Reader


class ExecutionRow(msgspec.Struct, frozen=True, kw_only=True):
    """An execution. Times are UTC seconds.

    `message_number` is the message that made the work. `stopping` means cancelled while its processes may still
    be alive. `tip` is the commit that it found on `branch` of `repository`, `judged` the one its verdict is about, and
    `unrecorded` says why git could not record what it left. `duration_secs` and the `exit_*` fields are the runner's;
    what a backend did not tell is None. `log_removed_at` is when retention took its log, and `snapshot_archived` says
    that its snapshot has no ref of its own any more.
    """

    execution: str
    thread: str
    lineage: str
    message: str
    message_number: int | None
    agent: str
    backend: str
    status: e.ExecutionStatus
    stopping: bool
    attempt: int
    reason: str
    prompt_hash: str | None
    not_before: float | None
    queued_position: int
    queued_at: float
    requested_at: float | None
    workdir: str | None
    worktree: bool | None
    resume_session: str | None
    timeout_secs: float | None
    repository: str | None
    branch: str | None
    tip: str | None
    started_at: float | None
    pid: int | None
    ended_position: int | None
    ended_at: float | None
    category: e.Category
    resets_at: float | None
    error: str
    preview: str
    session: str | None
    verdict: e.Verdict
    judged: str | None
    cost_usd: float | None
    tokens_in: int | None
    tokens_out: int | None
    tokens_cached: int | None
    turns: int | None
    exit_kind: str | None
    exit_code: int | None
    exit_signal: int | None
    duration_secs: float | None
    cut_bytes: int | None
    nothing_left: bool | None
    snapshot_commit: str | None
    snapshot_head: str | None
    snapshot_dirty: bool | None
    snapshot_tree: str | None
    unrecorded: str
    log_removed_at: float | None
    snapshot_archived: bool

    @property
    def in_flight(self) -> bool:
        """True while it waits or runs."""
        return self.status in ("queued", "picked_up", "executing")


_SELECT = """SELECT x.*, (SELECT number FROM messages AS m WHERE m.message = x.message) AS message_number
    FROM executions AS x"""
_IN_FLIGHT = "x.status IN ('queued', 'picked_up', 'executing')"
_UNSETTLED = f"({_IN_FLIGHT} OR x.stopping)"


def execution_by_id(reader: Reader, execution: str) -> ExecutionRow | None:
    """Return an execution, or None."""
    return reader.first(ExecutionRow, f"{_SELECT} WHERE x.execution = ?", (execution,))


def newest_of_thread(reader: Reader, thread: str) -> ExecutionRow | None:
    """Return the execution of a thread that was queued last, or None (b-mcp-cli-merge 132)."""
    sql = f"{_SELECT} WHERE x.thread = ? ORDER BY x.queued_position DESC LIMIT 1"
    return reader.first(ExecutionRow, sql, (thread,))


def executions_of_thread(reader: Reader, thread: str) -> tuple[ExecutionRow, ...]:
    """Return a thread's executions, retries included, in the order they were queued."""
    return tuple(reader.all(ExecutionRow, f"{_SELECT} WHERE x.thread = ? ORDER BY x.queued_position", (thread,)))


def executions_of_lineage(reader: Reader, lineage: str) -> tuple[ExecutionRow, ...]:
    """Return everything that descends from one dispatch, over all threads, in the order it was queued."""
    return tuple(reader.all(ExecutionRow, f"{_SELECT} WHERE x.lineage = ? ORDER BY x.queued_position", (lineage,)))


def unsettled_executions(reader: Reader, *, lineage: str | None = None) -> tuple[ExecutionRow, ...]:
    """Return what is in flight or still stopping, overall or in one lineage, in the order it was queued."""
    sql = f"{_SELECT} WHERE {_UNSETTLED} AND (?1 IS NULL OR x.lineage = ?1) ORDER BY x.queued_position"
    return tuple(reader.all(ExecutionRow, sql, (lineage,)))


def is_work_unsettled(reader: Reader) -> bool:
    """Say whether anything is in flight or still stopping; asked at every event, so it reads one row at most."""
    return reader.row(f"SELECT 1 FROM executions AS x WHERE {_UNSETTLED} LIMIT 1") is not None


def unsettled_names(reader: Reader) -> frozenset[str]:
    """Return the executions that are in flight or still stopping."""
    rows = reader.rows(f"SELECT x.execution FROM executions AS x WHERE {_UNSETTLED}")
    return frozenset(str(row[0]) for row in rows)


def pids_at_work(reader: Reader) -> frozenset[int]:
    """Return the processes of the agents that are in flight or still stopping."""
    rows = reader.rows(f"SELECT x.pid FROM executions AS x WHERE {_UNSETTLED} AND x.pid IS NOT NULL")
    return frozenset(int(str(row[0])) for row in rows)


def scheduled_executions(reader: Reader, now: float) -> tuple[ExecutionRow, ...]:
    """Return what is queued for a time after `now` (UTC seconds), soonest first."""
    sql = f"""{_SELECT} WHERE {_UNSETTLED} AND x.status = 'queued' AND x.not_before > ?
        ORDER BY x.not_before, x.queued_position"""
    return tuple(reader.all(ExecutionRow, sql, (now,)))
