"""Keeps the dashboard fed: what stands, then every event after it, over as many connections as it takes."""

from collections.abc import Callable, Iterator

import trio

from actors.remote.background import open_background
from actors.remote.errors import RequestFailed, SessionLost, WireError
from actors.remote.session import Session
from compas.api.agents import LIST_AGENTS, ListAgentsRequest
from compas.api.history import EVENTS, EventsRequest, LogEvent
from compas.api.operation import Operation
from compas.api.supervision import HEALTH, HealthRequest
from compas.api.threads import STATUS, StatusRequest
from compas.client.connection import Reach
from compas.clock import Clock
from compas.dashboard.source import Req, Res
from compas.dashboard.state import Greeted, HealthRead, Lost, Opened, ReviewsRead, Update
from compas.errors import CompasError

THREADS = 250
"""Threads that are shown at most, the newest ones."""
LOOK_BACK = 2000
"""Events before the beginning that are read as well: merges, and what threads are about, stand only there."""
HEALTH_SECONDS = 1.0
"""The supervisor is asked again how it is, and how reviews stand, when work begins or ends, at most this often."""
NEWS = ("execution.", "thread.", "config.", "verdict.", "person.", "work.", "merge.completed")
"""Events after which it is asked again begin so."""

TROUBLE = (WireError, CompasError, OSError)
"""What can be wrong with a connection; another one may mend it."""

Sink = Callable[[Update], None]


def patient() -> Iterator[float]:
    """Yield the seconds to wait before each new attempt to connect: soon at first, then every other second."""
    yield from (0.1, 0.25, 0.5, 1.0)
    while True:
        yield 2.0


class Feed:
    """One at a time, opens connections with `reach` and tells `sink` what comes over them; never gives up.

    `start` reaches the supervisor too, but starts one where none is; without it, that is refused.
    """

    def __init__(self, reach: Reach, sink: Sink, clock: Clock, *, start: Reach | None = None) -> None:
        self._reach = reach
        self._start = start
        self._sink = sink
        self._clock = clock
        self._session: Session | None = None
        self._connected = trio.Event()
        self._woken = trio.Event()
        self._stale = trio.Event()
        self._is_to_start = False

    @property
    def may_start(self) -> bool:
        """Whether this dashboard may start a supervisor."""
        return self._start is not None

    def start_supervisor(self) -> None:
        """Connect again at once, and start a supervisor if there is none."""
        self._is_to_start = self.may_start
        self._woken.set()

    async def session(self) -> Session:
        """Return the connection's session, waiting until there is one."""
        while self._session is None:
            await self._connected.wait()
        return self._session

    async def ask(self, operation: Operation[Req, Res], request: Req) -> Res:
        """Ask for a read once there is a connection. Raises RequestFailed, SessionLost and other WireErrors."""
        session = await self.session()
        return await session.request(operation.name, request, operation.response)

    async def run(self) -> None:
        """Feed until cancelled."""
        delays = patient()
        while True:
            start = self._start if self._is_to_start else None
            reach = start or self._reach
            try:
                async with reach() as session:
                    await self._serve(session)
            except TROUBLE as error:
                if start is not None and isinstance(error, CompasError):
                    self._is_to_start = False  # it could not be started; one that was just ending is tried again
                self._sink(Lost(reason=in_words(error), at=self._clock()))
            if self._connected.is_set():
                self._session, self._connected = None, trio.Event()
                delays = patient()
            with trio.move_on_after(next(delays)):
                await self._woken.wait()
            self._woken = trio.Event()

    async def _serve(self, session: Session) -> None:
        self._sink(Greeted(state=session.welcome.state))
        health = await session.request(HEALTH.name, HealthRequest(is_brief=True), HEALTH.response)
        agents = await session.request(LIST_AGENTS.name, ListAgentsRequest(), LIST_AGENTS.response)
        status = await session.request(STATUS.name, StatusRequest(limit=THREADS), STATUS.response)
        # When it has ended the next one is started: whoever opens a dashboard wants one to look at. One that was asked
        # for while another was ending is not there before this.
        self._is_to_start = health.state == "stopping" and self.may_start
        self._sink(Opened(health=health, places=agents.global_max_concurrent, status=status))
        self._session = session
        self._connected.set()
        async with open_background() as helpers:
            helpers.start_soon(self._read_again, session)
            request = EventsRequest(after=max(0, health.events - LOOK_BACK), follow=True)
            async with session.open_stream(EVENTS.name, request, LogEvent) as events:
                async for event in events:
                    self._sink(event)
                    if event.position > health.events and event.type.startswith(NEWS):
                        self._stale.set()
        raise SessionLost("the supervisor has nothing more to tell")

    async def _read_again(self, session: Session) -> None:
        """Ask again after events that may have changed the answers; losing the connection is the reader's to tell."""
        try:
            while True:
                await self._stale.wait()
                await trio.sleep(HEALTH_SECONDS)
                self._stale = trio.Event()
                health = await session.request(HEALTH.name, HealthRequest(is_brief=True), HEALTH.response)
                self._sink(HealthRead(health=health))
                status = await session.request(STATUS.name, StatusRequest(limit=THREADS), STATUS.response)
                self._sink(ReviewsRead(reviews={row.thread_id: row.review for row in status.threads}))
        except (RequestFailed, SessionLost):
            return


def in_words(error: Exception) -> str:
    """Return what went wrong, short enough for a line."""
    if isinstance(error, SessionLost):
        return error.reason
    return error.message if isinstance(error, RequestFailed) else str(error)
