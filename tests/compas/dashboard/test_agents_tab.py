"""The tab with the agents: who can work, who is busy, and what each did last."""

import msgspec
import pytest
import trio
import trio.testing

from compas.api.agents import AgentListing
from compas.api.figures import AgentMetrics, NewestRun
from compas.domain import events as e
from tests.kit.dashboard.played_screen import open_screen
from tests.kit.dashboard.played_supervisor import NOW, PlayedSupervisor, agent, ended, health, no_metrics

OPEN = {"circuit_state": "open", "circuit_until": NOW + 300, "circuit_detail": "3 failed in a row, the last with auth"}


def listing(alias: str, **fields: object) -> AgentListing:
    known: dict[str, object] = {"backend": "claude", "role": "worker", "timeout_secs": 600, "max_concurrent": 2}
    known |= {"active": 0, "queued": 0, "available": 2, "await_chain_recommended": False}
    return msgspec.convert({**known, "alias": alias, **fields}, AgentListing)


def figures(alias: str, **fields: object) -> AgentMetrics:
    known = dict.fromkeys(("executions", "queued", "scheduled", "running", "done", "failed", "cancelled", "retries"), 0)
    return msgspec.convert({**known, "agent": alias, "backend": "claude", **fields}, AgentMetrics)


def staffed() -> PlayedSupervisor:
    supervisor = PlayedSupervisor()
    supervisor.health = health(
        agents=(
            agent("dev", active=1, queued=3),
            agent("rev", **OPEN),
            agent("qa", usable=False, detail="no codex in PATH", backend="codex"),
            agent("boss", role="operator"),
        )
    )
    listings = (listing("dev", model="opus", handoff_to="rev"), listing("rev"))
    supervisor.agents = msgspec.structs.replace(supervisor.agents, agents=listings)
    newest = NewestRun(execution_id="x7", thread_id="t7", status="failed", ended_at=NOW - 180)
    own = figures("dev", executions=12, done=9, failed=2, priced=3, cost_usd=1.5, tokens_in=50_000, newest=newest)
    supervisor.metrics = msgspec.structs.replace(no_metrics(), agents=(own,))
    return supervisor


async def test_each_agent_shows_what_it_runs_on_how_busy_it_is_and_how_its_last_run_ended() -> None:
    async with open_screen(staffed(), (120, 24)) as screen:
        await screen.type("2")
        found = await screen.line("dev  ")
        for expected in ("▸ running", "claude", "opus", "1/2", " 3 ", " 9 ", " 2 ", "50.0k", "$1.50+", "✗ 3 m ago"):
            assert expected in found, expected
        assert "hands to rev" in await screen.text()
        assert "never" in await screen.line("rev  ")
        assert "✗ left alone" in await screen.line("rev  ")
        assert "✗ unusable" in await screen.line("qa  ")
        assert "· a person" in await screen.line("boss  ")
        assert "rev: claude is left alone until 22:18: 3 failed in a row, the last with auth" in await screen.text()
        assert "qa: no codex in PATH" in await screen.text()


@pytest.mark.parametrize("size", [(40, 12), (80, 24)])
async def test_a_small_screen_shows_who_can_work_and_who_is_busy(size: tuple[int, int]) -> None:
    async with open_screen(staffed(), size) as screen:
        await screen.type("2")
        text = await screen.text()
        for expected in ("dev", "▸ running", "1/2"):
            assert expected in text


# proves: c-config-dashboard 108
async def test_an_open_breaker_is_gone_after_a_success_under_the_next_supervisor(
    autojump_clock: trio.testing.MockClock,
) -> None:
    supervisor = staffed()
    async with open_screen(supervisor, (120, 24)) as screen:
        await screen.type("2")
        assert "left alone" in await screen.line("rev  ")
        await supervisor.die()
        supervisor.health = msgspec.structs.replace(supervisor.health, epoch=4)
        supervisor.is_there = True
        await trio.sleep(5)
        assert "left alone" in await screen.line("rev  ")
        supervisor.health = msgspec.structs.replace(supervisor.health, agents=(agent("rev"),))
        supervisor.happen("t1", e.ExecutionEnded(execution="x", status="completed"))
        await trio.sleep(2)
        assert "● ready" in await screen.line("rev  ")
        assert "left alone" not in await screen.text()


# proves: c-config-dashboard 109
async def test_a_probe_of_a_half_open_breaker_is_shown_also_when_its_time_has_come_unheard(
    autojump_clock: trio.testing.MockClock,
) -> None:
    supervisor = staffed()
    async with open_screen(supervisor, (120, 24)) as screen:
        await screen.type("2")
        await trio.sleep(299)
        assert "✗ left alone" in await screen.line("rev  ")
        await trio.sleep(2)
        assert "◦ being tried" in await screen.line("rev  ")
    supervisor.health = health(agents=(agent("rev", circuit_state="half_open"),))
    async with open_screen(supervisor, (120, 24)) as screen:
        await screen.type("2")
        assert "◦ being tried" in await screen.line("rev  ")


async def test_enter_shows_what_the_agent_did_and_escape_everything_again() -> None:
    supervisor = staffed()
    supervisor.tasks = [ended(1, agent="dev"), ended(2, agent="rev")]
    async with open_screen(supervisor, (120, 24)) as screen:
        await screen.type("2", "j", "enter")
        assert "Task 2" in await screen.selected()
        assert "Task 1" not in await screen.text()
        await screen.type("esc")
        assert "Task 1" in await screen.text()


async def test_what_is_typed_narrows_the_agents() -> None:
    async with open_screen(staffed(), (120, 24)) as screen:
        await screen.type("2", "/", *"codex", "enter")
        assert "qa" in await screen.selected()
        assert "dev  " not in await screen.text()
        await screen.type("/", *"zzz", "enter")
        assert "no agent matches codexzzz" in await screen.text()


async def test_a_list_that_cannot_be_had_is_said_and_what_is_known_stays() -> None:
    supervisor = staffed()
    supervisor.refused = {"metrics": "the disk is on fire"}
    async with open_screen(supervisor, (120, 24)) as screen:
        await screen.type("2")
        assert "figures cannot be had: the disk is on fire" in await screen.text()
        assert "▸ running" in await screen.line("dev  ")


async def test_agents_are_sorted_by_what_somebody_looks_for() -> None:
    supervisor = staffed()
    supervisor.health = health(agents=(agent("rev", queued=1), agent("dev", active=1), agent("qa")))
    async with open_screen(supervisor, (120, 24)) as screen:

        async def order() -> list[str]:
            lines = await screen.lines()
            at = next(number for number, line in enumerate(lines) if line.startswith("  agent"))
            return [line[2:].split()[0] for line in lines[at + 1 : at + 4]]

        await screen.type("2")
        assert await order() == ["rev", "dev", "qa"]
        await screen.type("o")
        assert await order() == ["dev", "rev", "qa"]
        await screen.type("o")
        assert await order() == ["dev", "rev", "qa"]
        assert "sorted: the most failures first" in await screen.text()


async def test_an_answer_that_cannot_be_read_is_said_and_nothing_ends() -> None:
    supervisor = staffed()
    supervisor.metrics = supervisor.costs  # type: ignore[assignment]
    async with open_screen(supervisor, (120, 24)) as screen:
        await screen.type("2")
        assert "figures cannot be had" in await screen.text()
        supervisor.happen("t9", e.ThreadOpened(thread="t9", summary="Still here"))
        await screen.type("1")
        assert "Still here" in await screen.text()
