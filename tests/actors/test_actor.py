import pytest
import trio
import trio.testing
from trio.testing import MockClock

from actors.actor import Actor
from actors.errors import ActorCrashed, ActorStopped, AskTimeout, NotReceiving
from actors.message import Terminated
from actors.reply import Reply
from actors.spec import ChildSpec
from actors.supervisor import StopChild
from actors.system import ActorSystem
from actors.testing import Question, Script, TestProbe, start_actor


class Deferring(Actor):
    """Keeps the replies of what it is asked; "crash" crashes it."""

    def __init__(self, replies: list[Reply]) -> None:
        self.replies = replies

    async def receive(self, message: object) -> object:
        if message == "crash":
            raise ValueError("crash")
        self.replies.append(self.context.defer())
        assert self.context.defer() is self.replies[-1]
        return "ignored"


class Watcher(Actor):
    """Watches the refs it is told and passes all else on to a probe."""

    def __init__(self, probe: TestProbe) -> None:
        self.probe = probe

    async def receive(self, message: object) -> object:
        match message:
            case ("watch", ref):
                self.context.watch(ref)
            case ("watch and undo", ref):
                self.context.watch(ref)()
            case ("wait", trio.Event() as gate):
                await gate.wait()
            case _:
                self.probe.record(message)
        return None


