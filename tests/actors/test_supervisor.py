import itertools
import math
from collections.abc import Callable

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from actors.actor import Actor
from actors.errors import ActorCrashed, ActorStopped, ChildStartFailed, NameTaken, NoSuchChild, UnknownMessage
from actors.ref import ActorRef
from actors.restart import Backoff, Strategy
from actors.spec import ChildSpec, Restart
from actors.supervisor import StartChild, StopChild, Supervisor, WhichChildren
from actors.system import ActorSystem, open_actor_system
from actors.testing import Question, TestProbe, start_actor


class Member(Actor):
    """Logs its starts and stops as "+id" and "-id"; raises the exceptions it is sent."""

    def __init__(self, child_id: str, log: list[str], start_delay: float = 0.0) -> None:
        self.child_id = child_id
        self.log = log
        self.start_delay = start_delay

    async def on_start(self) -> None:
        await trio.sleep(self.start_delay)
        self.log.append(f"+{self.child_id}")

    async def receive(self, message: object) -> object:
        if isinstance(message, Exception):
            raise message
        if message == "leave":
            self.context.stop_self()
        return f"{self.child_id} answers"

    async def on_stop(self) -> None:
        self.log.append(f"-{self.child_id}")


def member(child_id: str, log: list[str], restart: Restart = "permanent", start_delay: float = 0.0) -> ChildSpec:
    return ChildSpec(child_id, lambda: Member(child_id, log, start_delay), restart=restart)


def trio_of(log: list[str], strategy: Strategy, **options: object) -> Callable[[], Supervisor]:
    specs = [member(child_id, log) for child_id in "abc"]
    return lambda: Supervisor(specs, strategy=strategy, **options)  # type: ignore[arg-type]


async def child(supervisor: ActorRef, child_id: str) -> ActorRef:
    infos = await supervisor.ask(WhichChildren(), timeout=1)
    return next(info.ref for info in infos if info.id == child_id)


async def ids(supervisor: ActorRef) -> list[str]:
    return [info.id for info in await supervisor.ask(WhichChildren(), timeout=1)]


async def test_children_start_in_order_each_when_the_one_before_is_up_and_stop_in_reverse(
    autojump_clock: MockClock,
) -> None:
    log: list[str] = []
    specs = [member("a", log, start_delay=3), member("b", log, start_delay=1), member("c", log)]
    async with open_actor_system(root=lambda: Supervisor(specs)):
        assert log == ["+a", "+b", "+c"]
    assert log[3:] == ["-c", "-b", "-a"]


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("one_for_one", ["-b", "+b"]),
        ("one_for_all", ["-b", "-c", "-a", "+a", "+b", "+c"]),
        ("rest_for_one", ["-b", "-c", "+b", "+c"]),
    ],
)
async def test_a_crash_restarts_whom_the_strategy_names_under_their_old_refs(
    strategy: Strategy, expected: list[str], autojump_clock: MockClock
) -> None:
    log: list[str] = []
    async with open_actor_system(root=trio_of(log, strategy)) as system:
        refs = [await child(system.root, child_id) for child_id in "abc"]
        log.clear()
        await refs[1].tell(ValueError("crash"))
        await trio.testing.wait_all_tasks_blocked()
        assert log == expected
        assert [await ref.ask(Question(), timeout=1) for ref in refs] == [
            "a answers",
            "b answers",
            "c answers",
        ]


@pytest.mark.parametrize("restart", ["permanent", "transient"])
async def test_siblings_restarted_with_a_crash_keep_their_queues(restart: Restart, autojump_clock: MockClock) -> None:
    probe = TestProbe()
    gate = trio.Event()

    class Slow(Actor):
        async def receive(self, message: object) -> object:
            await gate.wait()
            return probe.record(message)

    specs = [member("a", []), ChildSpec("slow", Slow, restart=restart)]
    backoff = Backoff(5.0, 5.0)
    async with open_actor_system(root=lambda: Supervisor(specs, strategy="one_for_all", backoff=backoff)) as system:
        slow = await child(system.root, "slow")
        for number in range(3):
            slow.tell_nowait(number)
        await trio.testing.wait_all_tasks_blocked()
        await (await child(system.root, "a")).tell(ValueError("crash"))
        await trio.testing.wait_all_tasks_blocked()
        slow.tell_nowait(3)
        gate.set()
        await trio.testing.wait_all_tasks_blocked()
        slow.tell_nowait(4)
        await trio.sleep(6)
    assert probe.messages == [0, 1, 2, 3, 4]


