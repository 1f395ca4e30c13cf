"""What is summed up: executions by what became of them, time and cost, and tools by their errors."""

import time
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from trio.testing import MockClock

from compas.api.figures import COSTS, METRICS, TOOL_STATS, AgentMetrics, MetricsResponse
from compas.backends.scripted import ResultLine, ToolLine
from compas.domain.events import Usage
from compas.orchestrator.last_spans import last_days
from tests.kit.orchestrator.actor_workshop import agent, open_workshop
from tests.kit.orchestrator.troupe import Turn, echo

SPENT = Usage(cost_usd=0.25, tokens_in=100, tokens_out=20, tokens_cached=7, turns=2)


def line(value: msgspec.Struct) -> str:
    return msgspec.json.encode(value).decode()


async def spends(turn: Turn) -> None:
    await turn.console.print(line(ResultLine(text="Done.", usage=SPENT)))


async def test_every_execution_is_counted_once_where_it_stands(autojump_clock: MockClock) -> None:
    async def fails_once(turn: Turn) -> None:
        shop.plays("dev", spends)
        await turn.fail("try later", "transient")

    async def fails(turn: Turn) -> None:
        await turn.fail("no")

    team = (agent("dev", max_retries=1, retry_backoff_secs=1), agent("poor"), agent("busy", max_concurrent=1))
    async with open_workshop(*team) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", fails_once)
        shop.plays("poor", fails)
        await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id="t1"))
        await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id="t2"))
        await supervisor.chain(await supervisor.dispatch("poor", "x", thread_id="t3"))
        await supervisor.dispatch("busy", "900 seconds of work", thread_id="t4")
        await supervisor.wait("t4", timeout=1)
        await supervisor.dispatch("busy", "900 seconds of work", thread_id="t5")
        later = "2033-01-31T09:00:00Z"
        await supervisor.dispatch("busy", "x", thread_id="t6", scheduled_for=later)
        await supervisor.dispatch("busy", "x", thread_id="t7", scheduled_for=later)
        await supervisor.abandon("t7")
        found = await supervisor.ask(METRICS)
        assert found.thread_counts == {"Abandoned": 1, "Active": 5, "Failed": 1}
        assert found.total_messages == sum([len((await supervisor.transcript(f"t{n}")).messages) for n in range(1, 8)])
        assert (found.queue_depth, found.scheduled, found.running) == (2, 1, 1)
        assert (found.done, found.failed, found.cancelled, found.retries) == (2, 2, 1, 1)
        assert found.active_by_agent == {"busy": 1}
        assert (found.cost.total_cost_usd, found.cost.executions_with_cost) == (0.5, 2)
        assert (found.cost.total_tokens_in, found.cost.total_tokens_out) == (200, 40)
        busy, dev, poor = found.agents
        assert (busy.queued, busy.scheduled, busy.running, busy.cancelled, busy.executions) == (1, 1, 1, 1, 4)
        assert (dev.executions, dev.done, dev.failed, dev.retries, dev.priced) == (3, 2, 1, 1, 2)
        assert (dev.cost_usd, dev.tokens_cached, dev.turns, dev.backend) == (0.5, 14, 4, "scripted")
        assert (poor.failed, poor.cost_usd, poor.done) == (1, None, 0)
        (only,) = (await supervisor.ask(METRICS, agent="dev")).agents
        assert only == dev
        for thread in ("t4", "t5", "t6"):
            await supervisor.abandon(thread)
        await shop.wait_settled(supervisor)


