import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
import trio
import trio.testing

from actors.remote.call import Call, CallHandler
from actors.remote.codec import Codec
from actors.remote.errors import CallError, FrameTooLarge, RequestFailed, SessionLost, TransportEnded
from actors.remote.frames import (
    Cancel,
    Credit,
    Failure,
    Frame,
    Goodbye,
    Hello,
    Push,
    Refused,
    Reply,
    Request,
    Welcome,
)
from actors.remote.framing import Encoding
from actors.remote.handshake import WelcomeInfo
from actors.remote.server import ServerSettings, serve_connection
from actors.remote.session import Session
from actors.remote.transport import MemoryTransport, memory_transport_pair
from tests.kit.actors.remote_playground import Playground
from tests.kit.ceiling import CEILING

OpenPair = Callable[..., AbstractAsyncContextManager[Session]]

_SETTINGS = ServerSettings(welcome=WelcomeInfo(server="s"), max_in_flight=2)


class RawClient:
    """A client that sends exactly the frames it is told to."""

    def __init__(self, transport: MemoryTransport) -> None:
        self.transport = transport
        self.codec = Codec(transport.encoding)

    async def send(self, frame: Frame) -> None:
        await self.transport.send_frame(self.codec.encode_frame(frame))

    async def receive(self) -> Frame:
        return self.codec.decode_frame(await self.transport.receive_frame())

    async def ask(self, id_: int, op: str, args: object = None, **fields: object) -> None:
        await self.send(Request(id=id_, op=op, args=self.codec.encode(args), **fields))


@asynccontextmanager
async def _raw_client(
    handler: CallHandler, settings: ServerSettings = _SETTINGS, **options: int
) -> AsyncIterator[RawClient]:
    near, far = memory_transport_pair(**options)
    with trio.fail_after(CEILING):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve_connection, far, handler, settings)
            client = RawClient(near)
            await client.send(Hello(protocol=1, oldest=1, client="raw/1"))
            assert isinstance(await client.receive(), Welcome)
            yield client
            await near.aclose()


async def test_a_crashing_handler_fails_its_request_is_logged_and_harms_no_other(
    open_pair: OpenPair, playground: Playground, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_pair(playground) as session:
        with pytest.raises(RequestFailed, match="LookupError: no operation explode") as failed:
            await session.request("explode", None, int)
        assert await session.request("add", {"a": 1, "b": 1}, dict) == {"sum": 2}
    assert failed.value.code == "internal"
    [record] = [r for r in caplog.records if r.name == "actors.remote" and r.levelno == logging.ERROR]
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], LookupError)


async def test_a_call_error_out_of_a_nursery_is_still_a_call_error(open_pair: OpenPair) -> None:
    async def child() -> None:
        raise CallError("conflict", "the target moved")

    async def handler(_call: Call) -> object:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(child)
        return None

    async with open_pair(handler) as session:
        with pytest.raises(RequestFailed, match="the target moved") as failed:
            await session.request("merge", None, int)
    assert failed.value.code == "conflict"


async def test_a_handler_that_fails_while_it_is_cancelled_keeps_the_connection(
    open_pair: OpenPair, caplog: pytest.LogCaptureFixture
) -> None:
    hanging = trio.Event()

    async def clumsy() -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise OSError("could not tidy up")

    async def handler(call: Call) -> object:
        if call.op == "ping":
            return "pong"
        async with trio.open_nursery() as nursery:
            nursery.start_soon(clumsy)
            nursery.start_soon(trio.sleep_forever)
            hanging.set()
        return None

    async with open_pair(handler) as session:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(session.request, "hang", None, int)
            await hanging.wait()
            await trio.testing.wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
        assert await session.request("ping", None, str) == "pong"
        async with trio.open_nursery() as nursery:
            hanging = trio.Event()
            nursery.start_soon(_swallow_loss, session)
            await hanging.wait()
            await trio.testing.wait_all_tasks_blocked()
            await session._transport.aclose()  # ends the connection, and with it the clumsy handler
    assert "could not tidy up" in caplog.text


async def _swallow_loss(session: Session) -> None:
    with pytest.raises(SessionLost):
        await session.request("hang", None, int)


