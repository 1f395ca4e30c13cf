"""One actor's stream: commits what its rules decide, and folds in what was recorded."""

import logging
import math
from collections.abc import Awaitable, Callable
from typing import TypeVar

from actors.errors import ActorError, ChildStartFailed
from actors.ref import ActorRef
from compas.domain.decision import Decision, Draft, Refusal
from compas.domain.events import ThreadOpened
from compas.domain.requests import RequestId, refuse_reuse
from compas.errors import CompasError
from compas.orchestrator.messages.journal import Commit, WaitWritable
from compas.orchestrator.messages.thread import Answered, Respond
from compas.orchestrator.services import ASK_TIMEOUT_SECS
from compas.store.errors import StoreUnavailable
from compas.store.event_log import Store
from compas.store.records import Append, Appended, Conflict, NewEvent, Repeated, Reused

log = logging.getLogger("compas.journal")


class StreamTakenError(Exception):
    """Somebody else wrote to this actor's stream: it is no longer its only writer, so it begins again from the log."""


class CommandFaultedError(CompasError):
    """A defect of ours in a client's command: nothing was recorded and nothing has changed, so its actor goes on."""

    def __init__(self, defect: Exception) -> None:
        found = f"{type(defect).__name__}: {defect}"
        super().__init__(f"a defect of compas kept this from being done, and nothing has changed ({found}); report it")


async def commit(
    journal: ActorRef, drafts: tuple[Draft, ...], *, stream: str, version: int, causation: str
) -> Appended:
    """Record drafts of one decision, if the stream is still at `version`.

    Raises StreamTakenError, StoreUnavailable (nothing was recorded) and AskTimeout (unknown: crash, and read the log
    again).
    """
    append = Append(events=_events(drafts, causation), expected=_expected(drafts, stream, version))
    outcome = await journal.ask(Commit(append), timeout=ASK_TIMEOUT_SECS)
    if isinstance(outcome, Appended):
        return outcome
    raise _taken(outcome)


async def commit_command(
    journal: ActorRef,
    store: Store,
    decision: Decision,
    *,
    stream: str,
    version: int,
    request_id: RequestId,
    respond: Respond,
) -> Appended | Answered | Refusal:
    """Record what was decided on a client's command, or return what it is answered instead.

    One that was recorded before is answered as the first time, even where it would be refused by now; another one
    under the same name is refused. Raises as `commit` does, and CommandFaultedError.
    """
    if isinstance(decision, Refusal) or not decision:
        first = await store.answer_of(request_id)
        match first:
            case bytes():
                return Answered(body=first)
            case Reused():
                return refuse_reuse(request_id, first.used_for)
            case None:
                return decision if isinstance(decision, Refusal) else Answered(body=respond(()))
    append = Append(
        events=_events(decision, f"request:{request_id.name}"),
        expected=_expected(decision, stream, version),
        request=request_id,
        response=respond,
    )
    try:
        outcome = await journal.ask(Commit(append), timeout=ASK_TIMEOUT_SECS)
    except (StoreUnavailable, ActorError):
        raise
    except Exception as err:
        raise CommandFaultedError(err) from err
    match outcome:
        case Appended():
            return outcome
        case Repeated():
            return Answered(body=outcome.response)
        case Reused():
            return refuse_reuse(request_id, outcome.used_for)
        case Conflict():
            raise _taken(outcome)


def _expected(drafts: tuple[Draft, ...], stream: str, version: int) -> dict[str, int]:
    """Return where the streams have to be: the actor's own as it knows it, those of threads that open at 0."""
    opened = {draft.stream: 0 for draft in drafts if isinstance(draft.event, ThreadOpened)}
    return {**opened, stream: version}


def _events(drafts: tuple[Draft, ...], causation: str) -> tuple[NewEvent, ...]:
    return tuple(
        NewEvent(stream=draft.stream, event=draft.event, causation=causation, lineage=draft.lineage) for draft in drafts
    )


def _taken(outcome: Conflict | Repeated | Reused) -> Exception:
    if isinstance(outcome, Conflict):
        return StreamTakenError(f"{outcome.stream} is at version {outcome.actual}, not {outcome.expected}")
    return AssertionError(f"what is no request was answered as one: {outcome}")


def why_not_started(failed: ChildStartFailed) -> Exception:
    """Return what the asker for an actor is told when its stream could not be read: the disk's own words, if any."""
    found: BaseException | None = failed.reason.group and failed.reason.group.subgroup(StoreUnavailable)
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found if isinstance(found, Exception) else failed


R = TypeVar("R")


async def patiently(journal: Callable[[], Awaitable[ActorRef]], record: Callable[[], Awaitable[R]]) -> R:
    """Record something that has happened and must not be forgotten: while the disk takes nothing, wait until it does.

    For what nobody can be told to repeat; a client's command is refused instead.
    """
    while True:
        try:
            return await record()
        except StoreUnavailable as err:
            log.error("something waits to be recorded: %s", err, extra={"action": "waiting_for_log"})
            await (await journal()).ask(WaitWritable(), timeout=math.inf)
