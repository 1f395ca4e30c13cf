"""The journal: groups, order, and a disk that fails."""

import contextlib
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.errors import ActorError, ActorStopped, SystemFailed
from actors.ref import ActorRef
from actors.spec import ChildSpec
from actors.supervisor import Supervisor
from actors.system import ActorSystem, open_actor_system
from compas.domain import events as e
from compas.domain.requests import RequestId
from compas.orchestrator.journal import LARGEST_GROUP, Journal
from compas.orchestrator.messages.journal import Commit, WaitWritable
from compas.orchestrator.services import JOURNAL
from compas.store.errors import StoreUnavailable
from compas.store.event_log import Store
from compas.store.records import Append, Appended, Conflict, NewEvent, Repeated
from tests.kit.orchestrator.actor_workshop import wall_clock
from tests.kit.orchestrator.disk import Disk, open_store_on_disk


@dataclass
class Bench:
    """A journal alone, and what it writes on."""

    system: ActorSystem
    store: Store
    disk: Disk
    journal: ActorRef

    async def commit(self, thread: str, *, version: int | None = None, request_id: str = "") -> object:
        return await self.journal.ask(Commit(command(thread, version, request_id)), timeout=60)


def command(thread: str, version: int | None = None, request_id: str = "") -> Append:
    stream = e.thread_stream(thread)
    return Append(
        events=(NewEvent(stream=stream, event=e.ThreadOpened(thread=thread)),),
        expected={} if version is None else {stream: version},
        request=RequestId(name=request_id) if request_id else None,
        response=b"answer",
    )


@asynccontextmanager
async def open_bench() -> AsyncIterator[Bench]:
    async with open_store_on_disk(wall_clock) as (store, disk):
        root = ChildSpec(
            "root", lambda: Supervisor([ChildSpec("journal", lambda: Journal(store), mailbox=4096)]), shutdown=math.inf
        )
        with trio.fail_after(3600):
            async with open_actor_system("bench", root) as system:
                journal = system.registry.find(JOURNAL)
                assert journal is not None
                yield Bench(system, store, disk, journal)


async def collect(bench: Bench, thread: str, outcomes: dict[str, object]) -> None:
    try:
        outcomes[thread] = await bench.commit(thread, version=0)
    except (StoreUnavailable, ActorStopped) as error:
        outcomes[thread] = error


async def test_what_arrives_during_a_commit_is_committed_together(autojump_clock: MockClock) -> None:
    async with open_bench() as bench:
        first_write = trio.Event()
        bench.disk.held.append(first_write)
        outcomes: dict[str, object] = {}
        async with trio.open_nursery() as nursery:
            nursery.start_soon(collect, bench, "first", outcomes)
            await wait_all_tasks_blocked()
            for n in range(100):
                nursery.start_soon(collect, bench, f"t{n}", outcomes)
            await wait_all_tasks_blocked()
            first_write.set()
        assert len(outcomes) == 101
        assert all(isinstance(outcome, Appended) for outcome in outcomes.values())
        assert bench.store.statistics().transactions == 2


async def test_more_than_a_group_holds_waits_for_the_next_one(autojump_clock: MockClock) -> None:
    async with open_bench() as bench:
        first_write = trio.Event()
        bench.disk.held.append(first_write)
        outcomes: dict[str, object] = {}
        count = 2 * LARGEST_GROUP
        async with trio.open_nursery() as nursery:
            for n in range(count):
                nursery.start_soon(collect, bench, f"t{n}", outcomes)
            await wait_all_tasks_blocked()
            first_write.set()
        assert len(outcomes) == count
        assert all(isinstance(outcome, Appended) for outcome in outcomes.values())
        assert await bench.store.head() == count


async def test_a_conflict_leaves_its_neighbours_alone(autojump_clock: MockClock) -> None:
    async with open_bench() as bench:
        await bench.commit("taken", version=0)
        first_write = trio.Event()
        bench.disk.held.append(first_write)
        outcomes: dict[str, object] = {}
        async with trio.open_nursery() as nursery:
            for thread in ("first", "taken", "last"):
                nursery.start_soon(collect, bench, thread, outcomes)
            await wait_all_tasks_blocked()
            first_write.set()
        assert outcomes["taken"] == Conflict(stream="thread:taken", expected=0, actual=1)
        assert isinstance(outcomes["first"], Appended)
        assert isinstance(outcomes["last"], Appended)


async def test_a_repeated_request_gets_its_first_answer(autojump_clock: MockClock) -> None:
    async with open_bench() as bench:
        first = await bench.commit("t", request_id="r")
        again = await bench.commit("t", request_id="r")
        assert isinstance(first, Appended)
        assert again == Repeated(response=b"answer", recorded=first.recorded)


async def test_a_defect_in_one_command_is_its_askers_error_alone(autojump_clock: MockClock) -> None:
    def broken(recorded: tuple[e.Recorded, ...]) -> bytes:
        raise KeyError("defect")

    async with open_bench() as bench:
        stream = e.thread_stream("t")
        faulty = Append(events=(NewEvent(stream=stream, event=e.ThreadOpened(thread="t")),), response=broken)
        with pytest.raises(KeyError, match="defect"):
            await bench.journal.ask(Commit(faulty), timeout=60)
        assert isinstance(await bench.commit("t", version=0), Appended)


