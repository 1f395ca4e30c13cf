import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from actors.bus import EventBus, Lagged, Published, Subscription
from actors.errors import BusClosed, FilterFailed
from tests.kit.ceiling import CEILING


def numbers(bus: EventBus, *positions: int) -> None:
    for position in positions:
        bus.publish(f"event {position}", position)


async def test_events_arrive_in_order_with_their_positions() -> None:
    bus = EventBus()
    async with bus.subscribe() as subscription:
        numbers(bus, 7, 9)
        assert await subscription.receive() == Published("event 7", 7)
        assert await subscription.receive() == Published("event 9", 9)


async def test_a_filter_keeps_unwanted_events_out_of_the_queue() -> None:
    bus = EventBus()
    async with bus.subscribe(lambda event: event == "event 2", capacity=1) as subscription:
        numbers(bus, 1, 2, 3)
        assert await subscription.receive() == Published("event 2", 2)
        assert subscription.statistics().missed == 0


async def test_an_overflow_is_told_at_its_place_with_count_and_positions() -> None:
    bus = EventBus()
    async with bus.subscribe(capacity=2) as subscription:
        numbers(bus, 1, 2, 3, 4)
        assert await subscription.receive() == Published("event 1", 1)
        numbers(bus, 5)
        got = [await subscription.receive() for _ in range(3)]
        assert got == [Published("event 2", 2), Lagged(2, 3, 4), Published("event 5", 5)]
        assert subscription.statistics().missed == 2


async def test_a_slow_subscriber_costs_the_others_nothing() -> None:
    bus = EventBus()
    async with bus.subscribe(capacity=1) as slow, bus.subscribe(capacity=9) as quick:
        numbers(bus, 1, 2, 3)
        assert [s.missed for s in bus.statistics().subscriptions] == [2, 0]
        assert (slow.statistics().queued, quick.statistics().queued) == (1, 3)


async def test_receive_waits_for_an_event_and_cancelling_it_loses_none() -> None:
    bus = EventBus()
    with trio.fail_after(CEILING):
        async with bus.subscribe() as subscription, trio.open_nursery() as nursery:
            with trio.move_on_after(0):
                await subscription.receive()
            nursery.start_soon(_publish_when_blocked, bus)
            assert await subscription.receive() == Published("event 1", 1)


async def _publish_when_blocked(bus: EventBus) -> None:
    await trio.testing.wait_all_tasks_blocked()
    numbers(bus, 1)


async def test_a_subscription_ends_with_its_block() -> None:
    bus = EventBus()
    async with bus.subscribe():
        pass
    numbers(bus, 1)
    assert bus.statistics().subscriptions == ()
    assert repr(bus) == "<EventBus published=1 subscriptions=0>"


async def test_a_filter_that_raises_ends_its_own_subscription_and_no_other() -> None:
    bus = EventBus()

    def fails_on_two(event: object) -> bool:
        if event == "event 2":
            raise KeyError(event)
        return True

    async with bus.subscribe(fails_on_two) as broken, bus.subscribe() as sound:
        numbers(bus, 1, 2, 3)
        assert await broken.receive() == Published("event 1", 1)
        with pytest.raises(FilterFailed) as caught:
            await broken.receive()
        assert isinstance(caught.value.__cause__, KeyError)
        assert sound.statistics().queued == 3


async def test_closing_the_bus_ends_iteration_after_what_is_queued() -> None:
    bus = EventBus()
    async with bus.subscribe() as subscription:
        numbers(bus, 1, 2)
        bus.close()
        assert [item async for item in subscription] == [Published("event 1", 1), Published("event 2", 2)]
        with pytest.raises(BusClosed):
            await subscription.receive()
        with pytest.raises(BusClosed):
            numbers(bus, 3)
    async with bus.subscribe() as late:
        assert [item async for item in late] == []


async def test_closing_the_bus_wakes_a_waiting_subscriber() -> None:
    bus = EventBus()
    with trio.fail_after(CEILING):
        async with bus.subscribe() as subscription, trio.open_nursery() as nursery:
            nursery.start_soon(_drain, subscription)
            await trio.testing.wait_all_tasks_blocked()
            bus.close()


async def _drain(subscription: Subscription) -> None:
    async for _ in subscription:
        pass


async def test_a_subscription_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="capacity 0"):
        async with EventBus().subscribe(capacity=0):
            pass


@given(capacity=st.integers(1, 4), takes=st.lists(st.booleans(), max_size=60))
def test_every_position_is_received_or_inside_a_lag_in_order_and_none_twice(capacity: int, takes: list[bool]) -> None:
    async def scenario() -> None:
        bus = EventBus()
        published = 0
        async with bus.subscribe(capacity=capacity) as subscription:
            seen: list[Published | Lagged] = []
            for take in takes:
                if not take:
                    published += 1
                    bus.publish(None, published)
                elif subscription.statistics().queued > 0:
                    seen.append(await subscription.receive())
            bus.close()
            seen += [item async for item in subscription]
        assert _positions(seen) == list(range(1, published + 1))

    trio.run(scenario)


def _positions(items: list[Published | Lagged]) -> list[int]:
    positions: list[int] = []
    for item in items:
        if isinstance(item, Lagged):
            gap = range(item.from_position, item.to_position + 1)
            assert len(gap) == item.count
            positions.extend(gap)
        else:
            positions.append(item.position)
    return positions


# proves: a-core 167
async def test_an_event_that_nobody_subscribed_to_goes_nowhere_and_harms_nothing() -> None:
    bus = EventBus()
    numbers(bus, 1)
    with trio.fail_after(CEILING):
        async with bus.subscribe(lambda event: event != "event 2") as subscription:
            numbers(bus, 2, 3)
            assert await subscription.receive() == Published("event 3", 3)
            assert subscription.statistics().queued == 0
