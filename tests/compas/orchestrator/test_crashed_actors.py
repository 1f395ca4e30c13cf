"""Every actor may crash at every event of a thread's life, and nothing is lost, done twice or stuck."""

from collections import Counter
from collections.abc import Callable

import pytest
import trio
from trio.testing import MockClock

from compas.api.dispatch import DISPATCH, DispatchResponse
from compas.domain import events as e
from compas.orchestrator.services import ADMISSION, EXECUTIONS, JOURNAL, execution_name, thread_name
from tests.kit.orchestrator.actor_workshop import Supervisor, Workshop, agent, open_workshop

pytestmark = pytest.mark.exhaustive

KINDS: tuple[type[e.Event], ...] = (
    e.ThreadOpened,
    e.ExecutionQueued,
    e.WorktreePlanned,
    e.WorktreeReady,
    e.ExecutionRequested,
    e.ExecutionStarted,
    e.ExecutionEnded,
)
VICTIMS: dict[str, Callable[[str, str], str]] = {
    "thread": lambda thread, execution: thread_name(thread),
    "execution": lambda thread, execution: execution_name(execution),
    "admission": lambda thread, execution: ADMISSION,
    "executions": lambda thread, execution: EXECUTIONS,
    "threads": lambda thread, execution: "thread-supervisor",
    "journal": lambda thread, execution: JOURNAL,
    "root": lambda thread, execution: "root",
}


class Killer:
    """Kills an actor at the n-th event of a kind."""

    def __init__(self, supervisor: Supervisor, victim: str, at: int = 1) -> None:
        self.has_killed = False
        self._supervisor = supervisor
        self._victim = victim
        self._left = at

    def __call__(self, recorded: e.Recorded) -> None:
        self._left -= 1
        if self._left:
            return
        thread = recorded.stream.removeprefix("thread:")
        execution = getattr(recorded.event, "execution", "")
        name = VICTIMS[self._victim](thread, execution)
        self.has_killed = True
        found = self._supervisor.system.root if name == "root" else self._supervisor.system.registry.find(name)
        if found is not None:
            found.kill()


async def work_is_done_once(shop: Workshop, posted: DispatchResponse) -> None:
    """Check that a chain of dev and rev was carried out in full, each once, and left everybody free."""
    async with shop.supervisor() as supervisor:
        answer = await supervisor.chain(posted)
        assert (answer.found, answer.sender) == (True, "rev")
        assert [step.status for step in answer.chain] == ["completed", "completed"]
        ended = Counter(event.execution for event in await shop.events() if isinstance(event, e.ExecutionEnded))
        assert set(ended.values()) == {1}
        assert set(shop.runners.starts.values()) == {1}
        assert shop.runners.overlaps == []
        assert [name for name, _ in shop.troupe.tasks()] == ["dev", "rev"]
        # Nobody holds a place any more: with one place per agent, each of them can be had again.
        again = [await supervisor.dispatch("dev", f"1 more {n}") for n in range(2)]
        assert all([(await supervisor.chain(one)).found for one in again])
    before, after = await shop.tables_and_rebuilt_tables()
    assert before == after


# proves: a-core 151
@pytest.mark.parametrize("victim", VICTIMS)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
async def test_whoever_is_killed_at_whatever_event_the_work_is_done_once(
    autojump_clock: MockClock, kind: type[e.Event], victim: str
) -> None:
    agents = agent("dev", to="rev", workspace="worktree"), agent("rev")
    async with open_workshop(*agents, effective_concurrency=2, max_triggers_per_agent=1) as shop:
        async with shop.supervisor() as supervisor:
            killer = Killer(supervisor, victim)
            async with supervisor.when(kind, killer):
                with trio.move_on_after(600):
                    posted = await supervisor.insist(DISPATCH, "r1", to="dev", body="3 hours", thread_id="t1")
                    await supervisor.wait("t1", await_chain=True, timeout=500)
            assert killer.has_killed
        async with shop.supervisor() as supervisor:
            posted = await supervisor.insist(DISPATCH, "r1", to="dev", body="3 hours", thread_id="t1")
        await work_is_done_once(shop, posted)


@pytest.mark.parametrize("victim", [name for name in VICTIMS if name != "root"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
async def test_the_work_goes_on_without_a_restart_of_the_supervisor(
    autojump_clock: MockClock, kind: type[e.Event], victim: str
) -> None:
    agents = agent("dev", to="rev", workspace="worktree"), agent("rev")
    async with open_workshop(*agents, effective_concurrency=2, max_triggers_per_agent=1) as shop:
        async with shop.supervisor() as supervisor:
            killer = Killer(supervisor, victim)
            async with supervisor.when(kind, killer):
                posted = await supervisor.insist(DISPATCH, "r1", to="dev", body="3 hours", thread_id="t1")
                answer = await supervisor.chain(posted)
            assert killer.has_killed
            assert (answer.found, answer.sender) == (True, "rev")
            for one in [await supervisor.insist(DISPATCH, to="dev", body=f"1 more {n}") for n in range(2)]:
                assert (await supervisor.chain(one)).found
            assert trio.current_time() < 120
        assert set(shop.runners.starts.values()) == {1}
        assert shop.runners.overlaps == []
