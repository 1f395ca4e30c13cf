"""Handler of `reopen`."""

import msgspec

from compas.api.reopening import ReopenRequest, ReopenResponse
from compas.domain import events as e
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import Desk, answered
from compas.orchestrator.merges.publications import once_published
from compas.orchestrator.messages.thread import ReopenThread


async def reopen(desk: Desk, call: ResolvedCall) -> ReopenResponse:
    """Make a thread that has ended active again."""
    request = call.decode(ReopenRequest)
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

    message = ReopenThread(by=request.sender, request_id=call.request_id, respond=respond)
    outcome = await once_published(desk.registry, thread, lambda: desk.ask_thread(thread, message))
    return answered(outcome, ReopenResponse)
