import pytest
import trio
import trio.testing
from trio.testing import MockClock

from actors.actor import Actor
from actors.errors import ActorCrashed, ActorStopped
from actors.ref import ActorRef
from actors.spec import ChildSpec
from actors.supervisor import StopChild
from actors.system import ActorSystem
from actors.testing import Question, start_actor


class Logging(Actor):
    """Writes its hooks to a log; messages are callables it awaits."""

    def __init__(self, log: list[str]) -> None:
        self.log = log

    async def on_start(self) -> None:
        self.log.append("start")

    async def receive(self, message: object) -> object:
        if callable(message):
            self.log.append("begin")
            await message()
            self.log.append("end")
        elif isinstance(message, Exception):
            raise message
        else:
            self.log.append(str(message))
        return None

    async def on_stop(self) -> None:
        self.log.append("stop")


async def start_logging(system: ActorSystem, log: list[str], shutdown: float = 5.0) -> ActorRef:
    spec = ChildSpec("a", lambda: Logging(log), restart="temporary", shutdown=shutdown)
    return await start_actor(system.root, spec)


async def sleep_two_seconds() -> None:
    await trio.sleep(2)


async def test_stop_lets_receive_and_queued_work_finish_and_then_runs_on_stop(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    log: list[str] = []
    ref = await start_logging(system, log)
    ref.tell_nowait(sleep_two_seconds)
    ref.tell_nowait("queued")
    await trio.testing.wait_all_tasks_blocked()
    assert (await ref.stop()).kind == "stopped"
    assert log == ["start", "begin", "end", "queued", "stop"]


async def test_a_stopping_actor_takes_no_more_messages(system: ActorSystem, autojump_clock: MockClock) -> None:
    log: list[str] = []
    ref = await start_logging(system, log)
    ref.tell_nowait(sleep_two_seconds)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ref.stop)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(ActorStopped, match="is stopping"):
            ref.tell_nowait("late")


async def test_work_that_outlasts_the_grace_is_cut_off_and_on_stop_does_not_run(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    log: list[str] = []
    ref = await start_logging(system, log, shutdown=1)
    ref.tell_nowait(sleep_two_seconds)
    ref.tell_nowait("queued")
    await trio.testing.wait_all_tasks_blocked()
    begun = trio.current_time()
    assert (await ref.stop()).kind == "overrun"
    assert trio.current_time() == begun + 1
    assert log == ["start", "begin"]


async def test_an_on_stop_that_outlasts_the_grace_is_cut_off(system: ActorSystem, autojump_clock: MockClock) -> None:
    class Clinging(Actor):
        async def on_stop(self) -> None:
            await trio.sleep_forever()

    await start_actor(system.root, ChildSpec("a", Clinging, shutdown=1))
    with trio.fail_after(2):
        assert (await system.root.ask(StopChild("a"), timeout=60)).kind == "overrun"


async def test_kill_interrupts_receive_and_runs_nothing_after(system: ActorSystem, autojump_clock: MockClock) -> None:
    log: list[str] = []
    ref = await start_logging(system, log)
    ref.tell_nowait(trio.sleep_forever)
    ref.tell_nowait("queued")
    await trio.testing.wait_all_tasks_blocked()
    ref.kill()
    with trio.fail_after(1):
        assert (await ref.wait_stopped()).kind == "killed"
    assert log == ["start", "begin"]


async def test_kill_overtakes_a_stop_under_way(system: ActorSystem, autojump_clock: MockClock) -> None:
    log: list[str] = []
    ref = await start_logging(system, log, shutdown=60)
    ref.tell_nowait(trio.sleep_forever)
    with trio.fail_after(1):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ref.stop)
            await trio.testing.wait_all_tasks_blocked()
            ref.kill()
        assert (await ref.wait_stopped()).kind == "killed"


async def test_on_stop_runs_after_a_crash_too(system: ActorSystem, autojump_clock: MockClock) -> None:
    log: list[str] = []
    ref = await start_logging(system, log)
    ref.tell_nowait(ValueError("crash"))
    assert (await ref.wait_stopped()).leaf_types == ("ValueError",)
    assert log == ["start", "stop"]


async def test_an_asker_learns_of_a_crash_before_on_stop_has_run(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    class SlowToStop(Actor):
        async def receive(self, message: object) -> object:
            raise ValueError("crash")

        async def on_stop(self) -> None:
            await trio.sleep(3)

    ref = await start_actor(system.root, ChildSpec("a", SlowToStop))
    with pytest.raises(ActorCrashed):
        await ref.ask(Question(), timeout=1)


async def test_errors_of_receive_and_of_on_stop_are_both_in_the_reason(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    class FailsTwice(Actor):
        async def receive(self, message: object) -> object:
            raise ValueError("first")

        async def on_stop(self) -> None:
            raise OSError("second")

    ref = await start_actor(system.root, ChildSpec("a", FailsTwice, restart="temporary"))
    await ref.tell("crash")
    assert (await ref.wait_stopped()).leaf_types == ("ValueError", "OSError")


async def test_a_group_raised_by_a_nursery_inside_receive_keeps_its_leaves(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    async def fail(error: Exception) -> None:
        raise error

    class Forking(Actor):
        async def receive(self, message: object) -> object:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(fail, KeyError("k"))
            return None

    ref = await start_actor(system.root, ChildSpec("a", Forking, restart="temporary"))
    with pytest.raises(ActorCrashed) as caught:
        await ref.ask(Question(), timeout=1)
    assert caught.value.reason.leaf_types == ("KeyError",)


async def test_callbacks_registered_for_the_end_run_last_first_and_not_when_undone(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    log: list[str] = []

    class Tidy(Actor):
        async def on_start(self) -> None:
            self.context.at_end(lambda: log.append("first"))
            self.context.at_end(lambda: log.append("undone"))()
            self.context.at_end(lambda: log.append("second"))

    ref = await start_actor(system.root, ChildSpec("a", Tidy, restart="temporary"))
    ref.kill()
    await ref.wait_stopped()
    assert log == ["second", "first"]


async def test_what_is_raised_while_being_killed_is_kept_in_the_reason(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    class Sore(Actor):
        async def receive(self, message: object) -> object:
            try:
                await trio.sleep_forever()
            finally:
                raise OSError("in cleanup")

    ref = await start_actor(system.root, ChildSpec("a", Sore, restart="temporary"))
    await ref.tell("begin")
    await trio.testing.wait_all_tasks_blocked()
    ref.kill()
    reason = await ref.wait_stopped()
    assert (reason.kind, reason.leaf_types) == ("killed", ("OSError",))