async def test_durations_are_those_of_the_processes(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        for seconds in (2, 4, 9):
            await supervisor.chain(await supervisor.dispatch("dev", f"{seconds} seconds of work"))
        (dev,) = (await supervisor.ask(METRICS)).agents
        assert (dev.average_ms, dev.longest_ms, dev.total_ms) == (5000, 9000, 15000)


async def test_without_any_work_everything_is_zero(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        found: MetricsResponse = await supervisor.ask(METRICS)
        empty: tuple[AgentMetrics, ...] = ()
        assert (found.thread_counts, found.queue_depth, found.done, found.agents) == ({}, 0, 0, empty)
        tools = await supervisor.ask(TOOL_STATS)
        assert (tools.tool_stats, tools.tool_usage_by_agent, tools.cost_by_agent, tools.missed) == ((), (), (), 0)


async def test_tools_are_counted_over_all_agents_and_of_each_with_their_errors(autojump_clock: MockClock) -> None:
    async def works(turn: Turn) -> None:
        for tool, failed in (("run", True), ("run", False), ("write", False)):
            await turn.console.print(line(ToolLine(name=tool, summary=f"{tool}: no error, none failed", failed=failed)))
        await spends(turn)

    async with open_workshop(agent("dev"), agent("rev")) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", works)
        shop.plays("rev", works)
        for alias in ("dev", "dev", "rev"):
            await supervisor.chain(await supervisor.dispatch(alias, "x"))
        shop.plays("rev", echo)
        found = await supervisor.ask(TOOL_STATS)
        shown = [(one.tool_name, one.call_count, one.error_count, one.error_rate) for one in found.tool_stats]
        assert shown == [("run", 6, 3, 0.5), ("write", 3, 0, 0.0)]
        of_agents = {(one.agent_alias, one.tool_name): one.call_count for one in found.tool_usage_by_agent}
        assert of_agents == {("dev", "run"): 4, ("dev", "write"): 2, ("rev", "run"): 2, ("rev", "write"): 1}
        assert [(cost.agent_alias, cost.execution_count, cost.total_cost_usd) for cost in found.cost_by_agent] == [
            ("dev", 2, 0.5),
            ("rev", 1, 0.25),
        ]
        one = await supervisor.ask(TOOL_STATS, agent="rev")
        assert [(stat.tool_name, stat.call_count) for stat in one.tool_stats] == [("run", 2), ("write", 1)]
        assert [cost.agent_alias for cost in one.cost_by_agent] == ["rev"]


async def test_the_run_that_ended_last_is_named(autojump_clock: MockClock) -> None:
    async def fails(turn: Turn) -> None:
        await turn.fail("no")

    async with open_workshop(agent("dev"), agent("idle")) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", echo)
        await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id="t1"))
        shop.plays("dev", fails)
        posted = await supervisor.dispatch("dev", "x", thread_id="t2")
        await supervisor.chain(posted)
        (dev,) = (await supervisor.ask(METRICS)).agents
        assert dev.newest is not None
        assert (dev.newest.thread_id, dev.newest.status) == ("t2", "failed")
        assert dev.newest.execution_id == posted.execution_id
        assert "no" in dev.newest.error


async def test_what_was_spent_is_summed_by_agent_batch_thread_and_day_and_what_is_unknown_stays_so(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(agent("dev"), agent("silent")) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", spends)
        shop.plays("silent", echo)
        for thread in ("t1", "t2"):
            await supervisor.chain(await supervisor.dispatch("dev", "Do it\nwell", thread_id=thread, batch="spring"))
        await supervisor.chain(await supervisor.dispatch("silent", "x", thread_id="t3"))
        found = await supervisor.ask(COSTS)
        assert (found.total.cost_usd, found.total.priced, found.total.executions) == (0.5, 2, 3)
        assert [(one.name, one.cost_usd, one.executions) for one in found.by_agent] == [
            ("dev", 0.5, 2),
            ("silent", None, 1),
        ]
        assert [(one.name, one.cost_usd) for one in found.by_batch] == [("spring", 0.5)]
        assert [(one.name, one.cost_usd) for one in found.by_thread] == [("t1", 0.25), ("t2", 0.25), ("t3", None)]
        assert found.titles["t1"] == "Do it"
        assert (len(found.by_day), len(found.by_hour)) == (14, 24)
        assert (found.by_day[-1].cost_usd, found.by_day[0].cost_usd) == (0.5, None)
        assert sum(one.executions for one in found.by_hour) == 3
        (silent,) = [one for one in found.by_agent if one.name == "silent"]
        assert (silent.tokens_in, silent.tokens_out) == (None, None)


def test_days_begin_at_local_midnight_also_where_summer_time_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        noon = datetime(2026, 3, 30, 12, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
        days = [datetime.fromtimestamp(began, ZoneInfo("Europe/Berlin")) for began in last_days(noon, 3)]
        assert [(day.day, day.hour) for day in days] == [(28, 0), (29, 0), (30, 0)]
    finally:
        monkeypatch.undo()
        time.tzset()