async def test_a_reply_over_the_limit_becomes_a_failure(open_pair: OpenPair, playground: Playground) -> None:
    async with open_pair(playground, max_frame=1000) as session:
        with pytest.raises(RequestFailed, match="over the limit of 1000") as failed:
            await session.request("blob", 5000, str)
        assert failed.value.code == "too_large"
        assert len(await session.request("blob", 500, str)) == 500


async def test_a_failure_over_the_limit_becomes_a_smaller_one(open_pair: OpenPair) -> None:
    async def handler(_call: Call) -> object:
        raise CallError("conflict", "x", details="y" * 2000)

    async with open_pair(handler, max_frame=1000) as session:
        with pytest.raises(RequestFailed, match="failed with conflict") as failed:
            await session.request("merge", None, int)
    assert failed.value.code == "too_large"


async def test_an_item_over_the_limit_is_the_handlers_to_deal_with(open_pair: OpenPair) -> None:
    async def handler(call: Call) -> object:
        with pytest.raises(FrameTooLarge):
            await call.push("x" * 2000)
        await call.push("small")
        return "sent the small one"

    seen: list[object] = []
    async with open_pair(handler, max_frame=1000) as session:
        assert await session.request("x", None, str, on_push=seen.append) == "sent the small one"
    assert len(seen) == 1


async def test_a_result_that_cannot_be_encoded_is_a_failure(open_pair: OpenPair) -> None:
    async def handler(_call: Call) -> object:
        return object()

    async with open_pair(handler) as session:
        with pytest.raises(RequestFailed) as failed:
            await session.request("x", None, int)
    assert failed.value.code == "internal"


async def test_a_result_in_bytes_is_taken_as_encoded(open_pair: OpenPair) -> None:
    async def handler(call: Call) -> object:
        return b"[1,2]" if call.encoding is Encoding.JSON else b"\x92\x01\x02"

    async with open_pair(handler) as session:
        assert await session.request("x", None, list[int]) == [1, 2]


async def test_requests_over_the_bound_are_told_that_it_is_busy(playground: Playground) -> None:
    async with _raw_client(playground) as client:
        for id_ in (1, 2, 3):
            await client.ask(id_, "hang")
        answer = await client.receive()
        assert isinstance(answer, Failure)
        assert (answer.id, answer.code) == (3, "busy")
        await client.send(Cancel(id=1))
        assert (await client.receive()).code == "cancelled"
        await client.ask(4, "add", {"a": 1, "b": 1})
        assert isinstance(await client.receive(), Reply)


async def test_a_cancel_is_answered_with_a_failure(playground: Playground) -> None:
    async with _raw_client(playground) as client:
        await client.ask(1, "hang")
        await playground.hanging.wait()
        await client.send(Cancel(id=1))
        answer = await client.receive()
        assert isinstance(answer, Failure)
        assert (answer.id, answer.code) == (1, "cancelled")


async def test_a_cancel_of_a_request_that_is_over_does_nothing(playground: Playground) -> None:
    async with _raw_client(playground) as client:
        await client.send(Cancel(id=99))
        await client.send(Credit(id=99, n=1))
        await client.ask(1, "add", {"a": 1, "b": 1})
        assert isinstance(await client.receive(), Reply)


async def test_items_wait_for_credit_where_the_client_sets_a_window(playground: Playground) -> None:
    async with _raw_client(playground) as client:
        await client.ask(1, "count", 5, progress=True, window=2)
        assert [type(await client.receive()) for _ in range(2)] == [Push, Push]
        await trio.testing.wait_all_tasks_blocked()
        assert playground.pushed == 2
        await client.send(Credit(id=1, n=3))
        assert [type(await client.receive()) for _ in range(4)] == [Push, Push, Push, Reply]


@pytest.mark.parametrize("leaving", ["goodbye", "close"])
async def test_when_the_client_leaves_all_its_requests_are_cancelled(playground: Playground, leaving: str) -> None:
    async with _raw_client(playground) as client:
        await client.ask(1, "hang")
        await client.ask(2, "hang")
        await trio.testing.wait_all_tasks_blocked()
        if leaving == "goodbye":
            await client.send(Goodbye(reason="done"))
            with pytest.raises(TransportEnded):
                await client.receive()
        else:
            await client.transport.aclose()
        await trio.testing.wait_all_tasks_blocked()
        assert sorted(playground.cancelled) == [1, 2]


