"""Whose call it is: the operator's, or that of an agent inside an execution, shown by the execution's token."""

import hmac

from actors.remote.call import Call
from actors.remote.errors import CallError
from compas.api.catalogue import BY_NAME
from compas.domain.callers import DEFAULT_DEPTH, Caller, refuse_operation
from compas.orchestrator.handlers.desk import Desk
from compas.store.connection import Reader
from compas.store.projections.execution_queries import ExecutionRow, execution_by_id
from compas.store.projections.messages import message_by_number


async def caller_of(desk: Desk, call: Call) -> Caller | None:
    """Return the execution that calls, or None for the operator.

    Raises CallError `unknown_caller` where the token is not that execution's: nothing is known of such a caller.
    """
    execution = call.peer.meta.get("execution", "")
    if not execution:
        return None
    found = await desk.services.store.query(lambda reader: _read(reader, execution))
    token = await desk.services.runners.token(execution) if found is not None else None
    if found is None or token is None or not hmac.compare_digest(token, call.peer.meta.get("token", "")):
        sentence = f"the call says that it comes from the execution {execution}, and has not its token"
        raise CallError("unknown_caller", f"{sentence}; call from the environment that the agent was started with")
    row, depth = found
    agent = desk.services.config.agents.get(row.agent)
    return Caller(
        execution=execution,
        agent=row.agent,
        thread=row.thread,
        lineage=row.lineage,
        depth=depth,
        may=frozenset(agent.may if agent is not None else ()),
        limit=agent.handoff.max_chain_depth if agent is not None and agent.handoff is not None else DEFAULT_DEPTH,
        is_over=not row.in_flight,
    )


async def check(desk: Desk, call: Call) -> None:
    """Refuse what an agent must not do. Raises CallError."""
    if BY_NAME[call.op].kind != "write":
        return
    caller = await caller_of(desk, call)
    refusal = refuse_operation(caller, call.op) if caller is not None else None
    if refusal is not None:
        raise CallError(refusal.code, refusal.message)


def _read(reader: Reader, execution: str) -> tuple[ExecutionRow, int] | None:
    row = execution_by_id(reader, execution)
    if row is None:
        return None
    message = message_by_number(reader, row.message_number) if row.message_number is not None else None
    return row, message.depth if message is not None else 0
