"""Executions whose processes vanish: whoever asked is answered, whichever supervisor finds out."""

import pytest
from trio.testing import MockClock

from compas.api.dispatch import DispatchResponse
from compas.domain import events as e
from compas.domain.specs import OnCrash
from tests.kit.orchestrator.actor_workshop import Supervisor, Workshop, agent, open_workshop
from tests.kit.orchestrator.troupe import Role, Turn


async def begin(supervisor: Supervisor) -> DispatchResponse:
    """Dispatch, and return once the agent runs."""
    async with supervisor.system.bus.subscribe(_is_start) as starts:
        posted = await supervisor.dispatch("dev", "10 seconds", thread_id="t1")
        await starts.receive()
        return posted


def _is_start(event: object) -> bool:
    return isinstance(event, e.Recorded) and isinstance(event.event, e.ExecutionStarted)


async def lose(shop: Workshop, supervisor: Supervisor, found_by: str) -> None:
    """Let the agent's processes vanish under this supervisor, or between it and the next."""
    (execution,) = shop.runners.running()
    if found_by == "the next supervisor":
        await supervisor.crash()
    shop.runners.kill_runner(execution)


# proves: a-core 56
@pytest.mark.parametrize("found_by", ["its supervisor", "the next supervisor"])
async def test_an_execution_whose_processes_are_gone_has_crashed_and_its_thread_is_told(
    autojump_clock: MockClock, found_by: str
) -> None:
    async with open_workshop(agent("dev", on_crash="fail")) as shop:
        async with shop.supervisor() as supervisor:
            posted = await begin(supervisor)
            await lose(shop, supervisor, found_by)
            if found_by == "its supervisor":
                await supervisor.chain(posted)
        async with shop.supervisor() as supervisor:
            await supervisor.chain(posted)
            told = await supervisor.transcript("t1")
            assert [run.status for run in told.executions] == ["crashed"]
            assert told.thread_status == "Failed"
            assert [(one.sender, one.to, one.intent) for one in told.messages[1:]] == [("dev", "operator", "error")]
            assert "lost" in told.messages[1].body


async def test_an_execution_is_judged_again_where_somebody_else_just_looks_at_what_its_runner_left(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_workshop(agent("dev", on_crash="fail")) as shop:
        async with shop.supervisor() as supervisor:
            posted = await begin(supervisor)
            await lose(shop, supervisor, "the next supervisor")
        shop.runners.looked_at = 2
        async with shop.supervisor() as supervisor:
            await supervisor.chain(posted)
            assert [run.status for run in (await supervisor.transcript("t1")).executions] == ["crashed"]
    assert [one.getMessage() for one in caplog.records if "SettleError" in one.getMessage()] == []


# proves: a-core 151
@pytest.mark.parametrize(
    ("on_crash", "intent", "body"),
    [
        ("fail", "error", "the runner died"),
        ("requeue", "response", "dev did: 10 seconds"),
        ("resume", "response", "dev did: 10 seconds"),
    ],
)
async def test_whoever_waits_for_an_execution_that_a_restart_finds_dead_is_answered(
    autojump_clock: MockClock, on_crash: OnCrash, intent: str, body: str
) -> None:
    async with open_workshop(agent("dev", on_crash=on_crash)) as shop:
        async with shop.supervisor() as supervisor:
            posted = await begin(supervisor)
            await lose(shop, supervisor, "the next supervisor")
        async with shop.supervisor() as supervisor:
            answer = await supervisor.wait("t1", since_reference=posted.reference)
            assert (answer.found, answer.intent) == (True, intent)
            assert answer.body is not None
            assert body in answer.body


def _stumbles_once() -> Role:
    """Return an agent that fails for the moment at first, and then works."""
    failures = iter(["too many requests"])

    async def play(turn: Turn) -> None:
        failure = next(failures, None)
        if failure is not None:
            await turn.fail(failure, "transient")
        else:
            await turn.reply(f"done: {turn.instruction}")

    return play


# proves: a-core 9
@pytest.mark.parametrize("crashes", [False, True])
async def test_a_dispatch_after_a_retry_starts_one_execution_whoever_takes_over_meanwhile(
    autojump_clock: MockClock, *, crashes: bool
) -> None:
    async with open_workshop(agent("dev", max_retries=1)) as shop:
        shop.plays("dev", _stumbles_once())
        async with shop.supervisor() as supervisor:
            first = await supervisor.dispatch("dev", "one", thread_id="t1")
            assert (await supervisor.chain(first)).body == "done: one"
            second = await supervisor.dispatch("dev", "two", thread_id="t1")
            if crashes:
                await supervisor.crash()
        async with shop.supervisor() as supervisor:
            assert (await supervisor.chain(second)).body == "done: two"
            runs = (await supervisor.transcript("t1")).executions
        assert [(run.attempt, run.dispatch_message_id) for run in runs] == [
            (0, first.message_id),
            (1, first.message_id),
            (0, second.message_id),
        ]
        assert set(shop.runners.starts.values()) == {1}
