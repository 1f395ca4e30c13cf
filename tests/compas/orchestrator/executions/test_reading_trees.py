"""Threads of a fan-out read the work in worktrees of their own, and are taken up whoever crashes."""

import pytest
import trio
from trio.testing import MockClock

from compas.api.threads import STATUS, StatusRow
from compas.domain import events as e
from compas.domain.specs import AgentSpec, HandoffSpec
from compas.orchestrator.services import thread_name
from tests.kit.orchestrator.actor_workshop import REPO, Supervisor, Workshop, agent, open_workshop
from tests.kit.orchestrator.troupe import Turn


def to_several(alias: str, *targets: str, depth: int = 3, **settings: object) -> AgentSpec:
    return agent(alias, handoff=HandoffSpec(targets=targets, max_chain_depth=depth), **settings)


DEV = to_several("dev", "r1", "r2", workspace="worktree")
R1, R2 = agent("r1", workspace=None), agent("r2", workspace="worktree")


async def children(supervisor: Supervisor) -> list[StatusRow]:
    rows = (await supervisor.ask(STATUS)).threads
    return [row for row in rows if row.thread_id != "t1"]


async def opened(shop: Workshop) -> list[e.ThreadOpened]:
    found = [one for one in await shop.events() if isinstance(one, e.ThreadOpened)]
    return [one for one in found if one.source_thread is not None]


async def writes(turn: Turn) -> None:
    """Commit one file, leave another, and go on elsewhere in the thread afterwards."""
    turn.commit("work", a_txt="a\n")
    turn.repo.write(turn.spec.cwd, draft_txt="draft\n")
    await turn.reply("Look.")


# proves: a-core 136, b-mcp-cli-merge 120
async def test_reviewers_see_the_files_of_the_work_whatever_their_workspace(autojump_clock: MockClock) -> None:
    seen: dict[str, dict[str, str]] = {}

    async def reads(turn: Turn) -> None:
        seen[turn.alias] = dict(turn.repo.checkouts[turn.spec.cwd].files)
        await turn.reply("Seen.")

    async with open_workshop(DEV, R1, R2) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", writes)
        for alias in ("r1", "r2"):
            shop.plays(alias, reads)
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        assert [sorted(files) for files in seen.values()] == [["README", "a.txt", "draft.txt"]] * 2
        places = {turn.alias: turn.spec.cwd for turn in shop.troupe.turns}
        assert len(set(places.values())) == 3
        assert all(place.startswith(f"{REPO}/.compas-worktrees/") for place in places.values())
        assert [name for name in shop.repo.tips if name.startswith("compas/")] == ["compas/t1"]


@pytest.mark.parametrize("kill", ["thread", "supervisor"])
async def test_the_threads_of_a_fan_out_are_taken_up_although_their_source_crashes(
    autojump_clock: MockClock, kill: str
) -> None:
    async with open_workshop(DEV, R1, R2) as shop:
        async with shop.supervisor() as supervisor:

            def strike(_: e.Recorded) -> None:
                ref = supervisor.system.root if kill == "supervisor" else supervisor.actor(thread_name("t1"))
                ref.kill()

            async with supervisor.when(e.FannedOut, strike):
                posted = await supervisor.dispatch("dev", "work", thread_id="t1")
                if kill == "supervisor":
                    await supervisor.system.wait_stopped()
                else:
                    await supervisor.chain(posted)
        if kill == "supervisor":
            async with shop.supervisor() as supervisor:
                await supervisor.chain(posted)
        assert sorted(turn.alias for turn in shop.troupe.turns) == ["dev", "r1", "r2"]
        assert len(await opened(shop)) == 2


async def test_a_reading_tree_goes_with_its_thread_and_the_work_stays(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV, R1, R2) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", writes)
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        for row in await children(supervisor):
            await supervisor.close(row.thread_id)
        await trio.sleep(1)
        assert set(shop.repo.checkouts) == {REPO, f"{REPO}/.compas-worktrees/t1"}
        assert "compas/t1" in shop.repo.tips
