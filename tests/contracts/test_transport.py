"""What every carrier of frames does; the memory one and the Unix one pass the same tests."""

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
import trio
import trio.testing

from actors.remote.errors import FrameTooLarge, TransportBroken, TransportClosed, TransportEnded
from actors.remote.framing import MAX_FRAME, Encoding
from actors.remote.sockets import accept_unix, transport_of
from actors.remote.transport import Transport, memory_transport_pair
from tests.kit.ceiling import CEILING

OpenPair = Callable[..., AbstractAsyncContextManager[tuple[Transport, Transport]]]

_BIG = b"x" * 4_000_000
"""More than any socket buffers, so that a few of them block a sender."""


@asynccontextmanager
async def _memory(
    near_limit: int = MAX_FRAME, far_limit: int = MAX_FRAME
) -> AsyncIterator[tuple[Transport, Transport]]:
    near, far = memory_transport_pair(max_frame=near_limit, peer_max_frame=far_limit, capacity=2)
    with trio.fail_after(CEILING):
        yield near, far
        await near.aclose()
        await far.aclose()


@asynccontextmanager
async def _unix(near_limit: int = MAX_FRAME, far_limit: int = MAX_FRAME) -> AsyncIterator[tuple[Transport, Transport]]:
    a, b = socket.socketpair()
    b.setblocking(False)
    with trio.fail_after(CEILING):
        near = transport_of(a, Encoding.MSGPACK, announces=True, max_frame=near_limit)
        stream = trio.SocketStream(trio.socket.from_stdlib_socket(b))
        await near.send_frame(b"announce")
        far = await accept_unix(stream, max_frame=max(far_limit, 8))
        assert await far.receive_frame() == b"announce"
        yield near, far
        await near.aclose()
        await far.aclose()


@pytest.fixture(params=[_memory, _unix], ids=["memory", "unix"])
def open_transports(request: pytest.FixtureRequest) -> OpenPair:
    return request.param


async def test_frames_arrive_whole_and_in_order_both_ways(open_transports: OpenPair) -> None:
    payloads = [b"", b"a", b"b" * 70_000, bytes(range(256)), b"c" * 300_000]
    async with open_transports() as (near, far), trio.open_nursery() as nursery:

        async def send_all(side: Transport) -> None:
            for payload in payloads:
                await side.send_frame(payload)

        nursery.start_soon(send_all, near)
        nursery.start_soon(send_all, far)
        for payload in payloads:
            assert await far.receive_frame() == payload
            assert await near.receive_frame() == payload


async def test_both_ends_know_the_encoding(open_transports: OpenPair) -> None:
    async with open_transports() as (near, far):
        assert near.encoding is far.encoding is Encoding.MSGPACK


async def test_a_frame_over_the_senders_limit_is_not_sent_and_breaks_nothing(
    open_transports: OpenPair,
) -> None:
    async with open_transports(near_limit=100) as (near, far):
        with pytest.raises(FrameTooLarge, match="101 bytes is over the limit of 100"):
            await near.send_frame(b"x" * 101)
        await near.send_frame(b"y" * 100)
        assert await far.receive_frame() == b"y" * 100


async def test_a_frame_over_the_receivers_limit_fails_the_receiver(open_transports: OpenPair) -> None:
    async with open_transports(far_limit=100) as (near, far):
        await near.send_frame(b"x" * 101)
        with pytest.raises(FrameTooLarge, match="101 bytes is over the limit of 100"):
            await far.receive_frame()


async def test_a_close_between_frames_is_an_end_after_what_was_sent(open_transports: OpenPair) -> None:
    async with open_transports() as (near, far):
        await near.send_frame(b"last")
        await near.aclose()
        assert await far.receive_frame() == b"last"
        with pytest.raises(TransportEnded):
            await far.receive_frame()


async def test_a_close_wakes_the_receiver_on_the_same_side(open_transports: OpenPair) -> None:
    async with open_transports() as (near, _far), trio.open_nursery() as nursery:

        async def receive() -> None:
            with pytest.raises(TransportClosed):
                await near.receive_frame()

        nursery.start_soon(receive)
        await trio.testing.wait_all_tasks_blocked()
        await near.aclose()


async def test_a_closed_side_neither_sends_nor_receives(open_transports: OpenPair) -> None:
    async with open_transports() as (near, _far):
        await near.aclose()
        with pytest.raises(TransportClosed):
            await near.receive_frame()
        with pytest.raises(TransportClosed):
            await near.send_frame(b"x")
        await near.aclose()


async def test_sending_to_a_side_that_has_closed_breaks(open_transports: OpenPair) -> None:
    async with open_transports() as (near, far):
        await far.aclose()
        with pytest.raises(TransportBroken):
            await near.send_frame(b"x")


async def _send_until_stuck(side: Transport, sent: list[bytes]) -> None:
    while True:
        await side.send_frame(_BIG)
        sent.append(_BIG)


async def test_a_sender_waits_for_a_reader_and_then_goes_on(open_transports: OpenPair) -> None:
    sent: list[bytes] = []
    async with open_transports() as (near, far), trio.open_nursery() as nursery:
        nursery.start_soon(_send_until_stuck, near, sent)
        await trio.testing.wait_all_tasks_blocked(0.05)
        before = len(sent)
        assert before <= 3
        for _ in range(before + 1):
            assert await far.receive_frame() == _BIG
        await trio.testing.wait_all_tasks_blocked(0.05)
        assert len(sent) > before
        nursery.cancel_scope.cancel()


async def test_a_send_cancelled_half_way_marks_the_transport_broken(open_transports: OpenPair) -> None:
    sent: list[bytes] = []
    async with open_transports() as (near, far):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_send_until_stuck, near, sent)
            await trio.testing.wait_all_tasks_blocked(0.05)
            nursery.cancel_scope.cancel()
        with pytest.raises(TransportBroken):
            await near.send_frame(b"more")
        await near.aclose()
        for _ in sent:
            assert await far.receive_frame() == _BIG
        with pytest.raises(TransportBroken):  # an end inside a frame, which the receiver can tell from a close
            await far.receive_frame()


async def test_a_send_cancelled_before_it_began_breaks_nothing(open_transports: OpenPair) -> None:
    async with open_transports() as (near, far):
        with trio.CancelScope() as scope:
            scope.cancel()
            await near.send_frame(b"never")
        assert scope.cancelled_caught
        await near.send_frame(b"whole")
        assert await far.receive_frame() == b"whole"


async def test_a_cancelled_receive_loses_nothing(open_transports: OpenPair) -> None:
    async with open_transports() as (near, far):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(far.receive_frame)
            await trio.testing.wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
        await near.send_frame(b"kept")
        assert await far.receive_frame() == b"kept"
