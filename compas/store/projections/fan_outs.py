"""The read model of fan-outs: which still wait for their answers, and what the answers are."""

import msgspec

from compas.domain import events as e
from compas.domain.briefing import Answer
from compas.store.connection import Cursor, Reader, Value
from compas.store.projections.source import read_tables, thread_of


class FanOuts:
    """Projects fan-outs until they are joined, or their thread ends."""

    name = "fan_outs"
    version = 1
    tables = read_tables("fan_outs")

    def apply(self, cursor: Cursor, recorded: e.Recorded) -> None:
        """Take in one event."""
        match recorded.event:
            case e.FannedOut() as fanned_out:
                thread, is_open = thread_of(recorded), fanned_out.join is not None
                place = (recorded.lineage, fanned_out.join, recorded.position, is_open)
                cursor.execute(
                    "INSERT OR REPLACE INTO fan_outs VALUES (?, ?, ?, ?, ?, ?)", (fanned_out.execution, thread, *place)
                )
            case e.Joined(execution=execution):
                cursor.execute("UPDATE fan_outs SET open = 0 WHERE execution = ?", (execution,))
            case e.ThreadClosed() | e.ThreadFailed() | e.ThreadAbandoned():
                cursor.execute("UPDATE fan_outs SET open = 0 WHERE thread = ? AND open", (thread_of(recorded),))
            case _:
                pass


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a fan-out's threads. Not `at_rest`: something that descends from it is still to come."""

    at_rest: bool
    answers: tuple[Answer, ...] = ()


_DESCENDANTS = """WITH RECURSIVE descendants (thread) AS (
        SELECT value FROM json_each(:threads)
        UNION SELECT t.thread FROM threads AS t JOIN descendants AS d ON t.source_thread = d.thread
    )"""
_STILL_TO_COME = f"""{_DESCENDANTS}
    SELECT EXISTS (
        SELECT 1 FROM executions AS x JOIN descendants AS d ON x.thread = d.thread
        WHERE x.lineage = :lineage AND x.status IN ('queued', 'picked_up', 'executing')
    ) OR EXISTS (SELECT 1 FROM fan_outs AS f JOIN descendants AS d ON f.thread = d.thread WHERE f.open)"""
_ANSWER = """SELECT x.thread, x.agent, x.status, x.verdict, coalesce((
        SELECT m.body FROM messages AS m
        WHERE m.thread = x.thread AND m.execution = x.execution AND m.intent IN ('response', 'error')
        ORDER BY m.number DESC LIMIT 1
    ), x.error) AS body
    FROM executions AS x WHERE x.thread = ? AND x.lineage = ? ORDER BY x.queued_position DESC LIMIT 1"""


def answers_of(reader: Reader, threads: tuple[str, ...], lineage: str) -> Answers:
    """Return what the threads of a fan-out came to, in their order, once nothing of it is still to come."""
    arguments: dict[str, Value] = {"threads": msgspec.json.encode(threads).decode(), "lineage": lineage}
    found = reader.row(_STILL_TO_COME, arguments)
    if found is not None and found[0]:
        return Answers(at_rest=False)
    answers = (reader.first(Answer, _ANSWER, (thread, lineage)) for thread in threads)
    return Answers(at_rest=True, answers=tuple(answer for answer in answers if answer is not None))


def threads_to_join(reader: Reader) -> tuple[str, ...]:
    """Return the threads that wait for the answers of a fan-out, oldest first."""
    rows = reader.rows("SELECT DISTINCT thread FROM fan_outs WHERE open ORDER BY position")
    return tuple(str(row[0]) for row in rows)