async def test_events_are_published_in_order_and_only_once_they_are_in_the_log(autojump_clock: MockClock) -> None:
    async with open_bench() as bench, bench.system.bus.subscribe() as events:
        write = trio.Event()
        bench.disk.held.append(write)
        outcomes: dict[str, object] = {}
        async with trio.open_nursery() as nursery:
            for n in range(5):
                nursery.start_soon(collect, bench, f"t{n}", outcomes)
            await wait_all_tasks_blocked()
            assert events.statistics().queued == 0
            write.set()
        published = [(await events.receive()).event for _ in range(5)]
        assert published == list(await bench.store.read_all())
        assert [one.position for one in published] == [1, 2, 3, 4, 5]


async def test_what_was_refused_is_never_published(autojump_clock: MockClock) -> None:
    async with open_bench() as bench, bench.system.bus.subscribe() as events:
        bench.disk.is_full = True
        with pytest.raises(StoreUnavailable):
            await bench.commit("t")
        assert events.statistics().queued == 0


async def test_a_full_disk_refuses_in_its_own_words_without_being_asked_again(autojump_clock: MockClock) -> None:
    async with open_bench() as bench:
        bench.disk.is_full = True
        for _ in range(20):
            with pytest.raises(StoreUnavailable, match="the disk is full; free some space"):
                await bench.commit("t")
        assert len(bench.disk.writes_at) == 1


async def test_a_failing_disk_is_probed_at_growing_intervals(autojump_clock: MockClock) -> None:
    async with open_bench() as bench:
        bench.disk.is_full = True
        with pytest.raises(StoreUnavailable):
            await bench.commit("t")
        bench.disk.writes_at.clear()
        await trio.sleep(20)
        assert bench.disk.writes_at == pytest.approx([0.5, 1.5, 3.5, 8.5, 13.5, 18.5])


async def test_a_disk_that_works_again_is_written_to_again(autojump_clock: MockClock) -> None:
    async with open_bench() as bench:
        bench.disk.is_full = True
        with pytest.raises(StoreUnavailable):
            await bench.commit("t")
        with pytest.raises(trio.TooSlowError), trio.fail_after(100):
            await bench.journal.ask(WaitWritable(), timeout=math.inf)
        bench.disk.is_full = False
        await bench.journal.ask(WaitWritable(), timeout=10)
        assert isinstance(await bench.commit("t", version=0), Appended)
        await bench.journal.ask(WaitWritable(), timeout=0.1)


async def test_a_disk_that_fails_a_second_time_is_probed_from_the_beginning(autojump_clock: MockClock) -> None:
    async with open_bench() as bench:
        for _ in range(2):
            bench.disk.is_full = True
            with pytest.raises(StoreUnavailable):
                await bench.commit("t")
            await trio.sleep(60)
            bench.disk.is_full = False
            await bench.journal.ask(WaitWritable(), timeout=10)
            bench.disk.writes_at.clear()
        bench.disk.is_full = True
        with pytest.raises(StoreUnavailable):
            await bench.commit("t")
        failed_at = trio.current_time()
        await trio.sleep(1)
        assert bench.disk.writes_at == pytest.approx([failed_at, failed_at + 0.5])


async def test_what_was_accepted_is_committed_before_an_orderly_end(autojump_clock: MockClock) -> None:
    async with open_bench() as bench:
        outcomes: dict[str, object] = {}
        write = trio.Event()
        bench.disk.held.append(write)
        async with trio.open_nursery() as nursery:
            for n in range(10):
                nursery.start_soon(collect, bench, f"t{n}", outcomes)
            await wait_all_tasks_blocked()
            nursery.start_soon(bench.system.root.stop)
            await wait_all_tasks_blocked()
            write.set()
        assert all(isinstance(outcome, Appended) for outcome in outcomes.values())


async def test_a_killed_journal_has_answered_published_and_committed_the_same(autojump_clock: MockClock) -> None:
    async with open_bench() as bench, bench.system.bus.subscribe() as events:
        write = trio.Event()
        bench.disk.held.append(write)
        outcomes: dict[str, object] = {}
        async with trio.open_nursery() as nursery:
            nursery.start_soon(collect, bench, "in the group", outcomes)
            await wait_all_tasks_blocked()
            nursery.start_soon(collect, bench, "behind it", outcomes)
            await wait_all_tasks_blocked()
            bench.journal.kill()
            write.set()
        assert isinstance(outcomes["in the group"], Appended)
        assert isinstance(outcomes["behind it"], ActorStopped)
        assert [one.stream for one in await bench.store.read_all()] == ["thread:in the group"]
        assert events.statistics().queued == 1
        assert isinstance(await bench.commit("behind it", version=0), Appended)


async def _write_as_one_that_was_replaced() -> None:
    async with open_bench() as bench:
        await bench.store.begin_epoch(2, "boot", "newer")
        bench.store.epoch = 0
        while True:
            with contextlib.suppress(ActorError):
                await bench.commit("t")
            await trio.lowlevel.checkpoint()


async def test_a_supervisor_that_was_replaced_gives_up(autojump_clock: MockClock) -> None:
    with pytest.raises(SystemFailed, match="supervisor 1 took over"):
        await _write_as_one_that_was_replaced()
