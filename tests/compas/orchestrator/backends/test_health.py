"""What is found out about an agent's backend is remembered for a while, and shared by those who ask at once."""

from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from actors.remote.errors import RequestFailed
from compas.api.agents import LIST_AGENTS
from compas.api.supervision import HEALTH, AgentHealth
from compas.domain.specs import AgentSpec, BackendSpec
from tests.kit.ceiling import CEILING
from tests.kit.orchestrator.actor_workshop import agent as worker
from tests.kit.orchestrator.actor_workshop import open_workshop, wall_clock


def on(command: Path, ttl: int) -> tuple[AgentSpec, dict[str, object]]:
    """Return an agent on a command, and what the config says beside it."""
    agent = AgentSpec(alias="dev", backend="cli", workdir="/")
    return agent, {"backends": {"cli": BackendSpec(name="cli", command=str(command))}, "ping_cache_ttl_secs": ttl}


# proves: a-core 168, b-mcp-cli-merge 134
async def test_a_look_is_remembered_for_its_time_to_live_and_marked_as_that(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    command = tmp_path / "cli"
    agent, settings = on(command, 60)
    async with open_workshop(agent, **settings) as shop, shop.supervisor() as supervisor:

        async def look() -> AgentHealth:
            (found,) = (await supervisor.ask(HEALTH)).agents
            return found

        first = await look()
        assert (first.usable, first.cached) == (False, False)
        assert (first.detail, first.remedy) == (f"there is no {command}", "install it or correct its path")
        command.touch(mode=0o755)
        second = await look()
        assert (second.usable, second.cached, second.detail) == (False, True, first.detail)
        autojump_clock.jump(60)
        third = await look()
        assert (third.usable, third.cached) == (True, False)
        assert (second.ping_alive, third.ping_alive, third.ping_latency_ms) == (False, True, None)
        assert second.ping_detail == f"no model was asked; {first.detail}; {first.remedy}"
        assert third.ping_detail == "no model was asked; its CLI can be started"


async def test_the_supervisor_answers_as_the_worker_that_is_alive(autojump_clock: MockClock) -> None:
    async with open_workshop(worker("dev", max_concurrent=1)) as shop, shop.supervisor() as supervisor:
        for number in range(3):
            await supervisor.dispatch("dev", "900 seconds of work", thread_id=f"t{number}")
        await trio.sleep(5)
        found = await supervisor.ask(HEALTH, is_brief=True)
        assert found.queue_depth == found.queued == 2
        beat = found.worker_heartbeat
        assert beat is not None
        assert (beat.worker_id, beat.started_at, beat.version) == (f"worker-{found.pid}", found.since, found.version)
        assert beat.last_beat_at == wall_clock()


# proves: a-core 168, b-mcp-cli-merge 134
async def test_without_a_time_to_live_it_is_looked_at_again_each_time(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    command = tmp_path / "cli"
    agent, settings = on(command, 0)
    async with open_workshop(agent, **settings) as shop, shop.supervisor() as supervisor:
        assert [one.usable for one in (await supervisor.ask(HEALTH)).agents] == [False]
        command.touch(mode=0o755)
        assert [(one.usable, one.cached) for one in (await supervisor.ask(HEALTH)).agents] == [(True, False)]


# proves: b-mcp-cli-merge 134
async def test_the_health_of_one_agent_is_its_own_and_of_an_unknown_one_an_error(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    agent, settings = on(tmp_path, 60)
    other = AgentSpec(alias="other", backend="gone", workdir="/")
    async with open_workshop(agent, other, **settings) as shop, shop.supervisor() as supervisor:
        assert [one.alias for one in (await supervisor.ask(HEALTH, agent="dev")).agents] == ["dev"]
        with pytest.raises(RequestFailed, match=r"no agent is called 'def'.*There are: dev, other") as refused:
            await supervisor.ask(HEALTH, agent="def")
        assert refused.value.code == "unknown_agent"
        (without,) = (await supervisor.ask(HEALTH, agent="other", ping=True)).agents
        assert "there is no backend 'gone'" in without.detail
        assert without.ping is not None
        assert (without.ping.alive, without.ping.detail) == (False, without.detail)
        assert (without.ping_alive, without.ping_detail) == (False, without.detail)


async def test_the_list_of_agents_says_whose_cli_cannot_be_started(autojump_clock: MockClock, tmp_path: Path) -> None:
    agent, settings = on(tmp_path / "cli", 60)
    async with open_workshop(agent, **settings) as shop, shop.supervisor() as supervisor:
        (dev,) = (await supervisor.ask(LIST_AGENTS)).agents
        assert dev.unusable.startswith(f"there is no {tmp_path / 'cli'}")


@pytest.mark.system
@pytest.mark.system
async def test_a_ping_is_paid_for_once_by_all_who_ask_at_the_same_time_or_soon_after(tmp_path: Path) -> None:
    command, calls = tmp_path / "cli", tmp_path / "calls"
    command.write_text(f"#!/bin/sh\necho call >> {calls}\n")
    command.chmod(0o755)
    agent, settings = on(command, 60)
    pings = []
    with trio.fail_after(CEILING):
        async with open_workshop(agent, **settings) as shop, shop.supervisor() as supervisor:

            async def ask() -> None:
                (found,) = (await supervisor.ask(HEALTH, ping=True)).agents
                pings.append(found.ping)

            async with trio.open_nursery() as nursery:
                for _ in range(3):
                    nursery.start_soon(ask)
            await ask()
    assert [ping is not None and ping.alive for ping in pings] == [True] * 4
    assert pings[-1] is not None
    assert pings[-1].cached
    assert await trio.Path(calls).read_text() == "call\n"
