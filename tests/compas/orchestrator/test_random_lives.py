"""Random lives of a supervisor: whatever is asked and whoever is killed, in whatever order, the promises hold."""

import contextlib
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from actors.remote.errors import RequestFailed, SessionLost
from compas.api.batches import ABANDON_BATCH
from compas.api.dispatch import DISPATCH, DispatchResponse
from compas.api.lifecycle import ABANDON, CLOSE, REOPEN
from compas.domain import events as e
from compas.domain.specs import BreakerSpec, HandoffSpec
from compas.orchestrator.services import ADMISSION, JOURNAL, THREADS, execution_name, thread_name
from tests.kit.orchestrator.actor_workshop import Supervisor, Workshop, agent, open_workshop, wall_clock
from tests.kit.orchestrator.troupe import Turn, echo

pytestmark = pytest.mark.exhaustive

THREADS_USED = ("t1", "t2", "t3")
PLACES = 2
BATCH = "b"
DEAD_ENDS = (e.ThreadAbandoned, e.ThreadClosed, e.ThreadFailed, e.ThreadReopened)
VICTIMS = ("thread", "thread", "execution", ADMISSION, JOURNAL, THREADS, "thread-supervisor", "executions")
MOMENTS: dict[str, type[e.Event]] = {
    kind.__name__: kind
    for kind in (
        e.MessagePosted,
        e.ExecutionQueued,
        e.ExecutionRequested,
        e.ExecutionStarted,
        e.ExecutionEnded,
        e.ExecutionCancelled,
        e.ExecutionStopped,
    )
}

Step = tuple[str, *tuple[object, ...]]
thread = st.sampled_from(THREADS_USED)
seconds = st.sampled_from([0.0, 0.5, 1.0, 2.0, 5.0])
step = st.one_of(
    st.tuples(
        st.just("dispatch"),
        thread,
        st.sampled_from(["dev", "rev", "lead"]),
        seconds,
        st.sampled_from(["", "", "fail", "flaky", "down"]),
    ),
    st.tuples(st.just("dispatch"), thread, st.just("dev"), seconds, st.just("")),
    st.tuples(st.just("sleep"), seconds),
    st.tuples(st.just("sleep"), seconds),
    st.tuples(st.just("dispatch later"), thread, st.sampled_from(["dev", "rev"]), st.sampled_from([0.5, 2.0, 30.0])),
    st.tuples(st.sampled_from(["abandon", "close", "reopen", "lose runner"]), thread),
    st.tuples(st.just("abandon all")),
    st.tuples(st.just("kill"), st.sampled_from(VICTIMS), thread),
    st.tuples(st.just("ambush"), st.sampled_from(VICTIMS), st.sampled_from(sorted(MOMENTS))),
    st.tuples(st.just("ambush"), st.sampled_from(VICTIMS), st.sampled_from(sorted(MOMENTS))),
    st.tuples(st.just("ambush"), st.sampled_from(VICTIMS), st.sampled_from(sorted(MOMENTS))),
    st.tuples(st.just("reload"), st.integers(1, 3)),
    st.tuples(st.sampled_from(["crash", "reboot"])),
)


class Heard(NamedTuple):
    """What a waiter for the whole of a chain was answered."""

    number: int
    thread: str


async def moody(turn: Turn) -> None:
    """Work as long as asked, then fail for good, or once in a while, if the task says so."""
    seconds, _, mood = turn.instruction.partition(" ")
    if not seconds.replace(".", "", 1).isdigit():
        await echo(turn)  # a handoff
        return
    await trio.sleep(float(seconds))
    if mood.startswith("fail"):
        await turn.fail("it can't be done")
    elif mood.startswith("down"):
        await turn.fail("the model is overloaded", "transient")
    elif mood.startswith("flaky") and turn.session is None:
        await turn.open_session("second time lucky")
        await turn.fail("the model is overloaded", "transient")
    else:
        await turn.reply("done")


