"""What can be asked about things whose time may be over."""

from collections.abc import Sequence
from typing import Final

from compas.domain.retention import ExecutionStanding, RecordedSnapshot
from compas.store.connection import Reader

NAMES_AT_ONCE: Final = 500
"""How many names are asked about in one statement."""
SNAPSHOTS_AT_ONCE: Final = 5000
"""How many are looked at in one go; those of threads that ended longest ago come first."""

_UNSETTLED = "(x.status IN ('queued', 'picked_up', 'executing') OR x.stopping)"


def standings(reader: Reader, executions: Sequence[str]) -> tuple[ExecutionStanding, ...]:
    """Return what the log says of these executions; those that it does not know are left out."""
    found: list[ExecutionStanding] = []
    for begin in range(0, len(executions), NAMES_AT_ONCE):
        names = tuple(executions[begin : begin + NAMES_AT_ONCE])
        places = ", ".join("?" for _ in names)
        sql = f"""SELECT x.execution, x.ended_at, NOT {_UNSETTLED} AS is_settled
            FROM executions AS x WHERE x.execution IN ({places})"""
        found.extend(reader.all(ExecutionStanding, sql, names))
    return tuple(found)


def logs_to_record(reader: Reader, executions: Sequence[str]) -> tuple[str, ...]:
    """Return those of these executions of which the log does not say yet that their output was removed."""
    found: list[str] = []
    for begin in range(0, len(executions), NAMES_AT_ONCE):
        names = tuple(executions[begin : begin + NAMES_AT_ONCE])
        places = ", ".join("?" for _ in names)
        sql = f"SELECT execution FROM executions WHERE log_removed_at IS NULL AND execution IN ({places})"
        found.extend(str(row[0]) for row in reader.rows(sql, names))
    return tuple(found)


def recorded_snapshots(reader: Reader) -> tuple[RecordedSnapshot, ...]:
    """Return snapshots of ended threads that have refs of their own, at most so many, ended longest ago first."""
    sql = f"""SELECT x.execution, coalesce(nullif(x.repository, ''), (SELECT w.repository FROM worktrees AS w
                WHERE w.thread = x.thread ORDER BY w.position LIMIT 1), '') AS repository,
            x.snapshot_commit AS 'commit', t.status AS thread_status, t.updated_at AS since,
            EXISTS (SELECT 1 FROM worktrees AS w WHERE w.thread = x.thread
                AND (w.path IS NOT NULL OR w.removing OR w.removed_at IS NULL)) AS has_worktree,
            EXISTS (SELECT 1 FROM executions AS y WHERE y.thread = x.thread
                AND (y.status IN ('queued', 'picked_up', 'executing') OR y.stopping))
            OR EXISTS (SELECT 1 FROM merges AS m WHERE m.thread = x.thread
                AND m.status IN ('queued', 'executing', 'publishing')) AS is_at_work
        FROM executions AS x JOIN threads AS t ON t.thread = x.thread
        WHERE x.snapshot_commit IS NOT NULL AND NOT x.snapshot_archived AND NOT {_UNSETTLED}
            AND t.status IN ('Completed', 'Abandoned')
            AND NOT EXISTS (SELECT 1 FROM worktrees AS w WHERE w.thread = x.thread
                AND (w.path IS NOT NULL OR w.removing OR w.removed_at IS NULL))
        ORDER BY t.updated_at, x.execution LIMIT {SNAPSHOTS_AT_ONCE}"""
    return tuple(reader.all(RecordedSnapshot, sql))


def count_snapshots(reader: Reader) -> int:
    """Count the snapshots that have refs of their own."""
    sql = "SELECT count(*) FROM executions WHERE snapshot_commit IS NOT NULL AND NOT snapshot_archived"
    row = reader.row(sql)
    return 0 if row is None else int(str(row[0]))


def count_executions(reader: Reader) -> int:
    """Count the executions that the log knows."""
    row = reader.row("SELECT count(*) FROM executions")
    return 0 if row is None else int(str(row[0]))
