from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import msgspec
import pytest
import trio
import trio.testing

from actors.remote.call import Call
from actors.remote.codec import Codec
from actors.remote.errors import (
    FrameTooLarge,
    PeerRefused,
    ReplyInvalid,
    RequestFailed,
    SessionLost,
    VersionRefused,
)
from actors.remote.exchange import PUSH_WINDOW
from actors.remote.frames import Hello, Push, Refused, Reply, Request, Welcome
from actors.remote.framing import Encoding
from actors.remote.handshake import WelcomeInfo
from actors.remote.server import ServerSettings, serve_connection
from actors.remote.session import Session, open_session
from actors.remote.transport import MemoryTransport, memory_transport_pair
from actors.remote.versions import Versions
from tests.kit.actors.remote_playground import Playground
from tests.kit.ceiling import CEILING

OpenPair = Callable[..., AbstractAsyncContextManager[Session]]


class Sum(msgspec.Struct):
    sum: int


async def test_a_request_is_answered_with_the_type_asked_for(open_pair: OpenPair, playground: Playground) -> None:
    async with open_pair(playground) as session:
        assert await session.request("add", {"a": 1, "b": 2}, Sum) == Sum(3)


async def test_the_welcome_says_who_serves_and_in_which_state(open_pair: OpenPair, playground: Playground) -> None:
    async with open_pair(playground) as session:
        assert session.welcome == Welcome(protocol=1, server="playground/1", state="ready", epoch=7)


async def test_the_handler_sees_who_asks_and_what_the_request_is_called(
    open_pair: OpenPair, playground: Playground
) -> None:
    async with open_pair(playground) as session:
        seen = await session.request("who", None, dict, request_id="r-1", meta={"execution": "e9"})
    assert seen == {"client": "test/1", "request_id": "r-1", "meta": {"execution": "e9"}}


async def test_requests_in_flight_are_answered_in_the_order_they_are_done(open_pair: OpenPair) -> None:
    gates = {n: trio.Event() for n in range(3)}

    async def handler(call: Call) -> object:
        n = call.decode(int)
        await gates[n].wait()
        return n

    done: list[int] = []
    async with open_pair(handler) as session, trio.open_nursery() as nursery:

        async def ask(n: int) -> None:
            done.append(await session.request("wait", n, int))

        for n in gates:
            nursery.start_soon(ask, n)
        await trio.testing.wait_all_tasks_blocked()
        for n in (2, 0, 1):
            gates[n].set()
            await trio.testing.wait_all_tasks_blocked()
    assert done == [2, 0, 1]


async def test_a_failure_carries_code_message_and_details(open_pair: OpenPair, playground: Playground) -> None:
    async with open_pair(playground) as session:
        with pytest.raises(RequestFailed, match="there is no thread t9") as failed:
            await session.request("fail", None, int)
        assert failed.value.code == "no_such_thread"
        assert failed.value.details is not None
        assert session.decode(failed.value.details, dict) == {"known": ["t1"]}


async def test_arguments_of_the_wrong_shape_are_named_by_their_place(
    open_pair: OpenPair, playground: Playground
) -> None:
    async with open_pair(playground) as session:
        with pytest.raises(RequestFailed, match=r"arguments of add .*\$\.b") as failed:
            await session.request("add", {"a": 1, "b": "two"}, Sum)
    assert failed.value.code == "invalid"
    assert failed.value.details is None


async def test_a_reply_of_the_wrong_shape_is_said_to_be_invalid(open_pair: OpenPair, playground: Playground) -> None:
    async with open_pair(playground) as session:
        with pytest.raises(ReplyInvalid, match="playground/1"):
            await session.request("add", {"a": 1, "b": 2}, list[int])


async def test_cancelling_the_waiting_scope_ends_the_task_that_serves_it(
    open_pair: OpenPair, playground: Playground
) -> None:
    async with open_pair(playground) as session, trio.open_nursery() as nursery:
        nursery.start_soon(session.request, "hang", None, int)
        await playground.hanging.wait()
        nursery.cancel_scope.cancel()
        with trio.CancelScope(shield=True):
            await playground.ended.wait()
            assert playground.cancelled == [1]
            assert await session.request("add", {"a": 1, "b": 1}, Sum) == Sum(2)