class Life:
    """Plays one program, over as many supervisors as it takes."""

    def __init__(self, shop: Workshop, nursery: trio.Nursery) -> None:
        self.accepted: list[DispatchResponse] = []
        self.heard: list[Heard] = []
        self.most_at_once = 0
        self.is_everybody_free = False
        self._shop = shop
        self._nursery = nursery
        self._journal_kills = 3  # in five seconds; more, and the supervisor rightly gives up

    async def play(self, program: list[Step]) -> None:
        """Take all steps, then let everything settle, and see that as many can work at once as there are places."""
        waiting = list(program)
        is_over = False
        while not is_over:
            async with self._shop.supervisor() as supervisor, AsyncExitStack() as ambushes:
                is_over = await self._play_until_crash(supervisor, ambushes, waiting)
                if is_over:
                    with trio.fail_after(600):
                        await self._shop.wait_settled(supervisor)
                    await ambushes.aclose()
                    self.most_at_once = self._shop.runners.most_at_once
                    self.is_everybody_free = await everybody_is_free(self._shop, supervisor)

    async def _play_until_crash(self, supervisor: Supervisor, ambushes: AsyncExitStack, waiting: list[Step]) -> bool:
        while waiting:
            name, *arguments = waiting.pop(0)
            if name in ("crash", "reboot"):
                await supervisor.crash()
                if name == "reboot":
                    self._shop.runners.reboot()
                return False
            if name == "ambush":
                await ambushes.enter_async_context(supervisor.when(*self._ambush(supervisor, *arguments)))
            else:
                await getattr(self, f"_{name.replace(' ', '_')}")(supervisor, *arguments)
        return True

    async def _dispatch(self, supervisor: Supervisor, thread: str, to: str, seconds: float, mood: str) -> None:
        task = f"{seconds} {mood}"
        posted = await supervisor.insist(DISPATCH, to=to, body=task, thread_id=thread, batch=BATCH)
        self.accepted.append(posted)
        self._nursery.start_soon(self._listen, supervisor, posted)

    async def _dispatch_later(self, supervisor: Supervisor, thread: str, to: str, seconds: float) -> None:
        when = datetime.fromtimestamp(wall_clock() + seconds, UTC).isoformat()
        try:
            posted = await supervisor.insist(
                DISPATCH, to=to, body="1", thread_id=thread, batch=BATCH, scheduled_for=when
            )
        except RequestFailed as failure:
            if failure.code != "not_in_the_future":  # its time may pass while nobody can serve the request
                raise
            return
        self.accepted.append(posted)
        self._nursery.start_soon(self._listen, supervisor, posted)

    async def _listen(self, supervisor: Supervisor, posted: DispatchResponse) -> None:
        with contextlib.suppress(RequestFailed, SessionLost):
            answer = await supervisor.chain(posted)
            if answer.found and answer.message_id is not None:
                self.heard.append(Heard(answer.message_id, posted.thread_id))

    async def _sleep(self, supervisor: Supervisor, seconds: float) -> None:
        await trio.sleep(seconds)

    async def _abandon(self, supervisor: Supervisor, thread: str) -> None:
        with contextlib.suppress(RequestFailed):
            await supervisor.insist(ABANDON, thread_id=thread)

    async def _close(self, supervisor: Supervisor, thread: str) -> None:
        with contextlib.suppress(RequestFailed):
            await supervisor.insist(CLOSE, thread_id=thread, status="failed")

    async def _reopen(self, supervisor: Supervisor, thread: str) -> None:
        with contextlib.suppress(RequestFailed):
            await supervisor.insist(REOPEN, thread_id=thread)

    async def _abandon_all(self, supervisor: Supervisor) -> None:
        with contextlib.suppress(RequestFailed):
            found = await supervisor.insist(ABANDON_BATCH, batch_id=BATCH)
            assert found.threads_left == 0

    async def _reload(self, supervisor: Supervisor, threshold: int) -> None:
        breaker = BreakerSpec(failure_threshold=threshold, cooldown_secs=5)
        self._shop.config = msgspec.structs.replace(self._shop.config, circuit_breaker=breaker)
        supervisor.config_file.save(self._shop.config)
        await trio.lowlevel.checkpoint()

    async def _lose_runner(self, supervisor: Supervisor, thread: str) -> None:
        await trio.lowlevel.checkpoint()
        for execution, spec in self._shop.runners.running().items():
            if spec.env["COMPAS_THREAD"] == thread:
                self._shop.runners.kill_runner(execution)

    async def _kill(self, supervisor: Supervisor, victim: str, thread: str) -> None:
        await trio.lowlevel.checkpoint()
        running = [name for name, spec in self._shop.runners.running().items() if spec.env["COMPAS_THREAD"] == thread]
        self._end_actor(supervisor, victim, thread, running[0] if running else "")

    def _ambush(
        self, supervisor: Supervisor, victim: str, moment: str
    ) -> tuple[type[e.Event], Callable[[e.Recorded], None]]:
        left = [None]

        def strike(recorded: e.Recorded) -> None:
            if left:
                left.pop()
                thread = recorded.stream.removeprefix("thread:")
                self._end_actor(supervisor, victim, thread, getattr(recorded.event, "execution", ""))

        return MOMENTS[moment], strike

    def _end_actor(self, supervisor: Supervisor, victim: str, thread: str, execution: str) -> None:
        names = {"thread": thread_name(thread), "execution": execution_name(execution)}
        if victim == JOURNAL:
            self._journal_kills -= 1
            if self._journal_kills < 0:
                return
        found = supervisor.system.registry.find(names.get(victim, victim))
        if found is not None:
            found.kill()


