"""Handler of `verdict`."""

import msgspec

from actors.remote.call import Call
from actors.remote.errors import CallError
from compas.api.verdicts import VerdictRequest, VerdictResponse
from compas.orchestrator.handlers.callers import caller_of
from compas.orchestrator.handlers.desk import Desk, answered, first_answer, request_id
from compas.orchestrator.messages import DescribeThread, GiveVerdict


async def verdict(desk: Desk, call: Call) -> VerdictResponse:
    """Note what the calling reviewer thinks of the work that it was given."""
    request = call.decode(VerdictRequest)
    repeated = await first_answer(desk, call, VerdictResponse)
    if repeated is not None:
        return repeated
    caller = await caller_of(desk, call)
    if caller is None:
        sentence = "a verdict is a reviewer's, given from inside its execution; merge or dispatch again instead"
        raise CallError("not_an_agent", sentence)
    state = await desk.ask_thread(caller.thread, DescribeThread())
    work = state.messages[state.runs[caller.execution].queued.message].posted.work
    response = VerdictResponse(
        execution_id=caller.execution,
        thread_id=caller.thread,
        verdict=request.verdict,
        judged=work.snapshot if work is not None else None,
    )
    message = GiveVerdict(
        execution=caller.execution,
        verdict=request.verdict,
        request_id=request_id(call, desk),
        respond=lambda recorded: msgspec.json.encode(response),
    )
    return answered(await desk.ask_thread(caller.thread, message), VerdictResponse)
