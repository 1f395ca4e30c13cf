"""A night of chains under virtual time: all of them settle, and the same seed gives the same night."""

import random
from collections import Counter

import msgspec
import pytest
import trio
from trio._core import _run as scheduling
from trio.testing import MockClock

from compas.api.dispatch import DispatchResponse
from compas.domain import events as e
from compas.domain.specs import BreakerSpec, HandoffSpec
from tests.kit.orchestrator.actor_workshop import Supervisor, agent, open_workshop
from tests.kit.orchestrator.troupe import Turn

pytestmark = pytest.mark.exhaustive

HOURS = 8 * 3600.0
TEAM = (
    agent(
        "dev",
        handoff=HandoffSpec(targets=("r1", "r2"), join="dev", until="approved", max_chain_depth=6),
        max_retries=3,
        retry_backoff_secs=10,
        workspace="worktree",
    ),
    agent("r1", max_retries=3, retry_backoff_secs=10, workspace=None),
    agent("r2", max_retries=3, retry_backoff_secs=10, workspace="worktree"),
)
PLACES = {
    "effective_concurrency": 40,
    "max_triggers_per_agent": 20,
    "circuit_breaker": BreakerSpec(failure_threshold=3, cooldown_secs=30),
}


class Night:
    """What happened: who was given which answer, and what the log holds, without names that differ by nature."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.story: list[tuple[float, str]] = []
        self.ended: Counter[str] = Counter()
        self.most_at_once = 0


async def play(seed: int, chains: int) -> Night:
    dice = random.Random(seed)
    night = Night()

    async def act(turn: Turn) -> None:
        await trio.sleep(dice.uniform(5, 600))
        if dice.random() < 0.05:
            await turn.fail("the model is overloaded", "transient")
        elif turn.alias == "dev":
            turn.repo.write(turn.spec.cwd, work=str(dice.random()))
            await turn.reply("done")
        else:
            await turn.reply(f"Verdict: {'approve' if dice.random() < 0.6 else 'request changes'}")

    limits = {**PLACES, "limit_secs": 3 * HOURS}
    async with open_workshop(*TEAM, **limits) as shop, shop.supervisor() as supervisor, trio.open_nursery() as nursery:
        for one in TEAM:
            shop.plays(one.alias, act)
        for number, at in enumerate(sorted(dice.uniform(0, HOURS / 2) for _ in range(chains))):
            await trio.sleep(at - trio.current_time())
            posted = await supervisor.dispatch("dev", f"task {number}", thread_id=f"t{number}")
            nursery.start_soon(listen, supervisor, posted, night)
        await shop.wait_settled(supervisor)
        night.most_at_once = shop.runners.most_at_once
        log = await shop.store.read_all(limit=1_000_000)
        night.story = [(one.at, type(one.event).__name__) for one in log]
        night.ended.update(one.event.status for one in log if isinstance(one.event, e.ExecutionEnded))
    return night


async def listen(supervisor: Supervisor, posted: DispatchResponse, night: Night) -> None:
    answer = await supervisor.wait(
        posted.thread_id, since_reference=posted.reference, await_chain=True, timeout=2 * HOURS
    )
    assert all(step.status not in ("queued", "picked_up", "executing") for step in answer.chain)
    assert posted.thread_id not in night.answers
    night.answers[posted.thread_id] = msgspec.json.encode((answer.intent, answer.reason)).decode()


def through(seed: int, chains: int) -> Night:
    # As trio's plug-in for hypothesis does it: what can run is shuffled, and by this always in the same way.
    scheduling._hypothesis_plugin_setup()
    scheduling._r.seed(seed)
    return trio.run(play, seed, chains, clock=MockClock(autojump_threshold=0))


def check(night: Night, chains: int) -> None:
    assert len(night.answers) == chains
    assert night.ended["completed"] > 2 * chains
    assert 1 < night.most_at_once <= 40


@pytest.mark.parametrize("seed", [1, 2])
def test_a_night_of_chains_settles_and_is_the_same_again_for_the_same_seed(seed: int) -> None:
    first, second = through(seed, 25), through(seed, 25)
    check(first, 25)
    assert first.story == second.story
    assert first.answers == second.answers


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_a_night_of_500_chains_settles(seed: int) -> None:
    check(through(seed, 500), 500)
