"""Handlers of `poll` and `read`: messages as they are now."""

from actors.remote.errors import CallError
from compas.api import messages as api
from compas.domain.advice import THREAD, advise, say
from compas.domain.decision import no_such_thread
from compas.domain.ids import parse_reference, reference
from compas.domain.polling import Look, beginning
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import HandlerContext
from compas.orchestrator.refused import call_error, refused
from compas.store.connection import Reader
from compas.store.projections.execution_queries import newest_of_thread
from compas.store.projections.messages import MessageRow, intents_of_thread, message_by_number, messages_of_thread
from compas.store.projections.threads import thread_by_id


async def poll(context: HandlerContext, call: ResolvedCall) -> api.PollResponse:
    """Say what messages there are, without waiting for any."""
    request = call.decode(api.PollRequest)
    look = Look(
        after=number_of(request.since_reference) if request.since_reference is not None else 0,
        has_cursor=request.since_reference is not None,
        intent=request.intent,
        trigger_intents=frozenset(context.services.config.trigger_intents),
    )
    found = await context.services.store.query(lambda reader: _poll(reader, request, look))
    if found is None:
        raise refused(no_such_thread(request.thread_id))
    return found


def _poll(reader: Reader, request: api.PollRequest, look: Look) -> api.PollResponse | None:
    thread = thread_by_id(reader, request.thread_id)
    if thread is None:
        return None
    known = intents_of_thread(reader, thread.thread, after=look.after)
    matching = [number for number, intent in known if look.counts(intent)]
    shown = [message_by_number(reader, number) for number in matching[: request.limit]]
    latest = message_by_number(reader, matching[-1]) if matching else None
    newest = newest_of_thread(reader, thread.thread)
    return api.PollResponse(
        thread_id=thread.thread,
        thread_status=thread.status,
        summary=thread.summary,
        matched_messages=len(matching),
        latest_message_id=latest.number if latest is not None else None,
        latest_message_ref=reference(latest.number) if latest is not None else None,
        latest_intent=latest.intent if latest is not None else None,
        latest_body_preview=beginning(latest.body) if latest is not None else None,
        execution_status=newest.status if newest is not None else None,
        messages=tuple(_polled(row) for row in shown if row is not None),
        more=len(matching) > request.limit,
    )


def _polled(row: MessageRow) -> api.PolledMessage:
    return api.PolledMessage(
        id=row.number,
        reference=reference(row.number),
        sender=row.sender,
        to=row.recipient,
        intent=row.intent,
        body_preview=beginning(row.body),
        created_at=row.at,
    )


async def read(context: HandlerContext, call: ResolvedCall) -> api.ReadResponse:
    """Return one message, or a page of a thread's."""
    request = call.decode(api.ReadRequest)
    if (request.reference is None) == (request.thread_id is None):
        raise CallError("invalid", "give the message to read (db:<n> or <n>), or the thread whose messages to read")
    if request.reference is not None:
        if request.since_reference is not None:
            raise CallError("invalid", "a starting point goes with a thread: give one message to read, or both of them")
        return await _one(context, request.reference)
    after = number_of(request.since_reference) if request.since_reference is not None else 0
    return await _page(context, request.thread_id or "", after, request.limit)


async def _one(context: HandlerContext, text: str) -> api.ReadResponse:
    number = number_of(text)
    row = await context.services.store.query(lambda reader: message_by_number(reader, number))
    if row is None:
        sentence = say(f"there is no message {text}; `", advise("transcript", thread_id=THREAD), "` lists them")
        raise call_error("unknown_message", sentence)
    return api.ReadResponse(
        id=row.number,
        reference=reference(row.number),
        thread_id=row.thread,
        sender=row.sender,
        to=row.recipient,
        intent=row.intent,
        body=row.body,
        created_at=row.at,
        execution_id=row.execution,
    )


async def _page(context: HandlerContext, thread: str, after: int, limit: int) -> api.ReadResponse:
    def look(reader: Reader) -> tuple[MessageRow, ...] | None:
        if thread_by_id(reader, thread) is None:
            return None
        return messages_of_thread(reader, thread, after=after, limit=limit + 1)

    found = await context.services.store.query(look)
    if found is None:
        raise refused(no_such_thread(thread))
    shown = found[:limit]
    return api.ReadResponse(
        thread_id=thread,
        messages=tuple(
            api.WholeMessage(
                id=row.number,
                reference=reference(row.number),
                thread_id=row.thread,
                sender=row.sender,
                to=row.recipient,
                intent=row.intent,
                body=row.body,
                created_at=row.at,
                execution_id=row.execution,
            )
            for row in shown
        ),
        next_reference=reference(shown[-1].number if shown else after),
        more=len(found) > limit,
    )


def number_of(text: str) -> int:
    """Read a message reference. Raises the client's error."""
    number = parse_reference(text)
    if number is None:
        found = f"{text!r} is no message reference; give db:<n> or <n>, as dispatch returned it"
        raise CallError("invalid", found)
    return number