async def test_pushed_items_come_in_order_before_the_result(open_pair: OpenPair, playground: Playground) -> None:
    seen: list[object] = []
    async with open_pair(playground) as session:
        result = await session.request(
            "count", 500, str, on_push=lambda item: seen.append(session.decode(item, dict)["n"])
        )
    assert (result, seen) == ("counted", list(range(500)))


async def test_what_on_push_raises_ends_the_request_and_only_it(open_pair: OpenPair, playground: Playground) -> None:
    def refuse(_item: msgspec.Raw) -> None:
        raise KeyError("no more")

    async with open_pair(playground) as session:
        with pytest.raises(KeyError, match="no more"):
            await session.request("count", 10_000, str, on_push=refuse)
        assert await session.request("add", {"a": 1, "b": 1}, Sum) == Sum(2)


async def test_pushes_nobody_reads_are_dropped(open_pair: OpenPair, playground: Playground) -> None:
    async with open_pair(playground) as session:
        assert await session.request("count", 10_000, str) == "counted"


async def test_a_slow_reader_holds_up_its_own_request_and_no_other(open_pair: OpenPair, playground: Playground) -> None:
    async with open_pair(playground) as session, trio.open_nursery() as nursery:

        async def never(_item: msgspec.Raw) -> None:
            await trio.sleep_forever()

        async def read_slowly() -> None:
            await session.request("count", 10_000, str, on_push=never)

        nursery.start_soon(read_slowly)
        await trio.testing.wait_all_tasks_blocked()
        assert playground.pushed <= PUSH_WINDOW
        seen: list[msgspec.Raw] = []
        assert await session.request("count", 1000, str, on_push=seen.append) == "counted"
        assert len(seen) == 1000
        nursery.cancel_scope.cancel()


async def test_a_stream_gives_typed_items_and_the_result_after_them(
    open_pair: OpenPair, playground: Playground
) -> None:
    async with open_pair(playground) as session, session.open_stream("count", 3, dict) as items:
        assert [item["n"] async for item in items] == [0, 1, 2]
        assert items.result(str) == "counted"


async def test_leaving_a_stream_cancels_it(open_pair: OpenPair, playground: Playground) -> None:
    async with open_pair(playground) as session:
        async with session.open_stream("hang", None, dict):
            await playground.hanging.wait()
        await playground.ended.wait()


async def test_a_stream_that_fails_raises_after_its_items(open_pair: OpenPair) -> None:
    async def handler(call: Call) -> object:
        await call.push(1)
        raise LookupError("gone")

    async with open_pair(handler) as session, session.open_stream("x", None, int) as items:
        assert await anext(items) == 1
        with pytest.raises(RequestFailed, match="gone"):
            await anext(items)


async def test_a_request_too_large_to_send_harms_no_other(open_pair: OpenPair, playground: Playground) -> None:
    async with open_pair(playground, max_frame=1000) as session:
        with pytest.raises(FrameTooLarge):
            await session.request("add", "x" * 2000, Sum)
        assert await session.request("add", {"a": 1, "b": 1}, Sum) == Sum(2)


async def test_a_lost_connection_fails_every_request_at_once(encoding: Encoding, playground: Playground) -> None:
    near, far = memory_transport_pair(encoding)
    failed: list[str] = []
    with trio.fail_after(CEILING):
        async with trio.open_nursery() as server:
            server.start_soon(serve_connection, far, playground, ServerSettings(welcome=WelcomeInfo(server="s")))
            async with open_session(near, client="c") as session, trio.open_nursery() as nursery:

                async def ask() -> None:
                    with pytest.raises(SessionLost) as lost:
                        await session.request("hang", None, int)
                    failed.append(lost.value.reason)

                nursery.start_soon(ask)
                nursery.start_soon(ask)
                await trio.testing.wait_all_tasks_blocked()
                await far.aclose()
                loss = await session.wait_lost()
                await trio.testing.wait_all_tasks_blocked()
                with pytest.raises(SessionLost):
                    await session.request("add", {"a": 1, "b": 1}, Sum)
    assert failed == [loss.reason, loss.reason]