async def test_siblings_that_crash_together_count_as_one_restart_of_their_group(
    autojump_clock: MockClock,
) -> None:
    for _ in range(20):
        async with open_actor_system(root=trio_of([], "one_for_all", intensity=1)) as system:
            refs = [await child(system.root, child_id) for child_id in "abc"]
            for ref in refs:
                ref.tell_nowait(ValueError("crash"))
            await trio.testing.wait_all_tasks_blocked()
            assert [await ref.ask(Question(), timeout=1) for ref in refs] == [
                "a answers",
                "b answers",
                "c answers",
            ]


@pytest.mark.parametrize(
    ("restart", "way", "is_back"),
    [
        ("permanent", "leave", True),
        ("permanent", "crash", True),
        ("permanent", "kill", True),
        ("transient", "leave", False),
        ("transient", "crash", True),
        ("transient", "kill", True),
        ("temporary", "leave", False),
        ("temporary", "crash", False),
        ("temporary", "kill", False),
    ],
)
async def test_the_restart_type_decides_who_comes_back(
    restart: Restart, way: str, is_back: bool, system: ActorSystem, autojump_clock: MockClock
) -> None:
    log: list[str] = []
    ref = await start_actor(system.root, member("a", log, restart))
    if way == "kill":
        ref.kill()
    else:
        await ref.tell(ValueError("crash") if way == "crash" else way)
    await trio.testing.wait_all_tasks_blocked()
    assert log.count("+a") == (2 if is_back else 1)
    assert ref.is_alive == is_back
    assert await ids(system.root) == (["a"] if is_back else [])


async def test_too_many_crashes_end_the_children_in_order_and_escalate(autojump_clock: MockClock) -> None:
    log: list[str] = []
    inner = ChildSpec("inner", trio_of(log, "one_for_one", intensity=1), restart="temporary", shutdown=math.inf)
    async with open_actor_system() as system:
        ref = await start_actor(system.root, inner)
        b = await child(ref, "b")
        await b.tell(ValueError("one"))
        await trio.testing.wait_all_tasks_blocked()
        log.clear()
        await b.tell(ValueError("two"))
        reason = await ref.wait_stopped()
        assert reason.leaf_types == ("RestartLimitReached",)
        assert "more than 1 restarts" in str(reason)
        assert log == ["-b", "-c", "-a"]
        assert (await b.wait_stopped()).leaf_types == ("ValueError",)


async def test_a_supervisor_restarted_by_its_own_starts_its_children_anew(autojump_clock: MockClock) -> None:
    log: list[str] = []
    inner = ChildSpec("inner", trio_of(log, "one_for_one", intensity=0), shutdown=math.inf)
    async with open_actor_system(root=lambda: Supervisor([inner])) as system:
        ref = await child(system.root, "inner")
        old = await child(ref, "a")
        await old.tell(ValueError("crash"))
        await old.wait_stopped()
        new = await child(ref, "a")
        assert new is not old
        assert await new.ask(Question(), timeout=1) == "a answers"
        assert log == ["+a", "+b", "+c", "-a", "-c", "-b", "+a", "+b", "+c"]


