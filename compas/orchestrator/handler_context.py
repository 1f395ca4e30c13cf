"""What every handler works with: the actors behind an operation, and how their refusals become answers."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

import msgspec

from actors.ask import Ask
from actors.bus import EventBus
from actors.ref import ActorRef
from actors.registry import Registry
from actors.remote.errors import CallError
from compas.domain.decision import Refusal
from compas.domain.requests import RequestId
from compas.git.errors import GitError, GitRefused
from compas.orchestrator.asking import ThreadBusyError, ask_thread
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.messages.journal import Commit
from compas.orchestrator.messages.thread import Answered
from compas.orchestrator.refused import unless_refused
from compas.orchestrator.services import ASK_TIMEOUT_SECS, JOURNAL, Services
from compas.store.records import Append

Mode = Literal["idle", "drain", "now", "detach", "restart"]
"""How a supervisor ends. idle: nobody needs it; drain: running agents finish; now: they are ended; detach and restart:
they run on, and with restart the next supervisor is about to start."""

R = TypeVar("R")
Res = TypeVar("Res", bound=msgspec.Struct)


@dataclass(kw_only=True)
class Supervision:
    """What the supervisor tells of itself, and takes from clients."""

    pid: int
    version: str
    since: float
    log_path: str
    warnings: tuple[str, ...]
    stop: Callable[[Mode], None]
    state: str = "recovering"
    ending: Mode | None = None
    clients: int = 0
    ends_when_idle: bool = False


@dataclass(frozen=True, kw_only=True)
class HandlerContext:
    """Handed to every handler. `waiting` counts the waits of each execution whose agent waits for an answer."""

    services: Services
    registry: Registry
    bus: EventBus
    supervision: Supervision
    waiting: Counter[str] = field(default_factory=Counter)

    async def actor(self, name: str) -> ActorRef:
        """Return an actor that always exists, waiting while it is being restarted."""
        return await self.registry.wait_registered(name)

    async def ask_thread(self, thread: str, message: Ask[R]) -> R:
        """Ask the actor of a thread, bringing it back if it was put away.

        The message is asked again after the actor was ended in the middle of it, so it has to carry a request id.
        """
        try:
            return await ask_thread(self.registry, thread, message)
        except ThreadBusyError as busy:
            raise CallError("busy", str(busy)) from busy

    async def keep_answer(self, request: RequestId, response: msgspec.Struct) -> None:
        """Keep what a request that several commits have carried out is answered, when it is asked for again.

        Raises StoreUnavailable while the disk does not take it.
        """
        append = Append(events=(), request=request, response=msgspec.json.encode(response))
        await (await self.actor(JOURNAL)).ask(Commit(append), timeout=ASK_TIMEOUT_SECS)


def git_refused(err: GitError) -> CallError:
    """Return a git error as the client's: a refusal by its own code, anything else as `git_failed`."""
    return CallError(err.code, err.message) if isinstance(err, GitRefused) else CallError("git_failed", str(err))


Handler = Callable[[HandlerContext, ResolvedCall], Awaitable[msgspec.Struct]]


def answered(outcome: Answered | Refusal, response: type[Res]) -> Res:
    """Return the response of a command that took effect; raise what refused it as the client's error."""
    return msgspec.json.decode(unless_refused(outcome).body, type=response)
