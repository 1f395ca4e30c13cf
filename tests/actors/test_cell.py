import logging

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from actors.actor import Actor
from actors.cell import Cell
from actors.errors import ActorCrashed, ActorStopped
from actors.exit_reason import ExitReason
from actors.restart import Backoff
from actors.spec import ChildSpec
from actors.supervisor import StopChild, Supervisor, WhichChildren
from actors.system import ActorSystem, open_actor_system
from actors.testing import Question, Script, TestProbe, start_actor


async def test_a_crash_starts_a_new_instance_under_the_same_ref(system: ActorSystem, autojump_clock: MockClock) -> None:
    made: list[Actor] = []

    class Counting(Actor):
        def __init__(self) -> None:
            made.append(self)
            self.count = 0

        async def receive(self, message: object) -> object:
            if message == "crash":
                raise ValueError("crash")
            self.count += 1
            return self.count

    ref = await start_actor(system.root, ChildSpec("a", Counting))
    assert await ref.ask(Question(), timeout=1) == 1
    assert await ref.ask(Question(), timeout=1) == 2
    await ref.tell("crash")
    assert await ref.ask(Question(), timeout=1) == 1
    assert made[0] is not made[1]


async def test_a_crash_keeps_the_mailbox_and_drops_only_the_message_that_crashed(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    seen: list[object] = []
    script = Script(ValueError("crash"), seen.append, seen.append)
    ref = await start_actor(system.root, ChildSpec("a", script.factory))
    for message in ("crashes", "second", "third"):
        ref.tell_nowait(message)
    await trio.testing.wait_all_tasks_blocked()
    assert seen == ["second", "third"]


async def test_messages_sent_while_an_actor_waits_for_its_restart_are_handled_after_it(
    autojump_clock: MockClock,
) -> None:
    backoff = Backoff(10.0, 10.0)
    async with open_actor_system(root=lambda: Supervisor(backoff=backoff)) as system:
        script = Script(ValueError("crash"), "told", "answer")
        ref = await start_actor(system.root, ChildSpec("a", script.factory))
        with pytest.raises(ActorCrashed):
            await ref.ask(Question(), timeout=1)
        assert ref.is_alive
        ref.tell_nowait("meanwhile")
        assert await ref.ask(Question(), timeout=20) == "answer"


async def test_an_actor_stopped_while_it_waits_for_its_restart_starts_only_to_finish_its_queue(
    autojump_clock: MockClock,
) -> None:
    async with open_actor_system(root=lambda: Supervisor(backoff=Backoff(10.0, 10.0))) as system:
        seen: list[object] = []
        script = Script(ValueError("crash"), seen.append)
        ref = await start_actor(system.root, ChildSpec("a", script.factory, restart="transient"))
        ref.tell_nowait("crashes")
        ref.tell_nowait("queued")
        await trio.testing.wait_all_tasks_blocked()
        with trio.fail_after(20):
            assert (await ref.stop()).kind == "stopped"
        assert seen == ["queued"]


async def test_a_kill_while_nothing_runs_does_nothing(autojump_clock: MockClock) -> None:
    async with open_actor_system(root=lambda: Supervisor(backoff=Backoff(10.0, 10.0))) as system:
        script = Script(ValueError("crash"), "answer")
        ref = await start_actor(system.root, ChildSpec("a", script.factory))
        ref.tell_nowait("crashes")
        await trio.testing.wait_all_tasks_blocked()
        ref.kill()
        assert await ref.ask(Question(), timeout=20) == "answer"


async def test_a_crash_is_logged_once_with_its_group(
    system: ActorSystem, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    ref = await start_actor(system.root, ChildSpec("a", Script(ValueError("x")).factory, restart="temporary"))
    with caplog.at_level(logging.WARNING, "actors"):
        await ref.tell("crash")
        await ref.wait_stopped()
    (record,) = (r for r in caplog.records if getattr(r, "action", "") == "actor_crashed")
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ExceptionGroup)


async def test_statistics_count_incarnations_and_keep_the_last_exit(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    ref = await start_actor(system.root, ChildSpec("a", Script(ValueError("x"), "answer").factory))
    await ref.tell("crash")
    await ref.ask(Question(), timeout=1)
    (info,) = await system.root.ask(WhichChildren(), timeout=1)
    assert (info.statistics.state, info.statistics.incarnation) == ("running", 2)
    assert repr(info.statistics.last_exit) == "<ExitReason crashed ValueError>"
    assert info.statistics.mailbox.accepted == 2


async def test_an_ended_cell_fails_its_asks_and_ending_it_again_changes_nothing(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    cell = Cell("lone", ChildSpec("lone", TestProbe().factory), system)
    assert repr(cell) == "<Cell lone waiting incarnation=0>"
    async with trio.open_nursery() as nursery:

        async def ask() -> None:
            with pytest.raises(ActorStopped, match="has ended"):
                await cell.ref.ask(Question(), timeout=60)

        nursery.start_soon(ask)
        await trio.testing.wait_all_tasks_blocked()
        cell.end(ExitReason("stopped"))
        cell.end(ExitReason("killed"))
    assert (await cell.ref.wait_stopped()).kind == "stopped"
    assert (await cell.ref.stop()).kind == "stopped"
    assert repr(cell) == "<Cell lone ended incarnation=0>"


async def test_messages_told_but_never_handled_are_counted_as_dropped(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    cell = Cell("lone", ChildSpec("lone", TestProbe().factory), system)
    cell.ref.tell_nowait("never")
    cell.end(ExitReason("stopped"))
    assert cell.statistics().mailbox.dropped == 1


async def test_a_permanent_child_told_to_stop_is_started_again_unless_by_its_supervisor(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    probe = TestProbe()
    ref = await start_actor(system.root, ChildSpec("a", probe.factory))
    await ref.stop()
    await trio.testing.wait_all_tasks_blocked()
    await ref.ask(Question(), timeout=1)
    assert (probe.starts, probe.stops) == (2, 1)
    await system.root.ask(StopChild("a"), timeout=1)
    assert (probe.starts, probe.stops) == (2, 2)
    assert not ref.is_alive


async def test_an_actor_that_will_not_return_takes_no_message_before_its_supervisor_has_noticed(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    cell = Cell("lone", ChildSpec("lone", Script(ValueError("x")).factory, restart="temporary"), system)
    cell.ref.tell_nowait("crash")
    await cell.run(trio.Event())
    assert cell.ref.is_alive
    with pytest.raises(ActorStopped):
        cell.ref.tell_nowait("nobody would handle this")
