"""The read model of executions: from the queue to the end, with what each cost."""

import msgspec

from compas.domain import events as e
from compas.store.connection import Cursor, Value
from compas.store.projections.source import read_tables, thread_of


class Executions:
    """Projects the life of each execution. Its queries are in `execution_queries`."""

    name = "executions"
    version = 5
    tables = read_tables("executions")

    def apply(self, cursor: Cursor, recorded: e.Recorded) -> None:
        """Take in one event."""
        match recorded.event:
            case e.ExecutionQueued() as queued:
                _insert(cursor, recorded, queued)
            case e.ExecutionRequested() as requested:
                changes = msgspec.structs.asdict(requested)
                del changes["execution"], changes["below"]
                _update(cursor, requested.execution, status="picked_up", requested_at=recorded.at, **changes)
            case e.ExecutionStarted() as started:
                _update(
                    cursor,
                    started.execution,
                    status="executing",
                    started_at=started.started_at,
                    pid=started.pid,
                )
            case e.ExecutionEnded() as ended:
                _end(cursor, recorded, ended)
            case e.ExecutionCancelled() as cancelled:
                _cancel(cursor, recorded, cancelled)
            case e.ExecutionStopped() as stopped:
                remains = {**_process(stopped.process), **_snapshot(stopped.snapshot)}
                _update(cursor, stopped.execution, stopping=0, unrecorded=stopped.unrecorded, **remains)
            case e.LogsRemoved(executions=executions):
                for execution in executions:
                    _update(cursor, execution, log_removed_at=recorded.at)
            case e.SnapshotsArchived(executions=executions):
                for execution in executions:
                    _update(cursor, execution, snapshot_archived=1)
            case _:
                pass


def _insert(cursor: Cursor, recorded: e.Recorded, queued: e.ExecutionQueued) -> None:
    cursor.execute(
        """INSERT INTO executions (execution, thread, lineage, message, agent, backend, status, attempt, reason,
            prompt_hash, not_before, queued_position, queued_at)
        VALUES (?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?)""",
        (
            queued.execution,
            thread_of(recorded),
            recorded.lineage,
            queued.message,
            queued.agent,
            queued.backend,
            queued.attempt,
            queued.reason,
            queued.prompt_hash,
            queued.not_before,
            recorded.position,
            recorded.at,
        ),
    )


def _end(cursor: Cursor, recorded: e.Recorded, ended: e.ExecutionEnded) -> None:
    usage = ended.usage
    _update(
        cursor,
        ended.execution,
        status=ended.status,
        ended_position=recorded.position,
        ended_at=recorded.at,
        category=ended.category,
        resets_at=ended.resets_at,
        error=ended.error,
        preview=ended.preview,
        session=ended.session,
        verdict=ended.verdict,
        judged=ended.judged,
        unrecorded=ended.unrecorded,
        cost_usd=usage.cost_usd,
        tokens_in=usage.tokens_in,
        tokens_out=usage.tokens_out,
        tokens_cached=usage.tokens_cached,
        turns=usage.turns,
        **_process(ended.process),
        **_snapshot(ended.snapshot),
    )


def _cancel(cursor: Cursor, recorded: e.Recorded, cancelled: e.ExecutionCancelled) -> None:
    # Only what has processes is still stopping; what was queued is over at once.
    cursor.execute(
        """UPDATE executions SET stopping = status IN ('picked_up', 'executing'), status = 'cancelled',
            error = ?, ended_position = ?, ended_at = ? WHERE execution = ?""",
        (cancelled.reason, recorded.position, recorded.at, cancelled.execution),
    )


def _process(end: e.ProcessEnd | None) -> dict[str, Value]:
    if end is None:
        return {}
    return {
        "exit_kind": end.kind,
        "exit_code": end.exit_code,
        "exit_signal": end.signal,
        "duration_secs": end.duration_secs,
        "cut_bytes": end.cut_bytes,
        "nothing_left": end.nothing_left,
    }


def _snapshot(taken: e.SnapshotTaken | None) -> dict[str, Value]:
    if taken is None:
        return {}
    return {
        "snapshot_commit": taken.commit,
        "snapshot_head": taken.head,
        "snapshot_dirty": taken.dirty,
        "snapshot_tree": taken.tree,
    }


def _update(cursor: Cursor, execution: str, **columns: Value) -> None:
    assignments = ", ".join(f"{name} = ?" for name in columns)
    cursor.execute(f"UPDATE executions SET {assignments} WHERE execution = ?", (*columns.values(), execution))
