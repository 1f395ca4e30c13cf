"""Handler of `verdict`."""

import msgspec

from actors.remote.errors import CallError
from compas.api.verdicts import VerdictRequest, VerdictResponse
from compas.domain.approval.judged import judged_now
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import Desk, answered
from compas.orchestrator.messages.thread import DescribeThread, GiveVerdict


async def verdict(desk: Desk, call: ResolvedCall) -> VerdictResponse:
    """Note what the calling reviewer thinks of the work that it was given."""
    request = call.decode(VerdictRequest)
    caller = call.caller
    if caller is None:
        sentence = "a verdict is a reviewer's, given from inside its execution; merge or dispatch again instead"
        raise CallError("not_an_agent", sentence)
    state = await desk.ask_thread(caller.thread, DescribeThread())
    run = state.runs[caller.execution]
    response = VerdictResponse(
        execution_id=caller.execution,
        thread_id=caller.thread,
        verdict=request.verdict,
        judged=judged_now(state, run),
    )
    message = GiveVerdict(
        execution=caller.execution,
        verdict=request.verdict,
        request_id=call.request_id,
        respond=lambda recorded: msgspec.json.encode(response),
    )
    return answered(await desk.ask_thread(caller.thread, message), VerdictResponse)
