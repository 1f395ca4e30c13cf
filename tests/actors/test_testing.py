import pytest
import trio
import trio.testing
from trio.testing import MockClock

from actors.errors import ActorCrashed
from actors.spec import ChildSpec
from actors.system import ActorSystem
from actors.testing import Question, Script, TestProbe, start_actor


async def test_a_probe_keeps_messages_in_order_across_restarts_and_answers(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    probe = TestProbe(answer=lambda _: "answer")
    ref = await start_actor(system.root, ChildSpec("a", probe.factory))
    await ref.tell(1)
    await trio.testing.wait_all_tasks_blocked()
    ref.kill()
    assert await ref.ask(Question(), timeout=1) == "answer"
    assert probe.messages[0] == 1
    assert repr(probe) == "<TestProbe 2 messages, 2 starts, 0 stops>"


async def test_next_waits_for_each_message_once(system: ActorSystem, autojump_clock: MockClock) -> None:
    probe = TestProbe()
    ref = await start_actor(system.root, ChildSpec("a", probe.factory))

    async def send() -> None:
        for number in (1, 2):
            await ref.tell(number)

    with trio.fail_after(1):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(send)
            assert [await probe.next(), await probe.next()] == [1, 2]


async def test_a_script_answers_calls_and_raises_step_by_step(system: ActorSystem, autojump_clock: MockClock) -> None:
    async def later(message: object) -> object:
        await trio.sleep(1)
        return type(message).__name__

    script = Script("plain", ValueError("crash"), lambda _: "called", later)
    ref = await start_actor(system.root, ChildSpec("a", script.factory))
    assert await ref.ask(Question(), timeout=5) == "plain"
    with pytest.raises(ActorCrashed):
        await ref.ask(Question(), timeout=5)
    assert await ref.ask(Question(), timeout=5) == "called"
    assert await ref.ask(Question(), timeout=5) == "Question"
    assert script.is_done
    with pytest.raises(ActorCrashed, match="script has ended"):
        await ref.ask(Question(), timeout=5)
    assert repr(script) == "<Script 0 steps left>"
