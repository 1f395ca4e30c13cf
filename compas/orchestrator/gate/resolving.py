"""What the gate finds out about a call, once: what is asked, who asks, and what it was answered before."""

import hashlib
import hmac
from typing import Any

import msgspec

from actors.remote.call import Call
from actors.remote.errors import CallError
from compas.api.grammar import refuse_texts
from compas.api.operation import Operation
from compas.domain.callers import DEFAULT_DEPTH, Caller, refuse_operation
from compas.domain.ids import path_problem, request_id_problem, shown
from compas.domain.requests import RequestId, refuse_reuse
from compas.orchestrator.gate.last import origin_of, with_last
from compas.orchestrator.gate.naming import in_full
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import HandlerContext
from compas.orchestrator.refused import refused, unless_refused
from compas.store.connection import Reader
from compas.store.projections.execution_queries import ExecutionRow, execution_by_id
from compas.store.projections.messages import message_by_number
from compas.store.records import Reused


async def resolve(context: HandlerContext, operation: Operation[Any, Any], call: Call) -> ResolvedCall:
    """Return the call as its handler gets it. Raises CallError for what nobody may ask, or this caller may not."""
    origin = origin_of(call)
    arguments = await with_last(context, call.decode(operation.request), origin)
    unless_refused(refuse_texts(operation, arguments))
    caller = await caller_of(context, call) if operation.kind in ("write", "wait") else None
    if caller is not None and operation.kind == "write":
        unless_refused(refuse_operation(caller, operation.name))
    if operation.kind != "write":
        arguments = await in_full(context, operation, arguments)
    return ResolvedCall(
        arguments=arguments,
        caller=caller,
        stands_in=_directory(call),
        request_id=_request_id(context, call),
        origin=origin,
        push=call.push,
    )


def _directory(call: Call) -> str | None:
    """Return where the client says that it stands; what cannot be a directory is no answer."""
    said = call.peer.meta.get("cwd", "")
    return said if path_problem(said) is None else None


async def first_answer(
    context: HandlerContext, operation: Operation[Any, Any], request: RequestId
) -> msgspec.Struct | None:
    """Return what this very request was answered before, or None when it is new.

    Raises CallError `request_id_reused` when another request had its id.
    """
    found = await context.services.store.answer_of(request)
    if found is None:
        return None
    if not isinstance(found, Reused):
        try:
            response: msgspec.Struct = msgspec.json.decode(found, type=operation.response)
        except msgspec.DecodeError:
            found = Reused(used_for="")  # an older log kept no digest that would have told
        else:
            return response
    raise refused(refuse_reuse(request, found.used_for))


async def caller_of(context: HandlerContext, call: Call) -> Caller | None:
    """Return the execution that calls, or None for the operator.

    Raises CallError `unknown_caller` where the token is not that execution's: nothing is known of such a caller.
    """
    execution = call.peer.meta.get("execution", "")
    if not execution:
        return None
    found = await context.services.store.query(lambda reader: _read(reader, execution))
    token = await context.services.runners.token(execution) if found is not None else None
    said = call.peer.meta.get("token", "")
    if found is None or token is None or not hmac.compare_digest(token.encode(), said.encode()):
        sentence = f"the call says that it comes from the execution {shown(execution)}, and has not its token"
        raise CallError("unknown_caller", f"{sentence}; call from the environment that the agent was started with")
    row, depth = found
    agent = context.services.config.agents.get(row.agent)
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


def _read(reader: Reader, execution: str) -> tuple[ExecutionRow, int] | None:
    row = execution_by_id(reader, execution)
    if row is None:
        return None
    message = message_by_number(reader, row.message_number) if row.message_number is not None else None
    return row, message.depth if message is not None else 0


def _request_id(context: HandlerContext, call: Call) -> RequestId:
    """Return what this request is known by; one without a name cannot be repeated, and gets a fresh one."""
    if not call.request_id:
        return RequestId(name=context.services.new_id(), operation=call.op)
    problem = request_id_problem(call.request_id)
    if problem is not None:
        raise CallError("invalid", problem)
    return RequestId(name=call.request_id, operation=call.op, digest=_digest(call))


def _digest(call: Call) -> bytes:
    """Return what tells the operation and its arguments from others.

    Of the arguments as they were sent, not as this version reads them: a repeat may reach a supervisor that knows
    more fields. Neither the encoding of the connection nor the order of the fields makes a difference.
    """
    sent = msgspec.json.encode(call.decode(dict[str, Any]), order="sorted")
    return hashlib.sha256(call.op.encode() + b"\0" + sent).digest()
