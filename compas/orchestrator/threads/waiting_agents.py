"""What is different when an agent waits: it does not wait for itself, and is told when its wait could never end."""

import contextlib
from collections.abc import Iterator

import msgspec

from compas.domain.callers import Caller, Places, Waiter, waits_for_itself
from compas.domain.waiting import Picture, SeenExecution
from compas.orchestrator.handler_context import HandlerContext
from compas.store.connection import Reader
from compas.store.projections.execution_queries import ExecutionRow, unsettled_executions
from compas.store.projections.threads import descendants_of


@contextlib.contextmanager
def counted_as_waiting(context: HandlerContext, caller: Caller | None) -> Iterator[None]:
    """Let other waits know that the caller's place is not given back while this one lasts."""
    if caller is None:
        yield
        return
    context.waiting[caller.execution] += 1
    try:
        yield
    finally:
        context.waiting[caller.execution] -= 1


def without_the_caller(reader: Reader, seen: Picture, thread: str, caller: Caller) -> Picture:
    """Return what an agent waits for: of its own lineage, to which it and those who wait for it belong as well, only
    what runs in the thread that it names and in those that a fan-out there has opened."""
    family = {thread, *descendants_of(reader, thread)}
    executions = tuple(one for one in seen.executions if one.execution != caller.execution and one.thread in family)
    return msgspec.structs.replace(seen, executions=executions)


async def is_blocked(context: HandlerContext, caller: Caller, seen: Picture) -> bool:
    """Say whether nothing of what is waited for can begin before the caller ends."""
    if not seen.pending:
        return False
    config, now = context.services.config, context.services.clock()
    running = await context.services.store.query(unsettled_executions)
    places = Places(
        running=tuple(_of_row(row) for row in running if row.status != "queued"),
        waiting=frozenset(execution for execution, count in context.waiting.items() if count > 0),
        overall=config.effective_concurrency,
        per_agent=config.max_triggers_per_agent,
        of_agent={
            agent.alias: agent.max_concurrent for agent in config.agents.values() if agent.max_concurrent is not None
        },
    )
    return waits_for_itself(caller, tuple(_of_seen(one, now) for one in seen.pending), places)


def _of_row(row: ExecutionRow) -> Waiter:
    return Waiter(execution=row.execution, thread=row.thread, agent=row.agent, is_queued=False)


def _of_seen(one: SeenExecution, now: float) -> Waiter:
    is_due = one.not_before is None or one.not_before <= now
    return Waiter(
        execution=one.execution, thread=one.thread, agent=one.agent, is_queued=one.status == "queued" and is_due
    )