async def test_an_error_of_the_block_leaves_open_session_as_itself(open_pair: OpenPair, playground: Playground) -> None:
    near, far = memory_transport_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve_connection, far, playground, ServerSettings(welcome=WelcomeInfo(server="s")))
        with pytest.raises(ZeroDivisionError):
            async with open_session(near, client="c"):
                raise ZeroDivisionError


async def _answer_with(far: MemoryTransport, *frames: Welcome | Refused | Push) -> None:
    codec = Codec(far.encoding)
    assert isinstance(codec.decode_frame(await far.receive_frame()), Hello)
    for frame in frames:
        await far.send_frame(codec.encode_frame(frame))


async def test_a_server_outside_the_range_of_versions_refuses_in_words(
    encoding: Encoding, playground: Playground
) -> None:
    near, far = memory_transport_pair(encoding)
    settings = ServerSettings(welcome=WelcomeInfo(server="compas/1"), versions=Versions(1, 2))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve_connection, far, playground, settings)
        with pytest.raises(VersionRefused, match=r"compas/1 speaks 1 to 2: upgrade the server compas/1"):
            async with open_session(near, client="cli/9", versions=Versions(3, 4)):
                pytest.fail("there is no session with a server that refused")


async def test_another_refusal_keeps_its_code() -> None:
    near, far = memory_transport_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_answer_with, far, Refused(code="busy", message="come back later"))
        with pytest.raises(PeerRefused, match="come back later") as refused:
            async with open_session(near, client="c"):
                pytest.fail("there is no session with a server that refused")
    assert refused.value.code == "busy"


async def test_a_server_that_does_not_answer_the_greeting_is_given_up(
    autojump_clock: trio.testing.MockClock,
) -> None:
    near, _far = memory_transport_pair()
    with pytest.raises(SessionLost, match="within 3 s"):
        async with open_session(near, client="c", handshake_seconds=3):
            pytest.fail("there is no session with a server that is silent")
    assert trio.current_time() >= 3


async def test_a_frame_only_clients_send_loses_the_session_in_words() -> None:
    near, far = memory_transport_pair()
    request = Request(id=1, op="x", args=Codec(Encoding.MSGPACK).encode(None))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_answer_with, far, Welcome(protocol=1, server="s"), request)
        async with open_session(near, client="c") as session:
            assert "Request frame, which only clients" in (await session.wait_lost()).reason


async def test_more_items_than_the_window_allows_lose_the_session() -> None:
    near, far = memory_transport_pair()
    item = Push(id=1, item=Codec(Encoding.MSGPACK).encode("more"))

    async def push_too_much() -> None:
        await _answer_with(far, Welcome(protocol=1, server="s"))
        await far.receive_frame()
        for _ in range(PUSH_WINDOW + 1):
            await far.send_frame(Codec(Encoding.MSGPACK).encode_frame(item))

    with trio.fail_after(CEILING):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(push_too_much)
            async with (
                open_session(near, client="c") as session,
                session.open_stream("x", None, str) as items,
            ):
                assert "over the window" in (await session.wait_lost()).reason
                with pytest.raises(SessionLost, match="over the window"):
                    assert [item async for item in items] == ["more"] * PUSH_WINDOW


async def test_a_reply_that_arrived_counts_though_the_connection_ends_right_behind_it(
    encoding: Encoding,
) -> None:
    near, far = memory_transport_pair(encoding)
    codec = Codec(encoding)

    async def answer_and_go() -> None:
        await _answer_with(far, Welcome(protocol=1, server="s"))
        await far.receive_frame()
        await far.send_frame(codec.encode_frame(Reply(id=1, result=codec.encode(7))))
        await far.aclose()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(answer_and_go)
        async with open_session(near, client="c") as session:
            assert await session.request("x", None, int) == 7
            await session.wait_lost()


async def test_a_server_that_reads_no_more_is_lost_though_it_does_not_hang_up(
    autojump_clock: trio.testing.MockClock,
) -> None:
    near, far = memory_transport_pair()
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_answer_with, far, Welcome(protocol=1, server="s"))
            async with open_session(near, client="c") as session:
                far._in.receive.close()
                with pytest.raises(SessionLost, match="the peer closed the connection"):
                    await session.request("x", None, int)