@pytest.mark.parametrize("leaving", ["cancel", "close"])
async def test_a_request_given_up_by_its_client_is_no_crash(leaving: str, caplog: pytest.LogCaptureFixture) -> None:
    async def handler(_call: Call) -> object:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            nursery.start_soon(trio.sleep_forever)
        return None

    async with _raw_client(handler) as client:
        await client.ask(1, "look")
        await trio.testing.wait_all_tasks_blocked()
        if leaving == "cancel":
            await client.send(Cancel(id=1))
            assert isinstance(await client.receive(), Failure)
        else:
            await client.transport.aclose()
        await trio.testing.wait_all_tasks_blocked()
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_client_that_does_not_read_stops_only_its_own_handlers(playground: Playground) -> None:
    async with _raw_client(playground, capacity=0) as client, _raw_client(playground) as other:
        await client.ask(1, "count", 1_000_000, progress=True)
        with trio.move_on_after(0.2):
            while True:
                before = playground.pushed
                await trio.testing.wait_all_tasks_blocked(0.01)
                if playground.pushed == before:
                    break
        assert playground.pushed < 200_000
        await other.ask(1, "add", {"a": 1, "b": 1})
        assert isinstance(await other.receive(), Reply)


@pytest.mark.parametrize(
    ("frames", "complaint"),
    [
        ([Hello(protocol=1, oldest=1, client="again")], "a Hello frame"),
        ([Reply(id=1, result=b"\xc0")], "a Reply frame"),
        ([Request(id=1, op="hang", args=b"\xc0")] * 2, "the id 1 for two requests"),
    ],
)
async def test_a_client_that_breaks_the_rules_is_told_and_cut_off(
    playground: Playground, frames: list[Frame], complaint: str
) -> None:
    async with _raw_client(playground) as client:
        for frame in frames:
            payload = client.codec.encode_frame(_with_raw(frame, client.codec))
            await client.transport.send_frame(payload)
        answer = await client.receive()
        assert isinstance(answer, Goodbye)
        assert complaint in answer.reason
        with pytest.raises(TransportEnded):
            await client.receive()


def _with_raw(frame: Frame, codec: Codec) -> Frame:
    """Parameters are written as bytes for a readable test id."""
    match frame:
        case Reply(id=id_):
            return Reply(id=id_, result=codec.encode(None))
        case Request(id=id_, op=op):
            return Request(id=id_, op=op, args=codec.encode(None))
        case _:
            return frame


async def test_a_frame_over_the_limit_is_answered_with_a_goodbye_in_words(playground: Playground) -> None:
    async with _raw_client(playground, max_frame=5000, peer_max_frame=1000) as client:
        await client.ask(1, "add", "x" * 2000)
        answer = await client.receive()
        assert isinstance(answer, Goodbye)
        assert "over the limit of 1000 bytes" in answer.reason


async def test_a_client_that_says_nothing_is_cut_off(
    playground: Playground, autojump_clock: trio.testing.MockClock
) -> None:
    near, far = memory_transport_pair()
    await serve_connection(far, playground, _SETTINGS)
    assert trio.current_time() >= _SETTINGS.hello_seconds
    with pytest.raises(TransportEnded):
        await near.receive_frame()


async def test_the_welcome_may_depend_on_the_client_and_the_moment(playground: Playground) -> None:
    near, far = memory_transport_pair()
    settings = ServerSettings(welcome=lambda hello: WelcomeInfo(server="s", state=f"recovering for {hello.client}"))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve_connection, far, playground, settings)
        client = RawClient(near)
        await client.send(Hello(protocol=1, oldest=1, client="cli/3"))
        welcome = await client.receive()
        assert isinstance(welcome, Welcome)
        assert welcome.state == "recovering for cli/3"
        await near.aclose()


async def test_a_refused_client_gets_no_connection(playground: Playground) -> None:
    near, far = memory_transport_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve_connection, far, playground, _SETTINGS)
        client = RawClient(near)
        await client.send(Hello(protocol=9, oldest=8, client="cli/9"))
        assert isinstance(await client.receive(), Refused)
        with pytest.raises(TransportEnded):
            await client.receive()
