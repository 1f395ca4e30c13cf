"""Reads what a wait is judged by: one thread, its messages, and every execution of the lineages that touch it."""

from compas.domain.waiting import Picture, SeenExecution, SeenMessage
from compas.store.connection import Reader, Value
from compas.store.projections.threads import thread_by_id

_MESSAGES = """SELECT number, intent, recipient, execution IS NOT NULL AS from_execution FROM messages
    WHERE thread = :thread AND number > :after AND (:lineage IS NULL OR lineage = :lineage) ORDER BY number"""
_EXECUTIONS = """SELECT execution, thread, agent, status, status IN ('queued', 'picked_up', 'executing') AS in_flight,
        not_before, ended_position, error
    FROM executions"""
_OF_THREAD = """WHERE thread = :thread
        OR lineage IN (SELECT lineage FROM messages WHERE thread = :thread AND lineage <> '')
    ORDER BY queued_position"""
_LINEAGES = "SELECT DISTINCT lineage FROM messages WHERE thread = ?"
_OF_LINEAGE = "WHERE lineage = :lineage ORDER BY queued_position"

_TO_JOIN = """SELECT count(*) FROM fan_outs WHERE open AND (lineage = :lineage OR (:lineage IS NULL AND
    (thread = :thread OR lineage IN (SELECT lineage FROM messages WHERE thread = :thread AND lineage <> ''))))"""


def picture(reader: Reader, thread: str, *, after: int = 0, lineage: str | None = None) -> Picture | None:
    """Return the picture of a thread for a wait, or None when the thread does not exist (design §7).

    Messages are those with a number above `after`. With `lineage`, only that dispatch and what descends from it
    count, executions and messages alike.
    """
    found = thread_by_id(reader, thread)
    if found is None:
        return None
    of_thread: dict[str, Value] = {"thread": thread, "after": after, "lineage": lineage}
    to_join = reader.row(_TO_JOIN, {"thread": thread, "lineage": lineage})
    chosen = _OF_THREAD if lineage is None else _OF_LINEAGE
    lineages = [lineage] if lineage is not None else [str(row[0]) for row in reader.rows(_LINEAGES, (thread,))]
    return Picture(
        status=found.status,
        lineages=frozenset(lineages),
        messages=tuple(reader.all(SeenMessage, _MESSAGES, of_thread)),
        executions=tuple(reader.all(SeenExecution, f"{_EXECUTIONS} {chosen}", {"thread": thread, "lineage": lineage})),
        answers_to_join=int(to_join[0] or 0) if to_join is not None else 0,
    )