def is_dead_end(one: e.Recorded) -> bool:
    return isinstance(one.event, DEAD_ENDS)


def broken_promises(life: Life, log: list[e.Recorded]) -> list[str]:
    """Return what of all that was promised is not so."""
    found: list[str] = []
    due = {one.event.execution: one.event.not_before for one in log if isinstance(one.event, e.ExecutionQueued)}
    requested = [one for one in log if isinstance(one.event, e.ExecutionRequested)]
    found += [f"{one.event.execution} began early" for one in requested if one.at < (due[one.event.execution] or 0.0)]
    ended = Counter(one.event.execution for one in log if isinstance(one.event, e.ExecutionEnded))
    found += [f"{execution} ended {times} times" for execution, times in ended.items() if times > 1]
    lineages = {one.position: one.lineage for one in log}
    for posted in life.accepted:
        after = [one for one in log if one.position > posted.message_id]
        answers = [
            one
            for one in after
            if one.lineage == lineages[posted.message_id]
            and isinstance(one.event, e.MessagePosted)
            and one.event.recipient == "operator"
        ]
        dead = [one for one in after if one.stream == f"thread:{posted.thread_id}" and isinstance(one.event, DEAD_ENDS)]
        if not answers and not dead:
            found.append(f"{posted.reference} in {posted.thread_id} was never answered")
    fan_outs = [one for one in log if isinstance(one.event, e.FannedOut) and one.event.join is not None]
    joined = Counter(one.event.execution for one in log if isinstance(one.event, e.Joined))
    for one in fan_outs:
        ended_later = [
            other
            for other in log
            if other.position > one.position and other.stream == one.stream and is_dead_end(other)
        ]
        if joined[one.event.execution] != 1 and not (ended_later and joined[one.event.execution] == 0):
            found.append(f"the answers to {one.event.execution} were joined {joined[one.event.execution]} times")
    for number, thread in life.heard:
        later = [
            one
            for one in log
            if one.position > number and one.lineage == lineages[number] and isinstance(one.event, e.ExecutionEnded)
        ]
        if later:
            found.append(f"a waiter for all of {thread} was given db:{number}, and more came")
    return found


async def everybody_is_free(shop: Workshop, supervisor: Supervisor) -> bool:
    """Say whether as many can work at once as there are places, once nobody's backend is left alone any more."""
    for _ in range(3):
        posted = await supervisor.insist(DISPATCH, to="rev", body="1", skip_handoff=True)
        await supervisor.chain(posted)
    shop.runners.most_at_once = 0
    both = [await supervisor.insist(DISPATCH, to=alias, body="100", skip_handoff=True) for alias in ("dev", "rev")]
    with trio.fail_after(300):
        for one in both:
            assert (await supervisor.chain(one)).found
    return shop.runners.most_at_once == PLACES


AGENTS = (
    agent("dev", to="rev", workspace="worktree", max_retries=1, retry_backoff_secs=2),
    agent("rev", max_retries=1, retry_backoff_secs=2, workspace=None),
    agent(
        "lead",
        handoff=HandoffSpec(targets=("dev", "rev"), join="lead", max_chain_depth=4),
        max_retries=1,
        retry_backoff_secs=2,
        workspace="worktree",
    ),
)
LIMITS = {
    "effective_concurrency": PLACES,
    "max_triggers_per_agent": 1,
    "circuit_breaker": BreakerSpec(failure_threshold=2, cooldown_secs=5),
}


async def live(program: list[Step]) -> None:
    async with (
        open_workshop(*AGENTS, **LIMITS) as shop,
        trio.open_nursery() as nursery,
    ):
        shop.plays("dev", moody)
        shop.plays("rev", moody)
        shop.plays("lead", moody)
        life = Life(shop, nursery)
        await life.play(program)
        assert shop.runners.running() == {}
        log = list(await shop.store.read_all(limit=10_000))
        assert broken_promises(life, log) == []
        assert [name for name, count in shop.runners.starts.items() if count > 1] == []
        assert shop.runners.overlaps == []
        assert life.most_at_once <= PLACES
        assert life.is_everybody_free
        before, after = await shop.tables_and_rebuilt_tables()
        assert before == after
        nursery.cancel_scope.cancel()


@settings(max_examples=30, deadline=None)
@given(program=st.lists(step, min_size=1, max_size=14))
def test_whatever_happens_the_promises_hold(program: list[Step]) -> None:
    trio.run(live, program, clock=MockClock(autojump_threshold=0))


@pytest.mark.long
@pytest.mark.parametrize("part", range(10))
@settings(max_examples=1000, deadline=None)
@given(program=st.lists(step, min_size=1, max_size=14))
def test_whatever_happens_10_000_times_the_promises_hold(part: int, program: list[Step]) -> None:
    trio.run(live, program, clock=MockClock(autojump_threshold=0))
