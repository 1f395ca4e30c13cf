"""Admission: who may run now. It keeps the line in memory, since the log says who is in it."""

import contextlib
from collections.abc import Callable

import msgspec

from actors.actor import Actor
from actors.errors import ActorStopped
from compas.config.config import Config
from compas.domain import admission as rules
from compas.domain.admission import Line
from compas.orchestrator.messages.admission import (
    BackendPlaces,
    ClaimPlace,
    KeepPlaces,
    LimitsChanged,
    ReleasePlace,
    RequestPlace,
)
from compas.orchestrator.messages.backend import DescribeBreaker, ExecutionOver
from compas.orchestrator.messages.thread import PlaceGranted
from compas.orchestrator.services import ADMISSION, ASK_TIMEOUT_SECS, Services, backend_name, thread_name


class Admission(Actor):
    """Grants places by the limits that hold now. Granting is told, never asked, so that nobody waits in a mailbox.

    Smaller limits end nothing: who has a place keeps it.
    """

    def __init__(self, limits: Callable[[], rules.Limits], services: Services) -> None:
        self._limits = limits
        self._services = services
        self._restrictions: dict[str, rules.Restriction] = {}
        self._line = Line()
        self._threads: dict[str, str] = {}

    async def on_start(self) -> None:
        """Be found by the threads. They are restarted after this actor, and say anew what they want and have.

        Where the circuit breakers stand is asked of the backends; one that is being restarted will tell.
        """
        self.context.registry.register(ADMISSION, self.context.ref)
        for backend in self._services.backends:
            found = self.context.registry.find(backend_name(backend))
            try:
                if found is not None:
                    breaker = await found.ask(DescribeBreaker(), timeout=ASK_TIMEOUT_SECS)
                    self._set_places(backend, breaker.places(self._services.clock()))
            except ActorStopped:
                continue

    async def receive(self, message: object) -> object:
        """Keep the line, and let in whoever has room."""
        match message:
            case RequestPlace(claim=claim) if claim.execution in self._line.running:
                # Its thread was restarted after the grant, and has forgotten it.
                self.context.start_soon(self._grant, claim.execution)
            case RequestPlace(claim=claim, thread=thread):
                self._threads[claim.execution] = thread
                self._line = rules.enqueue(self._line, claim)
            case ClaimPlace(claim=claim, thread=thread):
                self._threads[claim.execution] = thread
                if claim.execution not in self._line.running:
                    self._count(claim)
            case ReleasePlace(execution=execution):
                self._leave(execution)
            case BackendPlaces(backend=backend, places=places):
                self._set_places(backend, places)
            case KeepPlaces(thread=thread, executions=kept):
                for execution in [name for name, owner in self._threads.items() if owner == thread]:
                    if execution not in kept:
                        self._leave(execution)
            case LimitsChanged():
                pass  # whoever has room now is let in below
            case _:
                raise self.unexpected(message)
        if not self._services.new_work.is_welcome:
            return None
        self._line, granted = rules.grant(self._line, self._limits(), self._restrictions)
        for claim in granted:
            if claim.backend in self._restrictions:
                # What comes of it decides whether there is another: its backend looks, and tells.
                self._set_places(claim.backend, 0)
            # In a task of its own: a thread whose mailbox is full may be waiting for room in ours.
            self.context.start_soon(self._grant, claim.execution)
        return None

    def _set_places(self, backend: str, places: int | None) -> None:
        known = self._restrictions.pop(backend, None)
        if places is not None and known is None:
            self._restrictions[backend] = rules.restriction_of(self._line, backend, places)
        elif places is not None and known is not None:
            self._restrictions[backend] = msgspec.structs.replace(known, places=places)

    def _count(self, claim: rules.Claim) -> None:
        """Count one that was found alive: where its backend's breaker is not closed, it was there before."""
        self._line = rules.occupy(self._line, claim)
        restriction = self._restrictions.get(claim.backend)
        if restriction is not None:
            self._restrictions[claim.backend] = msgspec.structs.replace(
                restriction, before=restriction.before | {claim.execution}
            )

    def _leave(self, execution: str) -> None:
        self._threads.pop(execution, None)
        claim = self._line.running.get(execution)
        if claim is not None and claim.backend in self._restrictions:
            self.context.start_soon(self._have_looked_at, claim.backend)
        self._line = rules.leave(self._line, execution)

    async def _have_looked_at(self, backend: str) -> None:
        found = self.context.registry.find(backend_name(backend))
        with contextlib.suppress(ActorStopped):  # it tells when it is there again
            if found is not None:
                await found.tell(ExecutionOver())

    async def _grant(self, execution: str) -> None:
        thread = self.context.registry.find(thread_name(self._threads.get(execution, "")))
        try:
            if thread is not None:
                await thread.tell(PlaceGranted(execution=execution))
                return
        except ActorStopped:
            pass  # as good as not there
        await self.context.ref.tell(ReleasePlace(execution=execution))


def limits_of(config: Config) -> rules.Limits:
    """Return what the config says about how many executions may run."""
    own = {agent.alias: agent.max_concurrent for agent in config.agents.values() if agent.max_concurrent is not None}
    return rules.Limits(overall=config.effective_concurrency, per_agent=config.max_triggers_per_agent, of_agent=own)
