from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import msgspec
import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.remote.call import Call
from actors.remote.errors import CallError, RequestFailed, SessionLost, SocketRefused
from actors.remote.handshake import WelcomeInfo
from actors.remote.server import ServerSettings, serve_connection
from actors.remote.session import Session, open_session
from actors.remote.stream import ReconnectingStream, open_reconnecting_stream
from actors.remote.transport import memory_transport_pair


class Entry(msgspec.Struct):
    position: int


class Since(msgspec.Struct):
    after: int


class Log:
    """A server of a log, whose connections break after so many items each, and which repeats `overlap` of them."""

    def __init__(self, length: int, breaks: list[int], overlap: int = 0, prunes_before: int = 0) -> None:
        self.length = length
        self.breaks = iter(breaks)
        self.overlap = overlap
        self.prunes_before = prunes_before
        self.asked: list[int] = []
        self.refusals = 0

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Session]:
        if self.refusals:
            self.refusals -= 1
            raise SocketRefused("nobody listens")
        near, far = memory_transport_pair()
        budget = next(self.breaks, None)

        async def serve(call: Call) -> object:
            after = call.decode(Since).after
            self.asked.append(after)
            if after < self.prunes_before:
                raise CallError("pruned", f"events before {self.prunes_before} are gone")
            for sent, position in enumerate(range(max(0, after - self.overlap) + 1, self.length + 1)):
                if sent == budget:
                    await trio.testing.wait_all_tasks_blocked()
                    await far.aclose()
                await call.push(Entry(position))
            return None

        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve_connection, far, serve, ServerSettings(welcome=WelcomeInfo(server="log")))
            async with open_session(near, client="reader") as session:
                failure = None
                try:
                    yield session
                except Exception as error:
                    failure = error
        if failure is not None:
            raise failure


def _steady() -> Iterator[float]:
    while True:
        yield 1.0


def _open(
    log: Log, *, cursor: int = 0, backoff: Callable[[], Iterator[float]] = _steady
) -> AbstractAsyncContextManager[ReconnectingStream[Entry]]:
    return open_reconnecting_stream(
        log.connect,
        "log",
        Since,
        Entry,
        cursor=cursor,
        cursor_of=lambda entry: entry.position,
        backoff=backoff,
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 20), st.lists(st.integers(0, 12), max_size=6), st.integers(0, 5), st.integers(0, 20))
def test_there_is_no_gap_and_no_repeat_wherever_connections_break(
    length: int, breaks: list[int], overlap: int, start: int
) -> None:
    async def read() -> list[int]:
        async with _open(Log(length, breaks, overlap), cursor=start) as entries:
            return [entry.position async for entry in entries]

    clock = trio.testing.MockClock(autojump_threshold=0)
    assert trio.run(read, clock=clock) == list(range(start + 1, length + 1))


async def test_it_asks_again_from_the_last_item_it_had(autojump_clock: trio.testing.MockClock) -> None:
    log = Log(9, breaks=[4, 3])
    async with _open(log) as entries:
        assert [entry.position async for entry in entries] == list(range(1, 10))
        assert entries.cursor == 9
    assert log.asked == [0, 4, 7]


async def test_the_back_off_paces_it_and_starts_anew_after_an_item(
    autojump_clock: trio.testing.MockClock,
) -> None:
    log = Log(2, breaks=[1])
    log.refusals = 2
    async with _open(log, backoff=lambda: iter([1.0, 10.0, 100.0])) as entries:
        assert (await anext(entries)).position == 1
        assert trio.current_time() == pytest.approx(11, abs=0.5)
        log.refusals = 1
        assert (await anext(entries)).position == 2
        assert trio.current_time() == pytest.approx(22, abs=0.5)


async def test_when_the_back_off_ends_the_last_loss_is_raised(autojump_clock: trio.testing.MockClock) -> None:
    log = Log(5, breaks=[2])
    async with _open(log, backoff=lambda: iter([1.0])) as entries:
        assert [(await anext(entries)).position for _ in range(2)] == [1, 2]
        log.refusals = 9
        with pytest.raises(SocketRefused):
            await anext(entries)


async def test_a_server_that_says_no_is_not_asked_again(autojump_clock: trio.testing.MockClock) -> None:
    log = Log(length=3, breaks=[], prunes_before=50)
    async with _open(log) as entries:
        with pytest.raises(RequestFailed, match="before 50"):
            await anext(entries)
    assert log.asked == [0]


async def test_a_loss_without_another_try_is_raised_as_it_is(autojump_clock: trio.testing.MockClock) -> None:
    async with _open(Log(3, breaks=[0]), backoff=lambda: iter(())) as entries:
        with pytest.raises(SessionLost):
            await anext(entries)
