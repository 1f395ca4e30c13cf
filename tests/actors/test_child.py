import trio
import trio.testing
from trio.testing import MockClock

from actors.actor import Actor
from actors.child import Child
from actors.message import ChildExited
from actors.spec import ChildSpec
from actors.system import ActorSystem
from actors.testing import Question, Script, TestProbe, start_actor


class Parent(Actor):
    """Owns one child and records what its system lane brings."""

    def __init__(self, spec: ChildSpec, probe: TestProbe) -> None:
        self.spec = spec
        self.probe = probe

    async def on_start(self) -> None:
        self.child = Child(self.spec, self.context)
        self.child.begin()
        self.failure = await self.child.wait_up()

    async def receive(self, message: object) -> object:
        match message:
            case "crash child":
                await self.child.cell.ref.tell("crash")
            case "halt child":
                await self.child.halt(keep_queue=False)
            case _:
                self.probe.record(message)
        return None


async def test_an_end_nobody_asked_for_is_news_for_the_supervisor(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    probe = TestProbe()
    spec = ChildSpec("c", Script(ValueError("crash")).factory)
    ref = await start_actor(system.root, ChildSpec("p", lambda: Parent(spec, probe)))
    await ref.tell("crash child")
    with trio.fail_after(1):
        news = await probe.next()
    assert isinstance(news, ChildExited)
    assert (news.child_id, news.incarnation, news.reason.leaf_types) == ("c", 1, ("ValueError",))


async def test_an_end_that_was_asked_for_is_not_news(system: ActorSystem, autojump_clock: MockClock) -> None:
    probe = TestProbe()
    spec = ChildSpec("c", TestProbe().factory)
    ref = await start_actor(system.root, ChildSpec("p", lambda: Parent(spec, probe)))
    await ref.tell("halt child")
    await trio.testing.wait_all_tasks_blocked()
    assert probe.messages == []


async def test_a_failed_start_is_told_to_the_starter_alone(system: ActorSystem, autojump_clock: MockClock) -> None:
    probe = TestProbe()
    parents: list[Parent] = []

    def broken() -> Actor:
        raise OSError("no disk")

    def make() -> Actor:
        parents.append(Parent(ChildSpec("c", broken), probe))
        return parents[-1]

    await start_actor(system.root, ChildSpec("p", make))
    await trio.testing.wait_all_tasks_blocked()
    assert parents[0].failure is not None
    assert parents[0].failure.leaf_types == ("OSError",)
    assert probe.messages == []


async def test_a_child_ends_for_good_with_its_supervisors_incarnation(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    parents: list[Parent] = []

    def make() -> Actor:
        parents.append(Parent(ChildSpec("c", TestProbe().factory), TestProbe()))
        return parents[-1]

    ref = await start_actor(system.root, ChildSpec("p", make))
    ref.kill()
    await trio.testing.wait_all_tasks_blocked()
    old, new = (parent.child.cell.ref for parent in parents)
    assert (old.is_alive, new.is_alive) == (False, True)


async def test_a_child_halted_before_it_began_never_starts(system: ActorSystem, autojump_clock: MockClock) -> None:
    probe = TestProbe()

    class Hasty(Actor):
        async def receive(self, message: object) -> object:
            child = Child(ChildSpec("c", probe.factory), self.context)
            child.begin()
            await child.halt(keep_queue=True)
            assert await child.wait_up() is not None
            return child.cell.state

    ref = await start_actor(system.root, ChildSpec("p", Hasty))
    assert await ref.ask(Question(), timeout=1) == "waiting"
    assert probe.starts == 0
