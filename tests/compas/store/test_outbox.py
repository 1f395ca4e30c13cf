"""The read model of the outbox: who is told, what is due, and what became of it."""

from collections.abc import AsyncIterator

import pytest

from compas.domain import events as e
from compas.store.codec import domain_codec
from compas.store.event_log import Store, open_store
from compas.store.projections import outbox
from compas.store.projections.catalogue import PROJECTIONS
from compas.store.projections.outbox import Due, Ledger
from compas.store.records import Append, NewEvent


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with open_store(None, events=domain_codec(), projections=PROJECTIONS, clock=lambda: 1.0) as opened:
        yield opened


async def write(store: Store, *events: e.Event) -> None:
    await store.append_all([Append(events=tuple(NewEvent(stream=e.OUTBOX_STREAM, event=one) for one in events))])


async def ledger(store: Store) -> Ledger:
    return await store.query(outbox.ledger)


def told(*subscribers: str, after: int = 0) -> e.SubscribersChanged:
    return e.SubscribersChanged(subscribers=subscribers, after=after)


def ended(subscriber: str, about: int, outcome: e.HookOutcome = "succeeded", thread: str = "t1") -> e.HookEnded:
    return e.HookEnded(subscriber=subscriber, about=about, outcome=outcome, thread=thread)


async def test_nobody_is_told_of_anything_at_first(store: Store) -> None:
    assert await ledger(store) == Ledger(reached=0, since={}, due=())


async def test_a_new_subscriber_begins_where_it_was_added_and_an_old_one_goes_on(store: Store) -> None:
    await write(store, told("a", after=7), told("a", "b", after=9))
    assert await ledger(store) == Ledger(reached=7, since={"a": 7, "b": 9}, due=())


async def test_what_is_due_stays_so_until_its_outcome_is_known(store: Store) -> None:
    await write(store, told("a", "b"), e.TellingDue(about=3, subscribers=("a", "b")), e.TellingDue(about=5))
    assert await ledger(store) == Ledger(
        reached=5, since={"a": 0, "b": 0}, due=(Due(about=3, subscriber="a"), Due(about=3, subscriber="b"))
    )
    await write(store, ended("a", 3))
    assert (await ledger(store)).due == (Due(about=3, subscriber="b"),)
    assert await store.query(lambda reader: outbox.due_count(reader, "b")) == 1


async def test_nothing_is_due_for_those_who_are_gone(store: Store) -> None:
    await write(store, told("a", "b"), e.TellingDue(about=3, subscribers=("a", "b")), told("b", after=4))
    assert (await ledger(store)).due == (Due(about=3, subscriber="b"),)


async def test_one_notification_settles_all_its_events(store: Store) -> None:
    due = [e.TellingDue(about=about, subscribers=("notifications",)) for about in (3, 4, 5)]
    await write(store, told("notifications"), *due)
    await write(store, e.NotificationEnded(about=(3, 5), outcome="shown", via="bell", title="compas", body="x"))
    assert (await ledger(store)).due == (Due(about=4, subscriber="notifications"),)
    (row,) = await store.query(lambda reader: outbox.newest_notifications(reader, 10))
    assert (row.events, row.outcome, row.title) == (2, "shown", "compas")


async def test_failures_in_a_row_are_counted_until_a_success(store: Store) -> None:
    async def failures() -> int:
        return await store.query(lambda reader: outbox.failures_of(reader, "a"))

    assert await failures() == 0
    await write(store, ended("a", 1, "failed"), ended("a", 2, "timed_out"), ended("b", 2))
    assert await failures() == 2
    await write(store, ended("a", 3), ended("a", 4, "not_started", thread=""))
    assert await failures() == 1
    found = await store.query(lambda reader: outbox.failed_runs_of_thread(reader, "t1"))
    assert [(one.about, one.outcome) for one in found] == [(1, "failed"), (2, "timed_out")]


async def test_the_newest_runs_of_each_hook_are_kept(store: Store) -> None:
    await write(store, *(ended("a", about) for about in range(1, outbox.RUNS_KEPT + 4)), ended("b", 1))
    found = await store.query(lambda reader: outbox.runs_of(reader, "a", 2 * outbox.RUNS_KEPT))
    assert (len(found), found[0].about, found[-1].about) == (outbox.RUNS_KEPT, outbox.RUNS_KEPT + 3, 4)
    assert len(await store.query(lambda reader: outbox.runs_of(reader, "b", 10))) == 1
