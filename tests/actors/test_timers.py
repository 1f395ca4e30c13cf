import trio
import trio.testing
from trio.testing import MockClock

from actors.actor import Actor
from actors.spec import ChildSpec
from actors.system import ActorSystem
from actors.testing import TestProbe, start_actor
from actors.timers import OwnedTask


class Alarmed(Actor):
    """Sends itself "ring" in 10 s when told to, and keeps the handle; records the rest."""

    def __init__(self, probe: TestProbe) -> None:
        self.probe = probe
        self.timer: OwnedTask | None = None

    async def receive(self, message: object) -> object:
        match message:
            case "set":
                self.timer = self.context.send_after(10, "ring")
            case "cancel" if self.timer is not None:
                self.timer.cancel()
            case "crash":
                raise ValueError("crash")
            case _:
                self.probe.record((trio.current_time(), message))
        return None


async def test_send_after_tells_the_actor_itself_when_the_time_has_come(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    probe = TestProbe()
    ref = await start_actor(system.root, ChildSpec("a", lambda: Alarmed(probe)))
    begun = trio.current_time()
    await ref.tell("set")
    with trio.fail_after(60):
        assert await probe.next() == (begun + 10, "ring")


async def test_a_timer_ends_when_cancelled_and_with_its_incarnation(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    probe = TestProbe()
    ref = await start_actor(system.root, ChildSpec("a", lambda: Alarmed(probe)))
    for message in ("set", "cancel", "set", "crash"):
        await ref.tell(message)
    await trio.sleep(60)
    assert probe.messages == []


async def test_cancelling_a_task_that_has_not_begun_keeps_it_from_its_first_wait() -> None:
    log: list[str] = []

    async def work() -> None:
        await trio.lowlevel.checkpoint()
        log.append("ran")

    task = OwnedTask(work, "work")
    task.cancel()
    await task.run()
    assert log == []
    assert repr(task) == "<OwnedTask work>"
