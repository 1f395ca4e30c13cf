"""Runners that do not keep their side: what they host is ended without them, and its thread says so."""

from collections.abc import Callable

import pytest
from trio.testing import MockClock

from compas.api.dispatch import DispatchResponse
from compas.domain import events as e
from compas.runner.messages import Exit
from tests.kit.orchestrator.actor_workshop import Supervisor, Workshop, agent, open_workshop


async def begin(supervisor: Supervisor, task: str = "100 seconds") -> DispatchResponse:
    """Dispatch, and return once the agent runs."""
    async with supervisor.system.bus.subscribe(_is_of(e.ExecutionStarted)) as starts:
        posted = await supervisor.dispatch("dev", task, thread_id="t1")
        await starts.receive()
        return posted


def _is_of(kind: type) -> Callable[[object], bool]:
    return lambda event: isinstance(event, e.Recorded) and isinstance(event.event, kind)


def running(shop: Workshop) -> str:
    (execution,) = shop.runners.running()
    return execution


@pytest.mark.parametrize("undying", [0, 3])
async def test_abandoning_ends_what_its_runner_does_not_end(autojump_clock: MockClock, undying: int) -> None:
    async with open_workshop(agent("dev")) as shop, shop.supervisor() as supervisor:
        await begin(supervisor)
        shop.runners.hang(running(shop))
        shop.runners.undying = undying
        async with supervisor.system.bus.subscribe(_is_of(e.ExecutionStopped)) as stops:
            assert (await supervisor.abandon("t1")).status == "Abandoned"
            assert shop.runners.running(), "it was asked first, and has its time"
            stopped = (await stops.receive()).event
        assert (stopped.event.process.kind, stopped.event.process.nothing_left) == ("stopped", True)
        assert shop.runners.running() == {}
        assert shop.runners.undying == 0


async def test_no_other_execution_of_the_thread_starts_before_it_is_gone(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev")) as shop, shop.supervisor() as supervisor:
        await begin(supervisor)
        shop.runners.hang(running(shop))
        await supervisor.abandon("t1")
        answer = await supervisor.chain(await supervisor.dispatch("dev", "again", thread_id="t1"))
        assert answer.body == "dev did: again"
        assert shop.runners.overlaps == []


async def test_a_deadline_that_its_runner_lets_pass_ends_it_all_the_same(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev", timeout_secs=30, max_retries=0)) as shop, shop.supervisor() as supervisor:
        posted = await begin(supervisor)
        shop.runners.hang(running(shop))
        answer = await supervisor.chain(posted)
        assert answer.intent == "error"
        (run,) = (await supervisor.transcript("t1")).executions
        assert run.status == "timed_out"
        assert shop.runners.running() == {}


@pytest.mark.parametrize("is_adopted", [False, True])
async def test_an_agent_that_ended_without_a_word_of_its_runner_has_crashed(
    autojump_clock: MockClock, is_adopted: bool
) -> None:
    async with open_workshop(agent("dev", on_crash="fail")) as shop:
        async with shop.supervisor() as supervisor:
            posted = await begin(supervisor)
            shop.runners.hang(running(shop))
            if is_adopted:
                await supervisor.crash()
            else:
                assert (await supervisor.chain(posted)).intent == "error"
        async with shop.supervisor() as supervisor:
            assert (await supervisor.chain(posted)).intent == "error"
            (run,) = (await supervisor.transcript("t1")).executions
            assert run.status == "crashed"


async def test_an_exit_that_was_recorded_while_the_agent_was_at_work_is_not_believed(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(agent("dev", on_crash="fail")) as shop, shop.supervisor() as supervisor:
        posted = await begin(supervisor)
        shop.runners.forge_exit(running(shop), Exit(kind="exited", exit_code=0, ended_at=1.0))
        await supervisor.chain(posted)
        (run,) = (await supervisor.transcript("t1")).executions
        assert run.status == "crashed"
        assert "at work" in run.error
        assert shop.runners.running() == {}


async def test_what_a_runner_hosts_that_refuses_its_supervisor_is_ended_without_it(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev", on_crash="fail")) as shop, shop.supervisor() as supervisor:
        await shop.runners.begin(2**62)
        posted = await supervisor.dispatch("dev", "100 seconds", thread_id="t1")
        assert (await supervisor.chain(posted)).intent == "error"
        (run,) = (await supervisor.transcript("t1")).executions
        assert run.status == "crashed"
        assert "does not serve us" in run.error
        assert shop.runners.running() == {}
