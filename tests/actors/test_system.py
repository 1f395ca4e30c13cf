import math

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from actors.actor import Actor
from actors.bus import Published
from actors.errors import ActorStopped, BusClosed, SystemFailed
from actors.spec import ChildSpec
from actors.supervisor import Supervisor, WhichChildren
from actors.system import open_actor_system
from actors.testing import Question, Script, TestProbe, start_actor


async def test_leaving_the_block_stops_everything_in_order(autojump_clock: MockClock) -> None:
    probe = TestProbe()
    async with open_actor_system() as system:
        ref = await start_actor(system.root, ChildSpec("a", probe.factory))
        ref.tell_nowait("queued")
    assert (probe.messages, probe.stops) == (["queued"], 1)
    assert (await system.wait_stopped()).kind == "stopped"
    with pytest.raises(ActorStopped):
        await ref.ask(Question(), timeout=1)
    with pytest.raises(BusClosed):
        system.bus.publish("late", 1)


async def test_when_the_root_gives_up_the_operator_is_told_in_words_with_the_group_kept(
    autojump_clock: MockClock,
) -> None:
    spec = ChildSpec("journal", Script(OSError("disk full")).factory)

    async def use() -> None:
        async with open_actor_system("compas", lambda: Supervisor([spec], intensity=0)) as system:
            (info,) = await system.root.ask(WhichChildren(), timeout=1)
            await info.ref.tell("crash")
            await trio.sleep_forever()

    with trio.fail_after(1), pytest.raises(SystemFailed) as caught:
        await use()
    words = str(caught.value)
    assert all(part in words for part in ("'compas'", "gives up on 'journal'", "disk full", "start again"))
    group = caught.value.__cause__
    assert isinstance(group, ExceptionGroup)
    cause = group.exceptions[0].__cause__
    assert isinstance(cause, ExceptionGroup)
    assert isinstance(cause.exceptions[0], OSError)


async def test_a_root_that_does_not_start_fails_before_the_body_runs(autojump_clock: MockClock) -> None:
    def broken() -> Actor:
        raise OSError("no disk")

    with pytest.raises(SystemFailed, match="no disk"):
        async with open_actor_system(root=lambda: Supervisor([ChildSpec("a", broken)])):
            pytest.fail("the body ran")


async def test_the_bodys_own_error_comes_out_as_it_was_raised_after_an_orderly_stop(
    autojump_clock: MockClock,
) -> None:
    probe = TestProbe()

    async def use() -> None:
        async with open_actor_system() as system:
            await start_actor(system.root, ChildSpec("a", probe.factory))
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await use()
    assert probe.stops == 1


async def test_the_bodys_error_and_the_systems_come_out_together(autojump_clock: MockClock) -> None:
    class FailsToStop(Actor):
        async def on_stop(self) -> None:
            raise OSError("cannot flush")

    with pytest.RaisesGroup(KeyError, SystemFailed):
        async with open_actor_system(root=ChildSpec("root", FailsToStop)):
            raise KeyError("mine")


async def test_cancelling_the_body_still_stops_the_actors_in_order(autojump_clock: MockClock) -> None:
    probe = TestProbe()

    class SlowToStop(Actor):
        async def on_stop(self) -> None:
            await trio.sleep(2)
            probe.record("stopped in order")

    with trio.move_on_after(1) as scope:
        async with open_actor_system() as system:
            await start_actor(system.root, ChildSpec("a", SlowToStop))
            await trio.sleep_forever()
    assert scope.cancelled_caught
    assert probe.messages == ["stopped in order"]


async def test_what_does_not_stop_within_the_systems_shutdown_is_killed(autojump_clock: MockClock) -> None:
    class Clinging(Actor):
        async def on_stop(self) -> None:
            await trio.sleep_forever()

    begun = trio.current_time()
    async with open_actor_system(shutdown=7) as system:
        await start_actor(system.root, ChildSpec("a", Clinging, shutdown=math.inf))
    assert trio.current_time() == begun + 7
    assert (await system.wait_stopped()).kind == "killed"


async def test_an_interrupt_inside_an_actor_ends_the_system(autojump_clock: MockClock) -> None:
    with pytest.RaisesGroup(KeyboardInterrupt, flatten_subgroups=True):
        async with open_actor_system() as system:
            ref = await start_actor(system.root, ChildSpec("a", _Interrupted))
            await ref.tell("go")
            await trio.sleep_forever()


class _Interrupted(Actor):
    async def receive(self, message: object) -> object:
        raise KeyboardInterrupt


async def test_any_actor_can_be_the_root_and_reach_its_surroundings(autojump_clock: MockClock) -> None:
    class Publishing(Actor):
        async def receive(self, message: object) -> object:
            self.context.bus.publish("event", 1)
            self.context.registry.register("me", self.context.ref)
            return self.context.system.name, self.context.system.root

    async with open_actor_system("named", ChildSpec("solo", Publishing)) as system:
        async with system.bus.subscribe() as subscription:
            assert await system.root.ask(Question(), timeout=1) == ("named", system.root)
            assert await subscription.receive() == Published("event", 1)
        assert system.registry.find("me") is system.root
        assert repr(system) == "<ActorSystem named running>"


async def test_an_idle_system_sets_no_timers_and_wakes_nobody() -> None:
    class Wakeups(trio.abc.Instrument):
        def __init__(self) -> None:
            self.count = 0

        def before_task_step(self, task: trio.lowlevel.Task) -> None:
            if task is not watcher:
                self.count += 1

    watcher = trio.lowlevel.current_task()
    async with open_actor_system() as system:
        for number in range(20):
            await start_actor(system.root, ChildSpec(str(number), TestProbe().factory))
        await trio.testing.wait_all_tasks_blocked()
        instrument = Wakeups()
        assert trio.lowlevel.current_statistics().seconds_to_next_deadline == math.inf
        trio.lowlevel.add_instrument(instrument)
        await trio.testing.wait_all_tasks_blocked(0.01)
        trio.lowlevel.remove_instrument(instrument)
        assert instrument.count == 0
