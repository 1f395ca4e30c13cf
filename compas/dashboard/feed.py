"""Keeps the dashboard fed: what stands, then every event after it, over as many connections as it takes."""

from collections.abc import Callable, Iterator

import trio

from actors.remote.background import open_background
from actors.remote.errors import RequestFailed, SessionLost, WireError
from actors.remote.session import Session
from compas.api.history import EVENTS, EventsRequest, LogEvent
from compas.api.merges import MERGE_STATUS
from compas.api.operation import Operation
from compas.api.supervision import HEALTH
from compas.api.threads import STATUS, StatusRequest, StatusResponse
from compas.client.connection import Reach
from compas.clock import Clock
from compas.dashboard.alarm import alarm_of
from compas.dashboard.needs import Need
from compas.dashboard.source import Req, Res
from compas.dashboard.state import Greeted, Lagging, Lost, Opened, Update
from compas.dashboard.upkeep import HEALTH_NOW, MERGES_NOW, STATUS_NOW, THREADS, Upkeep
from compas.errors import CompasError

LAG_SECONDS, LAG_EVENTS = 3, 20
"""The dashboard is behind when so many events in a row are read so long after they happened."""

TROUBLE = (WireError, CompasError, OSError)
"""What can be wrong with a connection; another one may mend it."""

Sink = Callable[[Update], None]
Ring = Callable[[str], None]


def patient() -> Iterator[float]:
    """Yield the seconds to wait before each new attempt to connect: soon at first, then every other second."""
    yield from (0.1, 0.25, 0.5, 1.0)
    while True:
        yield 2.0


class Feed:
    """One at a time, opens connections with `reach` and tells `sink` what comes over them; never gives up.

    `start` reaches the supervisor too, but starts one where none is; without it, that is refused. `ring` is given what
    the terminal is to be sent for a notification that comes while it is connected.
    """

    def __init__(
        self, reach: Reach, sink: Sink, clock: Clock, *, start: Reach | None = None, ring: Ring | None = None
    ) -> None:
        self._reach = reach
        self._start = start
        self._sink = sink
        self._ring = ring
        self._clock = clock
        self._session: Session | None = None
        self._connected = trio.Event()
        self._woken = trio.Event()
        self._upkeep = Upkeep(sink)
        self._is_to_start = False
        self._behind = self._late = 0

    @property
    def may_start(self) -> bool:
        """Whether this dashboard may start a supervisor."""
        return self._start is not None

    def start_supervisor(self) -> None:
        """Connect again at once, and start a supervisor if there is none."""
        self._is_to_start = self.may_start
        self._woken.set()

    def want(self, needs: tuple[Need, ...]) -> None:
        """See Source."""
        self._upkeep.want(needs)

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
        self._sink(Greeted(state=session.welcome.state, server=session.welcome.server))
        health = await session.request(HEALTH.name, HEALTH_NOW, HEALTH.response)
        status = await _status(session)
        merges = await session.request(MERGE_STATUS.name, MERGES_NOW, MERGE_STATUS.response)
        # When it has ended the next one is started: whoever opens a dashboard wants one to look at. One that was asked
        # for while another was ending is not there before this.
        self._is_to_start = health.state == "stopping" and self.may_start
        self._sink(Opened(health=health, status=status, merges=merges))
        self._session = session
        self._connected.set()
        self._behind = self._late = 0
        async with open_background() as helpers:
            helpers.start_soon(self._upkeep.serve, session, status.threads)
            request = EventsRequest(after=health.events, follow=True)
            async with session.open_stream(EVENTS.name, request, LogEvent) as events:
                async for event in events:
                    self._sink(event)
                    if self._ring is not None and (sound := alarm_of(event)):
                        self._ring(sound)
                    self._upkeep.hear(event.type)
                    self._tell_lag(int(self._clock() - event.at))
        raise SessionLost("the supervisor has nothing more to tell")

    def _tell_lag(self, seconds: int) -> None:
        self._late = self._late + 1 if seconds >= LAG_SECONDS else 0
        behind = seconds if self._late >= LAG_EVENTS else 0
        if behind != self._behind:
            self._behind = behind
            self._sink(Lagging(seconds=behind))


async def _status(session: Session) -> StatusResponse:
    """Return the threads, with all that a supervisor of this version tells, or as much as an older one does."""
    try:
        return await session.request(STATUS.name, STATUS_NOW, STATUS.response)
    except RequestFailed as error:
        if error.code != "invalid":
            raise
    return await session.request(STATUS.name, StatusRequest(limit=THREADS), STATUS.response)


def in_words(error: Exception) -> str:
    """Return what went wrong, short enough for a line."""
    if isinstance(error, SessionLost):
        return error.reason
    return error.message if isinstance(error, RequestFailed) else str(error)
