"""The read model of merge operations: what was asked, what happened to the target, and the conflicts."""

import msgspec

from compas.domain import events as e
from compas.domain.merge import MergeStatus
from compas.store.connection import Cursor, Reader, Value
from compas.store.projections.source import read_tables

HANDING_BACK = "its agent is about to be told"
"""The summary of a failed operation between its end and the word to its agent."""


class MergeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A merge operation. Times are UTC seconds.

    `stream` is that of its target branch. `new_commit` is the target's new tip once `publishing`; it is in the
    target only when `completed`. `code`, `error` and `conflicts` say why it failed, and `handed_back_to` names the
    agent that works on that, if one does. It is `open` until it has ended, and who is to hear of its conflict has.
    """

    op: str
    stream: str
    thread: str
    lineage: str
    repository: str
    source: str
    target: str
    strategy: str
    status: MergeStatus
    requested_by: str
    message: str
    source_tip: str
    force: bool
    review: str
    queued_position: int
    queued_at: float
    started_at: float | None
    ended_position: int | None
    ended_at: float | None
    kind: e.MergeKind | None
    target_old: str | None
    new_commit: str | None
    open: bool
    summary: str
    handed_back_to: str
    code: str
    error: str
    conflicts: str

    def conflicting(self) -> tuple[e.Conflict, ...]:
        """Return the paths that could not be merged, and how each conflicts."""
        return msgspec.json.decode(self.conflicts, type=tuple[e.Conflict, ...])


class MergeFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which merge operations to show; None means any."""

    thread: str | None = None
    repository: str | None = None
    target: str | None = None
    status: MergeStatus | None = None


class Merges:
    """Projects the life of each merge operation."""

    name = "merges"
    version = 3
    tables = read_tables("merges")

    def apply(self, cursor: Cursor, recorded: e.Recorded) -> None:
        """Take in one event."""
        ended: dict[str, Value] = {"open": 0, "ended_position": recorded.position, "ended_at": recorded.at}
        match recorded.event:
            case e.MergeQueued() as queued:
                _insert(cursor, recorded, queued)
            case e.MergeStarted(op=op):
                sql = "UPDATE merges SET status = 'executing', started_at = COALESCE(started_at, ?) WHERE op = ?"
                cursor.execute(sql, (recorded.at, op))
            case e.MergePrepared(op=op) as prepared:
                _update(
                    cursor,
                    op,
                    status="publishing",
                    kind=prepared.kind,
                    target_old=prepared.target_old,
                    new_commit=prepared.new_commit,
                )
            case e.MergeCompleted(op=op) as completed:
                outcome: dict[str, Value] = {
                    "new_commit": completed.new_commit,
                    "summary": completed.summary,
                }
                _update(cursor, op, status="completed", **outcome, **ended)
            case e.MergeFailed(op=op) as failed:
                conflicts = msgspec.json.encode(failed.conflicts).decode()
                outcome = {"code": failed.code, "error": failed.reason, "conflicts": conflicts}
                if failed.hand_back:
                    ended["open"], outcome["summary"] = 1, HANDING_BACK
                _update(cursor, op, status="failed", **outcome, **ended)
            case e.MergeHandedBack(op=op, summary=summary, agent=agent):
                _update(cursor, op, open=0, summary=summary, handed_back_to=agent)
            case e.MergeCancelled(op=op, reason=reason):
                _update(cursor, op, status="cancelled", error=reason, **ended)
            case _:
                pass


def _insert(cursor: Cursor, recorded: e.Recorded, queued: e.MergeQueued) -> None:
    cursor.execute(
        """INSERT INTO merges (op, stream, thread, lineage, repository, source, target, strategy, status,
            requested_by, message, source_tip, force, review, queued_position, queued_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?)""",
        (
            queued.op,
            recorded.stream,
            queued.thread,
            recorded.lineage,
            queued.repository,
            queued.source,
            queued.target,
            queued.strategy,
            queued.requested_by,
            queued.message,
            queued.source_tip,
            queued.force,
            queued.review,
            recorded.position,
            recorded.at,
        ),
    )


def _update(cursor: Cursor, op: str, **columns: Value) -> None:
    assignments = ", ".join(f"{name} = ?" for name in columns)
    cursor.execute(f"UPDATE merges SET {assignments} WHERE op = ?", (*columns.values(), op))


def merge_by_op(reader: Reader, op: str) -> MergeRow | None:
    """Return a merge operation, or None."""
    return reader.first(MergeRow, "SELECT * FROM merges WHERE op = ?", (op,))


def open_merges(reader: Reader) -> tuple[MergeRow, ...]:
    """Return the operations that something is still to be done for, in the order they were queued."""
    return tuple(reader.all(MergeRow, "SELECT * FROM merges WHERE open ORDER BY queued_position"))


def is_merge_open(reader: Reader) -> bool:
    """Say whether something is still to be done for any operation; asked at every event."""
    return reader.row("SELECT 1 FROM merges WHERE open LIMIT 1") is not None


def merges_of_thread(reader: Reader, thread: str) -> tuple[MergeRow, ...]:
    """Return a thread's merge operations, in the order they were queued."""
    return tuple(reader.all(MergeRow, "SELECT * FROM merges WHERE thread = ? ORDER BY queued_position", (thread,)))


def recent_merges(reader: Reader, wanted: MergeFilter, limit: int) -> tuple[MergeRow, ...]:
    """Return the operations that pass a filter, queued last first."""
    arguments: dict[str, Value] = {**msgspec.structs.asdict(wanted), "limit": limit}
    sql = """SELECT * FROM merges
        WHERE (:thread IS NULL OR thread = :thread)
          AND (:repository IS NULL OR repository = :repository)
          AND (:target IS NULL OR target = :target)
          AND (:status IS NULL OR status = :status)
        ORDER BY queued_position DESC LIMIT :limit"""
    return tuple(reader.all(MergeRow, sql, arguments))


def merges_by_status(reader: Reader, wanted: MergeFilter | None = None) -> dict[str, int]:
    """Return how many operations that pass a filter there are of each status that occurs."""
    sql = """SELECT status, count(*) FROM merges
        WHERE (:thread IS NULL OR thread = :thread)
          AND (:repository IS NULL OR repository = :repository)
          AND (:target IS NULL OR target = :target)
          AND (:status IS NULL OR status = :status)
        GROUP BY status ORDER BY status"""
    rows = reader.rows(sql, msgspec.structs.asdict(wanted or MergeFilter()))
    return {str(status): int(count or 0) for status, count in rows}
