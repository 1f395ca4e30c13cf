"""Reads what a wait is judged by: one thread, its messages, and every execution of the lineages that touch it."""

from compas.domain.waiting import Picture, SeenExecution, SeenMessage
from compas.store.connection import Reader
from compas.store.projections.execution_queries import executions_of_lineage, executions_touching
from compas.store.projections.messages import messages_of_thread
from compas.store.projections.threads import thread_by_id


def picture(reader: Reader, thread: str, *, after: int = 0, lineage: str | None = None) -> Picture | None:
    """Return the picture of a thread for a wait, or None when the thread does not exist (design §7).

    Messages are those with a number above `after`. With `lineage`, only that dispatch and what descends from it
    count, executions and messages alike.
    """
    found = thread_by_id(reader, thread)
    if found is None:
        return None
    messages = messages_of_thread(reader, thread, after=after)
    runs = executions_touching(reader, thread) if lineage is None else executions_of_lineage(reader, lineage)
    return Picture(
        status=found.status,
        messages=tuple(
            SeenMessage(
                number=message.number,
                intent=message.intent,
                recipient=message.recipient,
                from_execution=message.execution is not None,
            )
            for message in messages
            if lineage is None or message.lineage == lineage
        ),
        executions=tuple(
            SeenExecution(
                execution=run.execution,
                thread=run.thread,
                agent=run.agent,
                status=run.status,
                in_flight=run.in_flight,
                not_before=run.not_before,
                ended_position=run.ended_position,
                error=run.error,
            )
            for run in runs
        ),
    )