async def test_restarts_back_off_and_begin_anew_after_a_quiet_time(autojump_clock: MockClock) -> None:
    starts: list[float] = []

    class Failing(Actor):
        async def on_start(self) -> None:
            starts.append(trio.current_time())

        async def receive(self, message: object) -> object:
            raise ValueError("crash")

    def root() -> Supervisor:
        backoff = Backoff(1.0, 4.0, jitter=0.5, reset_after=30.0)
        return Supervisor([ChildSpec("a", Failing)], intensity=99, backoff=backoff, chance=lambda: 0.5)

    async with open_actor_system(root=root) as system:
        ref = await child(system.root, "a")
        for _ in range(4):
            with pytest.raises(ActorCrashed):
                await ref.ask(Question(), timeout=60)
        await trio.sleep(60)
        with pytest.raises(ActorCrashed):
            await ref.ask(Question(), timeout=60)
        quiet = trio.current_time()
        await trio.sleep(10)
    assert [later - earlier for earlier, later in itertools.pairwise(starts[:4])] == [1.25, 2.5, 5.0]
    assert starts[-1] - quiet == 1.25


async def test_stopping_during_a_back_off_does_not_wait_for_it(autojump_clock: MockClock) -> None:
    log: list[str] = []
    root = trio_of(log, "rest_for_one", backoff=Backoff(3600.0, 3600.0))
    begun = trio.current_time()
    async with open_actor_system(root=root) as system:
        b = await child(system.root, "b")
        await b.tell(ValueError("crash"))
        await trio.testing.wait_all_tasks_blocked()
    assert trio.current_time() == begun
    assert log == ["+a", "+b", "+c", "-b", "-c", "-a"]
    assert not b.is_alive


async def test_a_supervisor_answers_while_a_child_backs_off_starts_or_stops(
    autojump_clock: MockClock,
) -> None:
    class SlowEnds(Actor):
        async def on_start(self) -> None:
            await trio.sleep(3)

        async def on_stop(self) -> None:
            await trio.sleep(3)

    async with open_actor_system() as system, trio.open_nursery() as nursery:
        nursery.start_soon(start_actor, system.root, ChildSpec("slow", SlowEnds))
        await trio.testing.wait_all_tasks_blocked()
        states = [(await system.root.ask(WhichChildren(), timeout=1))[0].state]
        await trio.sleep(4)
        states.append((await system.root.ask(WhichChildren(), timeout=1))[0].state)
        nursery.start_soon(_stop, system.root, "slow")
        await trio.testing.wait_all_tasks_blocked()
        states.append((await system.root.ask(WhichChildren(), timeout=1))[0].state)
    assert states == ["starting", "running", "stopping"]


async def _stop(supervisor: ActorRef, child_id: str) -> None:
    await supervisor.ask(StopChild(child_id), timeout=60)


async def test_a_child_that_fails_to_start_again_counts_as_a_crash(autojump_clock: MockClock) -> None:
    starts: list[float] = []

    class Flaky(Actor):
        async def on_start(self) -> None:
            starts.append(trio.current_time())
            if len(starts) in (2, 3):
                raise OSError("not yet")

        async def receive(self, message: object) -> object:
            if message == "crash":
                raise ValueError("crash")
            return "answer"

    def root() -> Supervisor:
        return Supervisor([ChildSpec("a", Flaky)], strategy="one_for_all", intensity=3, backoff=Backoff(1.0, 9.0))

    async with open_actor_system(root=root) as system:
        ref = await child(system.root, "a")
        await ref.tell("crash")
        assert await ref.ask(Question(), timeout=60) == "answer"
    assert [at - starts[0] for at in starts] == [0.0, 1.0, 3.0, 7.0]


async def test_a_crash_of_an_earlier_sibling_takes_over_a_restart_under_way(
    autojump_clock: MockClock,
) -> None:
    log: list[str] = []
    async with open_actor_system(root=trio_of(log, "rest_for_one", backoff=Backoff(5.0, 5.0))) as system:
        a, c = await child(system.root, "a"), await child(system.root, "c")
        await c.tell(ValueError("crash"))
        await trio.testing.wait_all_tasks_blocked()
        log.clear()
        await trio.sleep(3)
        await a.tell(ValueError("crash"))
        await trio.sleep(4)
        assert log == ["-a", "-b"]
        assert await c.ask(Question(), timeout=5) == "c answers"
        assert log == ["-a", "-b", "+a", "+b", "+c"]


