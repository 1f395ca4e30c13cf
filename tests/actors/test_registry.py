import pytest
import trio
import trio.testing
from trio.testing import MockClock

from actors.errors import ActorStopped, NameTaken
from actors.spec import ChildSpec
from actors.supervisor import StopChild
from actors.system import ActorSystem, open_actor_system
from actors.testing import TestProbe, start_actor


async def test_a_name_is_unique_and_giving_it_to_its_holder_again_is_nothing(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    a = await start_actor(system.root, ChildSpec("a", TestProbe().factory))
    b = await start_actor(system.root, ChildSpec("b", TestProbe().factory))
    system.registry.register("journal", a)
    system.registry.register("journal", a)
    with pytest.raises(NameTaken, match="root/a"):
        system.registry.register("journal", b)
    assert system.registry.find("journal") is a


async def test_a_name_is_free_again_when_its_holder_has_ended(system: ActorSystem, autojump_clock: MockClock) -> None:
    a = await start_actor(system.root, ChildSpec("a", TestProbe().factory))
    system.registry.register("journal", a)
    await system.root.ask(StopChild("a"), timeout=1)
    assert system.registry.names() == ()
    with pytest.raises(ActorStopped):
        system.registry.register("journal", a)


async def test_a_name_survives_a_restart_of_its_holder(system: ActorSystem, autojump_clock: MockClock) -> None:
    a = await start_actor(system.root, ChildSpec("a", TestProbe().factory))
    system.registry.register("journal", a)
    a.kill()
    await trio.testing.wait_all_tasks_blocked()
    assert system.registry.find("journal") is a


async def test_an_unregistered_name_may_pass_to_another_whose_it_stays(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    a = await start_actor(system.root, ChildSpec("a", TestProbe().factory))
    b = await start_actor(system.root, ChildSpec("b", TestProbe().factory))
    system.registry.register("journal", a)
    system.registry.unregister("journal")
    system.registry.unregister("journal")
    system.registry.register("journal", b)
    await system.root.ask(StopChild("a"), timeout=1)
    assert system.registry.find("journal") is b


async def test_wait_registered_returns_when_the_name_appears(system: ActorSystem, autojump_clock: MockClock) -> None:
    a = await start_actor(system.root, ChildSpec("a", TestProbe().factory))
    with trio.fail_after(1):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_register_when_blocked, system, a)
            assert await system.registry.wait_registered("journal") is a
        assert await system.registry.wait_registered("journal") is a


async def _register_when_blocked(system: ActorSystem, ref: object) -> None:
    await trio.testing.wait_all_tasks_blocked()
    system.registry.register("journal", ref)  # type: ignore[arg-type]


async def test_a_cancelled_wait_leaves_nothing_behind_and_others_go_on(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    a = await start_actor(system.root, ChildSpec("a", TestProbe().factory))
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(system.registry.wait_registered, "journal")
            with trio.move_on_after(1):
                await system.registry.wait_registered("journal")
            system.registry.register("journal", a)
    assert repr(system.registry) == "<Registry test 1 names>"


async def test_two_systems_in_one_process_do_not_see_each_other(autojump_clock: MockClock) -> None:
    async with open_actor_system("one") as one, open_actor_system("two") as two:
        a = await start_actor(one.root, ChildSpec("a", TestProbe().factory))
        b = await start_actor(two.root, ChildSpec("a", TestProbe().factory))
        one.registry.register("journal", a)
        two.registry.register("journal", b)
        assert (one.registry.find("journal"), two.registry.find("journal")) == (a, b)
        async with one.bus.subscribe() as subscription:
            two.bus.publish("event", 1)
            assert subscription.statistics().queued == 0
