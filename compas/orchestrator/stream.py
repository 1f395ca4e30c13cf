"""One actor's stream: commits what its rules decide, and folds in what was recorded."""

import logging
import math
from collections.abc import Awaitable, Callable
from typing import TypeVar

from actors.errors import ChildStartFailed
from actors.ref import ActorRef
from compas.domain.decision import Draft
from compas.domain.events import Recorded
from compas.orchestrator.messages import Commit, WaitWritable
from compas.orchestrator.services import ASK_TIMEOUT_SECS
from compas.store.errors import StoreUnavailable
from compas.store.records import Append, Appended, Conflict, NewEvent, Repeated

log = logging.getLogger("compas.journal")


class StreamTakenError(Exception):
    """Somebody else wrote to this actor's stream: it is no longer its only writer, so it begins anew from the log."""


async def commit(
    journal: ActorRef,
    drafts: tuple[Draft, ...],
    *,
    stream: str,
    version: int,
    causation: str,
    request_id: str = "",
    respond: Callable[[tuple[Recorded, ...]], bytes] | None = None,
) -> Appended | Repeated:
    """Record drafts of one decision, if the stream is still at `version`.

    A request that was answered before gets its first answer, and nothing is recorded. Raises StreamTakenError,
    StoreUnavailable (nothing was recorded) and AskTimeout (unknown: crash, and read the log again).
    """
    events = tuple(
        NewEvent(stream=draft.stream, event=draft.event, causation=causation, lineage=draft.lineage) for draft in drafts
    )
    append = Append(
        events=events,
        expected={stream: version},
        request_id=request_id,
        response=respond if respond is not None else b"",
    )
    outcome = await journal.ask(Commit(append), timeout=ASK_TIMEOUT_SECS)
    if isinstance(outcome, Conflict):
        raise StreamTakenError(f"{outcome.stream} is at version {outcome.actual}, not {outcome.expected}")
    return outcome


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
