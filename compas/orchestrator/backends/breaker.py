"""The circuit breaker of one backend: reads how executions ended, records its changes, and tells admission."""

import logging
from functools import partial

import trio

from actors.actor import Context
from actors.errors import ActorStopped
from actors.ref import ActorRef
from compas.domain import events as e
from compas.domain.breaker import Breaker, decide_breaker, decide_new_login, evolve
from compas.orchestrator.messages.admission import BackendPlaces
from compas.orchestrator.services import ADMISSION, JOURNAL, Services
from compas.orchestrator.stream import commit, patiently
from compas.orchestrator.wall_time import wait_until
from compas.store.projections.ends import ends_on

log = logging.getLogger("compas.breaker")


class BreakerKeeper:
    """Runs in a task of its backend's actor. It is the only writer of the backend's stream.

    It reads the log instead of counting what it is told, so that word of an end which got lost in a crash is made up
    for by the next, and a restart changes nothing.
    """

    def __init__(self, backend: str, services: Services) -> None:
        self._services = services
        self._state = Breaker(backend=backend)
        self._told: int | None = None
        self._word = trio.Event()
        self._is_login_new = False

    @property
    def state(self) -> Breaker:
        """Where it stands."""
        return self._state

    def places(self) -> int | None:
        """Return how many executions may be at work on the backend now."""
        return self._state.places(self._services.clock())

    def look(self) -> None:
        """Have it look at the log again: an execution has ended, or the config has changed."""
        self._word.set()

    @property
    def lacks_login(self) -> bool:
        """Whether it is open because its CLI was not let in."""
        return bool(decide_new_login(self._state))

    def take_new_login(self) -> None:
        """Have it begin again: there are other credentials than those that were refused."""
        self._is_login_new = True
        self._word.set()

    async def read(self) -> None:
        """Read its stream."""
        for recorded in await self._services.store.read_stream(e.backend_stream(self._state.backend)):
            self._state = evolve(self._state, recorded)

    async def keep(self, context: Context) -> None:
        """Look whenever there is word, and when an open breaker's time is over; never returns."""
        while True:
            self._word = trio.Event()
            await self._decide(context)
            await self._tell(context)
            await self._wait()

    async def _decide(self, context: Context) -> None:
        services, backend = self._services, self._state.backend
        ends = await services.store.query(partial(ends_on, backend=backend, since=self._state.since))
        drafts = decide_new_login(self._state) if self._is_login_new else ()
        drafts = drafts or decide_breaker(self._state, ends, services.config.circuit_breaker, services.clock())
        self._is_login_new = False
        if not drafts:
            return

        async def journal() -> ActorRef:
            return await context.registry.wait_registered(JOURNAL)

        async def record() -> None:
            stream = e.backend_stream(backend)
            causation = f"backend:{backend}"
            outcome = await commit(
                await journal(), drafts, stream=stream, version=self._state.version, causation=causation
            )
            for recorded in outcome.recorded:
                self._state = evolve(self._state, recorded)

        await patiently(journal, record)
        standing = "open" if self._state.opened is not None else "closed"
        log.warning("the circuit breaker of %s is %s", backend, standing, extra={"action": "breaker_changed"})

    async def _tell(self, context: Context) -> None:
        """Tell admission, which lets in one at a time while it is told a number; one that starts later asks."""
        places = self.places()
        admission = context.registry.find(ADMISSION)
        if (places is None and self._told is None) or admission is None:
            return
        try:
            await admission.tell(BackendPlaces(backend=self._state.backend, places=places))
        except ActorStopped:
            return
        self._told = places

    async def _wait(self) -> None:
        opened, clock = self._state.opened, self._services.clock
        is_open = opened is not None and opened.until > clock()
        await wait_until(opened.until if opened is not None and is_open else float("inf"), clock, self._word)