async def test_a_deferred_ask_is_answered_by_its_reply_while_the_actor_serves_others(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    replies: list[Reply] = []
    ref = await start_actor(system.root, ChildSpec("a", lambda: Deferring(replies)))
    answers: list[object] = []

    async def ask() -> None:
        answers.append(await ref.ask(Question(), timeout=5))

    with trio.fail_after(1):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(ask)
            await trio.testing.wait_all_tasks_blocked()
            replies[1].resolve("second")
            await trio.testing.wait_all_tasks_blocked()
            replies[0].resolve("first")
    assert answers == ["second", "first"]


async def test_a_failed_reply_raises_at_the_asker_and_does_not_crash_the_actor(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    class Refusing(Actor):
        async def receive(self, message: object) -> object:
            self.context.defer().fail(LookupError("no such thread"))
            return None

    ref = await start_actor(system.root, ChildSpec("a", Refusing, restart="temporary"))
    for _ in range(2):
        with pytest.raises(LookupError, match="no such thread"):
            await ref.ask(Question(), timeout=1)


async def test_a_reply_tells_that_its_asker_has_gone(system: ActorSystem, autojump_clock: MockClock) -> None:
    replies: list[Reply] = []
    ref = await start_actor(system.root, ChildSpec("a", lambda: Deferring(replies)))
    with pytest.raises(AskTimeout):
        await ref.ask(Question(), timeout=1)
    assert replies[0].cancelled
    await ref.tell("told, not asked")
    await trio.testing.wait_all_tasks_blocked()
    assert replies[1].cancelled


async def test_deferred_asks_fail_when_their_actor_crashes_or_stops(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    ref = await start_actor(system.root, ChildSpec("a", lambda: Deferring([])))

    async def expect(error: type[Exception]) -> None:
        with pytest.raises(error):
            await ref.ask(Question(), timeout=60)

    with trio.fail_after(1):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(expect, ActorCrashed)
            await trio.testing.wait_all_tasks_blocked()
            await ref.tell("crash")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(expect, ActorStopped)
            await trio.testing.wait_all_tasks_blocked()
            await system.root.ask(StopChild("a"), timeout=1)


async def test_defer_outside_receive_is_refused(system: ActorSystem, autojump_clock: MockClock) -> None:
    class Early(Actor):
        async def on_start(self) -> None:
            with pytest.raises(NotReceiving):
                self.context.defer()

    await start_actor(system.root, ChildSpec("a", Early))


async def test_a_failure_in_an_own_task_crashes_the_actor_and_interrupts_its_receive(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    async def fail() -> None:
        await trio.sleep(1)
        raise OSError("in the background")

    class Owner(Actor):
        async def receive(self, message: object) -> object:
            self.context.start_soon(fail)
            await trio.sleep_forever()
            return None

    ref = await start_actor(system.root, ChildSpec("a", Owner))
    with pytest.raises(ActorCrashed) as caught:
        await ref.ask(Question(), timeout=5)
    assert caught.value.reason.leaf_types == ("OSError",)


async def test_own_tasks_run_until_on_stop_has_returned_and_are_then_cancelled(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    log: list[str] = []

    class Owner(Actor):
        async def on_start(self) -> None:
            self.work_send, self.work = trio.open_memory_channel[str](1)
            self.context.start_soon(self.writer, name="writer")

        async def writer(self) -> None:
            try:
                async for item in self.work:
                    log.append(item)
                    self.flushed.set()
            finally:
                log.append("writer ends")

        async def on_stop(self) -> None:
            self.flushed = trio.Event()
            await self.work_send.send("flush")
            await self.flushed.wait()
            log.append("stopped")

    await start_actor(system.root, ChildSpec("a", Owner))
    await system.root.ask(StopChild("a"), timeout=1)
    assert log == ["flush", "stopped", "writer ends"]


async def test_an_own_task_can_be_cancelled_by_its_handle(system: ActorSystem, autojump_clock: MockClock) -> None:
    ended = trio.Event()

    async def work() -> None:
        try:
            await trio.sleep_forever()
        finally:
            ended.set()

    class Owner(Actor):
        async def receive(self, message: object) -> object:
            task = self.context.start_soon(work)
            await trio.testing.wait_all_tasks_blocked()
            task.cancel()
            await ended.wait()
            return repr(task)

    ref = await start_actor(system.root, ChildSpec("a", Owner))
    assert "work" in str(await ref.ask(Question(), timeout=1))


async def test_stop_self_finishes_queued_work_and_ends_normally(system: ActorSystem, autojump_clock: MockClock) -> None:
    log: list[object] = []

    class Leaving(Actor):
        async def receive(self, message: object) -> object:
            log.append(message)
            if message == "leave":
                self.context.stop_self()
            return None

    ref = await start_actor(system.root, ChildSpec("a", Leaving, restart="transient"))
    for message in ("leave", "queued"):
        ref.tell_nowait(message)
    assert (await ref.wait_stopped()).kind == "normal"
    assert log == ["leave", "queued"]


async def test_a_watcher_is_told_of_the_end_before_messages_already_queued(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    probe = TestProbe()
    watcher = await start_actor(system.root, ChildSpec("watcher", lambda: Watcher(probe)))
    target = await start_actor(system.root, ChildSpec("target", TestProbe().factory))
    gate = trio.Event()
    for message in (("watch", target), ("wait", gate), "queued"):
        watcher.tell_nowait(message)
    await trio.testing.wait_all_tasks_blocked()
    reason = await system.root.ask(StopChild("target"), timeout=1)
    gate.set()
    with trio.fail_after(1):
        assert await probe.next() == Terminated(target, reason)
        assert await probe.next() == "queued"


async def test_a_watcher_is_not_told_of_restarts_and_at_once_of_an_earlier_end(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    probe = TestProbe()
    watcher = await start_actor(system.root, ChildSpec("watcher", lambda: Watcher(probe)))
    target = await start_actor(system.root, ChildSpec("target", Script(ValueError()).factory))
    await watcher.tell(("watch", target))
    await target.tell("crash")
    await trio.testing.wait_all_tasks_blocked()
    assert probe.messages == []
    await system.root.ask(StopChild("target"), timeout=1)
    await watcher.tell(("watch", target))
    await trio.testing.wait_all_tasks_blocked()
    assert [type(message) for message in probe.messages] == [Terminated, Terminated]


async def test_a_watch_ends_by_its_undo_and_with_the_incarnation_that_made_it(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    probe = TestProbe()
    watcher = await start_actor(system.root, ChildSpec("watcher", lambda: Watcher(probe)))
    target = await start_actor(system.root, ChildSpec("target", TestProbe().factory))
    await watcher.tell(("watch and undo", target))
    await watcher.tell(("watch", target))
    await trio.testing.wait_all_tasks_blocked()
    watcher.kill()
    await trio.testing.wait_all_tasks_blocked()
    await system.root.ask(StopChild("target"), timeout=1)
    await trio.testing.wait_all_tasks_blocked()
    assert probe.messages == []


async def test_a_message_without_a_receive_crashes_and_names_both(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    ref = await start_actor(system.root, ChildSpec("a", Actor, restart="temporary"))
    await ref.tell("anything")
    reason = await ref.wait_stopped()
    assert "Actor got str" in str(reason)
