import pytest
import trio
import trio.testing

from actors.remote.errors import FrameTooLarge, TransportBroken, TransportClosed
from actors.remote.outbox import Outbox
from actors.remote.transport import memory_transport_pair


async def test_payloads_go_out_in_the_order_they_were_queued(nursery: trio.Nursery) -> None:
    near, far = memory_transport_pair(capacity=0)
    outbox = Outbox(near, high_water=2)
    nursery.start_soon(outbox.run)

    async def put_all() -> None:
        for n in range(50):
            await outbox.put(bytes([n]))

    nursery.start_soon(put_all)
    assert [await far.receive_frame() for _ in range(50)] == [bytes([n]) for n in range(50)]


async def test_put_waits_while_too_many_bytes_wait_and_a_cancelled_put_queues_nothing() -> None:
    near, far = memory_transport_pair(capacity=0)
    outbox = Outbox(near, high_water=10)
    await outbox.put(b"x" * 10)
    with trio.move_on_after(0.01) as scope:
        await outbox.put(b"never")
    assert scope.cancelled_caught
    outbox.put_nowait(b"control")
    outbox.close()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(outbox.run)
        assert await far.receive_frame() == b"x" * 10
        assert await far.receive_frame() == b"control"


async def test_those_who_wait_for_room_go_first_come_first_served() -> None:
    near, far = memory_transport_pair(capacity=0)
    outbox = Outbox(near, high_water=1)
    outbox.put_nowait(b"full")
    async with trio.open_nursery() as nursery:
        for n in range(3):
            nursery.start_soon(outbox.put, bytes([n]))
            await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(outbox.run)
        assert [await far.receive_frame() for _ in range(4)] == [b"full", b"\0", b"\1", b"\2"]
        outbox.close()


async def test_a_payload_over_the_limit_is_refused_before_it_is_queued() -> None:
    near, _far = memory_transport_pair(max_frame=5)
    with pytest.raises(FrameTooLarge):
        await Outbox(near).put(b"x" * 6)


async def test_closing_wakes_those_who_wait_for_room() -> None:
    near, _far = memory_transport_pair()
    outbox = Outbox(near, high_water=1)
    outbox.put_nowait(b"full")
    async with trio.open_nursery() as nursery:

        async def put() -> None:
            with pytest.raises(TransportClosed):
                await outbox.put(b"late")

        nursery.start_soon(put)
        await trio.testing.wait_all_tasks_blocked()
        outbox.close()


async def test_a_transport_that_breaks_closes_the_outbox() -> None:
    near, far = memory_transport_pair()
    outbox = Outbox(near)
    await far.aclose()
    await outbox.put(b"x")
    with pytest.raises(TransportBroken):
        await outbox.run()
    with pytest.raises(TransportClosed):
        await outbox.put(b"y")
