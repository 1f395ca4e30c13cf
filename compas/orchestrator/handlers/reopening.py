"""Handler of `reopen`."""

import msgspec

from actors.remote.call import Call
from compas.api.reopening import ReopenRequest, ReopenResponse
from compas.domain import events as e
from compas.orchestrator.handlers.desk import Desk, answered, first_answer, request_id
from compas.orchestrator.messages import ReopenThread


async def reopen(desk: Desk, call: Call) -> ReopenResponse:
    """Make a thread that has ended active again."""
    request = call.decode(ReopenRequest)
    repeated = await first_answer(desk, call, ReopenResponse)
    if repeated is not None:
        return repeated
    thread = request.thread_id

    def respond(recorded: tuple[e.Recorded, ...]) -> bytes:
        reopened = next(one.event for one in recorded if isinstance(one.event, e.ThreadReopened))
        response = ReopenResponse(
            thread_id=thread,
            previous_status=reopened.previous,
            new_status="Active",
            next_step=f"compas dispatch AGENT TEXT --thread {thread}",
        )
        return msgspec.json.encode(response)

    message = ReopenThread(by=request.sender, request_id=request_id(call, desk), respond=respond)
    return answered(await desk.ask_thread(thread, message), ReopenResponse)