async def test_a_static_child_that_does_not_come_up_stops_the_others_and_fails_the_supervisor(
    autojump_clock: MockClock,
) -> None:
    log: list[str] = []

    class Broken(Actor):
        async def on_start(self) -> None:
            raise OSError("no disk")

    specs = [member("a", log), ChildSpec("broken", Broken), member("c", log)]
    async with open_actor_system() as system:
        with pytest.raises(ChildStartFailed, match=r"ChildStartFailed.*no disk"):
            await start_actor(system.root, ChildSpec("inner", lambda: Supervisor(specs)))
    assert log == ["+a", "-a"]


async def test_start_child_answers_with_the_ref_once_the_child_is_up(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    log: list[str] = []
    ref = await system.root.ask(StartChild(member("a", log, start_delay=2)), timeout=5)
    assert log == ["+a"]
    assert await ref.ask(Question(), timeout=1) == "a answers"


async def test_a_second_child_of_the_same_id_is_refused(system: ActorSystem, autojump_clock: MockClock) -> None:
    await start_actor(system.root, member("a", []))
    with pytest.raises(NameTaken, match="supervisor root"):
        await start_actor(system.root, member("a", []))


async def test_a_dynamic_child_that_does_not_come_up_is_forgotten_and_its_asker_told_why(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    def broken() -> Actor:
        raise LookupError("no such thread")

    with pytest.raises(ChildStartFailed, match="no such thread") as caught:
        await start_actor(system.root, ChildSpec("a", broken))
    assert isinstance(caught.value.__cause__, ExceptionGroup)
    assert await ids(system.root) == []


async def test_stop_child_ends_any_child_for_good_and_frees_its_id(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    log: list[str] = []
    old = await start_actor(system.root, member("a", log))
    assert (await system.root.ask(StopChild("a"), timeout=1)).kind == "stopped"
    assert not old.is_alive
    new = await start_actor(system.root, member("a", log))
    assert new is not old
    assert log == ["+a", "-a", "+a"]


async def test_stop_child_of_one_that_backs_off_ends_it_at_once(autojump_clock: MockClock) -> None:
    log: list[str] = []
    async with open_actor_system(root=trio_of(log, "one_for_one", backoff=Backoff(9.0, 9.0))) as system:
        b = await child(system.root, "b")
        await b.tell(ValueError("crash"))
        await trio.testing.wait_all_tasks_blocked()
        assert (await system.root.ask(StopChild("b"), timeout=1)).kind == "crashed"
        await trio.sleep(60)
        assert await ids(system.root) == ["a", "c"]
        assert log.count("+b") == 1


async def test_stop_child_of_an_unknown_id_fails_in_words(system: ActorSystem, autojump_clock: MockClock) -> None:
    with pytest.raises(NoSuchChild, match="WhichChildren"):
        await system.root.ask(StopChild("nobody"), timeout=1)


async def test_a_child_asked_for_while_its_group_restarts_starts_after_it(autojump_clock: MockClock) -> None:
    log: list[str] = []
    async with open_actor_system(root=trio_of(log, "one_for_all", backoff=Backoff(5.0, 5.0))) as system:
        await (await child(system.root, "a")).tell(ValueError("crash"))
        await trio.testing.wait_all_tasks_blocked()
        log.clear()
        await start_actor(system.root, member("d", log), timeout=60)
        assert log == ["+a", "+b", "+c", "+d"]


async def test_a_temporary_sibling_ends_with_its_groups_restart(autojump_clock: MockClock) -> None:
    log: list[str] = []
    async with open_actor_system(root=trio_of(log, "one_for_all")) as system:
        guest = await start_actor(system.root, member("guest", log, "temporary"))
        await (await child(system.root, "a")).tell(ValueError("crash"))
        assert (await guest.wait_stopped()).kind == "stopped"
        assert await ids(system.root) == ["a", "b", "c"]


async def test_the_end_of_a_significant_child_ends_its_supervisor_in_order(autojump_clock: MockClock) -> None:
    log: list[str] = []
    chief = ChildSpec("chief", lambda: Member("chief", log), restart="transient", significant=True)
    specs = [member("a", log), chief]
    async with open_actor_system(root=lambda: Supervisor(specs)) as system:
        ref = await child(system.root, "chief")
        await ref.tell("leave")
        assert (await system.wait_stopped()).kind == "normal"
    assert log == ["+a", "+chief", "-chief", "-a"]


async def test_killing_a_supervisor_ends_its_whole_tree_at_once(autojump_clock: MockClock) -> None:
    log: list[str] = []
    inner = ChildSpec("inner", trio_of(log, "one_for_one", backoff=Backoff(9.0, 9.0)), restart="temporary")
    async with open_actor_system() as system:
        ref = await start_actor(system.root, inner)
        a, b = await child(ref, "a"), await child(ref, "b")
        await b.tell(ValueError("crash"))
        await trio.testing.wait_all_tasks_blocked()
        ref.kill()
        with trio.fail_after(1):
            assert [(await r.wait_stopped()).kind for r in (ref, a, b)] == ["killed", "killed", "killed"]
        with pytest.raises(ActorStopped):
            await a.tell("late")
    assert log == ["+a", "+b", "+c", "-b"]


async def test_what_an_actor_raises_while_its_supervisor_is_killed_is_its_own(autojump_clock: MockClock) -> None:
    class Sore(Actor):
        async def on_start(self) -> None:
            self.context.start_soon(self._begin)

        async def _begin(self) -> None:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.sleep_forever)
                try:
                    await trio.sleep_forever()
                finally:
                    raise OSError("in cleanup")

    inner = ChildSpec("inner", lambda: Supervisor([ChildSpec("sore", Sore)]), restart="temporary")
    async with open_actor_system() as system:
        ref = await start_actor(system.root, inner)
        sore = await child(ref, "sore")
        await trio.testing.wait_all_tasks_blocked()
        ref.kill()
        ends = [await one.wait_stopped() for one in (sore, ref)]
        assert [(end.kind, end.leaf_types) for end in ends] == [("killed", ("OSError",)), ("killed", ())]


async def test_a_stranger_message_is_refused_and_does_not_crash_the_supervisor(
    system: ActorSystem, autojump_clock: MockClock
) -> None:
    with pytest.raises(UnknownMessage, match="Question"):
        await system.root.ask(Question(), timeout=1)
    await system.root.tell("hello")
    assert await ids(system.root) == []


async def test_crashes_of_different_children_are_restarted_side_by_side(autojump_clock: MockClock) -> None:
    log: list[str] = []
    async with open_actor_system(root=trio_of(log, "one_for_one", backoff=Backoff(5.0, 5.0))) as system:
        a, b = await child(system.root, "a"), await child(system.root, "b")
        begun = trio.current_time()
        for ref in (a, b):
            await ref.tell(ValueError("crash"))
        assert await a.ask(Question(), timeout=60) == "a answers"
        assert await b.ask(Question(), timeout=60) == "b answers"
        assert trio.current_time() == begun + 5


@pytest.mark.parametrize("hops", range(8))
async def test_a_restart_taken_over_in_the_moment_it_goes_on_starts_nobody_twice(
    hops: int, autojump_clock: MockClock
) -> None:
    running: list[str] = []
    twice: list[str] = []

    class Once(Member):
        async def on_start(self) -> None:
            if self.child_id in running:
                twice.append(self.child_id)
            running.append(self.child_id)
            self.context.at_end(lambda: running.remove(self.child_id))
            if self.child_id == "b":
                await trio.sleep(1)
                for _ in range(hops):
                    await trio.lowlevel.checkpoint()

    specs = [ChildSpec(child_id, lambda child_id=child_id: Once(child_id, [])) for child_id in "abc"]  # type: ignore[misc]
    for _ in range(20):
        async with open_actor_system(root=lambda: Supervisor(specs, strategy="rest_for_one")) as system:
            a, b = await child(system.root, "a"), await child(system.root, "b")
            await b.tell(ValueError("crash"))
            await trio.sleep(1)
            await a.tell(ValueError("crash"))
            await trio.sleep(5)
            assert running == ["a", "b", "c"]
            infos = await system.root.ask(WhichChildren(), timeout=1)
            assert [info.state for info in infos] == ["running"] * 3
        assert (running, twice) == ([], [])
