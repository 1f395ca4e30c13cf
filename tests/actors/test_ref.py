import pytest
import trio
import trio.testing
from trio.testing import MockClock

from actors.actor import Actor
from actors.errors import ActorCrashed, ActorStopped, AskTimeout, MailboxFull
from actors.ref import ActorRef
from actors.spec import ChildSpec
from actors.supervisor import StopChild, WhichChildren
from actors.system import ActorSystem
from actors.testing import Question, Script, TestProbe, start_actor


class Busy(Actor):
    """Holds its first message until the gate opens, and records what it has handled."""

    def __init__(self, gate: trio.Event, handled: list[object]) -> None:
        self.gate = gate
        self.handled = handled

    async def receive(self, message: object) -> object:
        await self.gate.wait()
        self.handled.append(message)
        return message


async def start_busy(system: ActorSystem, mailbox: int = 8) -> tuple[ActorRef, trio.Event, list[object]]:
    gate = trio.Event()
    handled: list[object] = []
    ref = await start_actor(system.root, ChildSpec("busy", lambda: Busy(gate, handled), mailbox=mailbox))
    ref.tell_nowait("first")
    await trio.testing.wait_all_tasks_blocked()
    return ref, gate, handled


async def skipped(system: ActorSystem) -> int:
    (info,) = await system.root.ask(WhichChildren(), timeout=1)
    return info.statistics.mailbox.skipped


async def test_ask_returns_what_receive_returned(system: ActorSystem, autojump_clock: MockClock) -> None:
    probe = TestProbe(answer=lambda message: (message, "answer"))
    ref = await start_actor(system.root, ChildSpec("a", probe.factory))
    question = Question()
    assert await ref.ask(question, timeout=1) == (question, "answer")


async def test_messages_of_one_sender_keep_their_order_even_when_it_waits_for_room(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    ref, gate, handled = await start_busy(system, mailbox=2)

    async def send(sender: str) -> None:
        for number in range(20):
            await ref.tell((sender, number))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send, "x")
        nursery.start_soon(send, "y")
        await trio.testing.wait_all_tasks_blocked()
        gate.set()
    await ref.ask(Question(), timeout=1)
    for sender in ("x", "y"):
        assert [m for m in handled if isinstance(m, tuple) and m[0] == sender] == [(sender, n) for n in range(20)]


async def test_tell_nowait_raises_when_there_is_no_room_and_tell_waits(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    ref, gate, handled = await start_busy(system, mailbox=1)
    ref.tell_nowait("second")
    with pytest.raises(MailboxFull):
        ref.tell_nowait("third")
    with trio.fail_after(1):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ref.tell, "third")
            await trio.testing.wait_all_tasks_blocked()
            gate.set()
    await ref.ask(Question(), timeout=1)
    assert handled[:3] == ["first", "second", "third"]


async def test_a_timed_out_ask_still_queued_is_skipped_and_counted(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    ref, gate, handled = await start_busy(system)
    with pytest.raises(AskTimeout, match="within 3 s"):
        await ref.ask(Question(), timeout=3)
    gate.set()
    await ref.tell("last")
    await trio.testing.wait_all_tasks_blocked()
    assert handled == ["first", "last"]
    assert await skipped(system) == 1


async def test_a_cancelled_ask_still_queued_is_skipped(system: ActorSystem, autojump_clock: MockClock) -> None:
    ref, gate, handled = await start_busy(system)
    with trio.move_on_after(1) as scope:
        await ref.ask(Question(), timeout=60)
    assert scope.cancelled_caught
    gate.set()
    await trio.testing.wait_all_tasks_blocked()
    assert handled == ["first"]
    assert await skipped(system) == 1


async def test_an_ask_that_finds_no_room_until_its_deadline_was_never_sent(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    ref, gate, handled = await start_busy(system, mailbox=1)
    ref.tell_nowait("second")
    with pytest.raises(AskTimeout):
        await ref.ask(Question(), timeout=1)
    gate.set()
    await trio.testing.wait_all_tasks_blocked()
    assert handled == ["first", "second"]
    assert await skipped(system) == 0


async def test_an_ask_being_handled_goes_on_when_its_asker_leaves(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    gate = trio.Event()
    handled: list[object] = []
    ref = await start_actor(system.root, ChildSpec("busy", lambda: Busy(gate, handled)))
    with pytest.raises(AskTimeout):
        await ref.ask(Question(), timeout=1)
    gate.set()
    await trio.testing.wait_all_tasks_blocked()
    assert len(handled) == 1
    assert await ref.ask(Question(), timeout=1) is not None


async def test_ask_to_a_crashing_actor_raises_actor_crashed_with_the_cause(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    ref = await start_actor(system.root, ChildSpec("a", Script(ValueError("bad")).factory))
    with pytest.raises(ActorCrashed) as caught:
        await ref.ask(Question(), timeout=1)
    assert caught.value.reason.leaf_types == ("ValueError",)
    assert caught.value.cause is not None


async def test_tell_and_ask_to_an_ended_actor_raise_actor_stopped(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    ref = await start_actor(system.root, ChildSpec("a", TestProbe().factory))
    await system.root.ask(StopChild("a"), timeout=1)
    assert not ref.is_alive
    with pytest.raises(ActorStopped):
        await ref.tell("late")
    with pytest.raises(ActorStopped):
        ref.tell_nowait("late")
    with pytest.raises(ActorStopped):
        await ref.ask(Question(), timeout=1)


async def test_asks_still_queued_when_an_actor_ends_raise_actor_stopped(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    gate = trio.Event()
    spec = ChildSpec("busy", lambda: Busy(gate, []), restart="temporary")
    ref = await start_actor(system.root, spec)
    ref.tell_nowait("first")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_expect_stopped, ref)
        await trio.testing.wait_all_tasks_blocked()
        ref.kill()
    assert (await ref.wait_stopped()).kind == "killed"


async def _expect_stopped(ref: ActorRef) -> None:
    with pytest.raises(ActorStopped):
        await ref.ask(Question(), timeout=60)


async def test_stop_waits_for_the_end_and_tells_how_it_was(system: ActorSystem, autojump_clock: MockClock) -> None:
    ref = await start_actor(system.root, ChildSpec("a", TestProbe().factory, restart="transient"))
    with trio.fail_after(1):
        assert (await ref.stop()).kind == "stopped"
        assert (await ref.wait_stopped()).kind == "stopped"
        assert (await ref.stop()).kind == "stopped"


async def test_on_stopped_calls_once_also_when_late_and_not_after_its_undo(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    ref = await start_actor(system.root, ChildSpec("a", TestProbe().factory))
    seen: list[str] = []
    ref.on_stopped(lambda _, reason: seen.append(reason.kind))
    ref.on_stopped(lambda _, reason: seen.append("undone"))()
    await system.root.ask(StopChild("a"), timeout=1)
    ref.on_stopped(lambda ended, _: seen.append(ended.name))
    assert seen == ["stopped", "root/a"]


async def test_a_ref_shows_its_place_in_the_tree(system: ActorSystem, autojump_clock: MockClock) -> None:
    ref = await start_actor(system.root, ChildSpec("a", TestProbe().factory))
    assert ref.name == "root/a"
    assert repr(ref) == "<ActorRef root/a>"
