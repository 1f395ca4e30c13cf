"""Replies that go to several agents: their threads run side by side, waits see all of it, and answers are joined."""

import contextlib
from collections.abc import Callable

import msgspec
import pytest
import trio
from trio.testing import MockClock

from actors.remote.errors import RequestFailed, SessionLost
from compas.api.dispatch import DISPATCH
from compas.api.lifecycle import REOPEN
from compas.api.threads import STATUS
from compas.domain import events as e
from compas.domain.specs import AgentSpec, HandoffSpec
from compas.orchestrator.services import THREADS, thread_name
from tests.kit.orchestrator.actor_workshop import Supervisor, Workshop, agent, open_workshop
from tests.kit.orchestrator.troupe import Turn


def fans(alias: str, *targets: str, **plan: object) -> AgentSpec:
    return agent(alias, handoff=HandoffSpec(targets=targets, **plan))


TWO_REVIEWERS = fans("dev", "r1", "r2"), agent("r1"), agent("r2")


async def slowly(turn: Turn) -> None:
    await trio.sleep(10)
    await turn.reply(f"{turn.alias} is done")


async def fail(turn: Turn) -> None:
    await trio.sleep(10)
    await turn.fail("it can't be done")


async def approve(turn: Turn) -> None:
    await turn.reply("Fine.\n\nVerdict: approve")


def all_slow(shop: Workshop, *names: str) -> None:
    for name in names:
        shop.plays(name, slowly)


async def children(shop: Workshop, thread: str = "t1") -> tuple[str, ...]:
    return next(event.threads for event in await shop.events(thread) if isinstance(event, e.FannedOut))


# proves: b-mcp-cli-merge 43, a-core 140
async def test_a_wait_for_the_chain_waits_for_every_thread_of_a_fan_out_and_names_them(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_workshop(fans("dev", "r1", "r2"), agent("r1"), agent("r2")) as shop,
        shop.supervisor() as supervisor,
    ):
        all_slow(shop, "dev", "r1", "r2")
        posted = await supervisor.dispatch("dev", "work", thread_id="t1")
        found = await supervisor.chain(posted)
        assert (found.body, found.sender, trio.current_time()) == ("dev is done", "dev", 20)
        assert found.fanout_children_awaited == 2
        assert found.fanout_threads == await children(shop)
        assert sorted(step.agent for step in found.chain) == ["dev", "r1", "r2"]
        for thread in found.fanout_threads:
            assert (await supervisor.wait(thread, intent="response")).found


# proves: b-mcp-cli-merge 44, b-mcp-cli-merge 45
async def test_a_wait_for_the_chain_waits_for_what_the_threads_of_a_fan_out_begin_in_turn(
    autojump_clock: MockClock,
) -> None:
    agents = (fans("dev", "r1", "r2"), agent("r1", to="a"), fans("r2", "a", "b"), agent("a"), agent("b"))
    limits = {"effective_concurrency": 9, "max_triggers_per_agent": 9}
    async with open_workshop(*agents, **limits) as shop, shop.supervisor() as supervisor:
        all_slow(shop, "dev", "r1", "r2", "a", "b")
        posted = await supervisor.dispatch("dev", "work", thread_id="t1")
        found = await supervisor.chain(posted)
        assert trio.current_time() == 30
        assert sorted(step.agent for step in found.chain) == ["a", "a", "b", "dev", "r1", "r2"]
        assert found.fanout_children_awaited == 4


# proves: a-core 134
async def test_a_thread_of_a_fan_out_that_fails_ends_the_wait_all_the_same(autojump_clock: MockClock) -> None:
    async with (
        open_workshop(fans("dev", "r1", "r2"), agent("r1"), agent("r2")) as shop,
        shop.supervisor() as supervisor,
    ):
        shop.plays("r1", fail)
        posted = await supervisor.dispatch("dev", "work", thread_id="t1")
        found = await supervisor.chain(posted)
        assert (found.found, found.sender, found.thread_status) == (True, "dev", "Active")
        assert sorted(step.status for step in found.chain) == ["completed", "completed", "failed"]


async def test_the_answers_of_a_fan_out_are_joined_when_the_last_of_them_is_there(autojump_clock: MockClock) -> None:
    agents = (fans("dev", "r1", "r2", join="lead"), agent("r1"), agent("r2"), agent("lead"))
    async with open_workshop(*agents) as shop, shop.supervisor() as supervisor:
        all_slow(shop, "r1", "lead")
        shop.plays("r2", fail)
        posted = await supervisor.dispatch("dev", "work", thread_id="t1")
        found = await supervisor.chain(posted)
        assert (found.body, trio.current_time()) == ("lead is done", 20)
        told = next(task for name, task in shop.troupe.tasks() if name == "lead")
        assert "### r1\n\nr1 is done" in told
        assert "### r2 (failed)\n\nit can't be done" in told


async def test_a_chain_goes_round_by_two_reviewers_until_both_approve(autojump_clock: MockClock) -> None:
    rounds = {"r1": 0, "r2": 0}

    async def review(turn: Turn) -> None:
        rounds[turn.alias] += 1
        ok = rounds[turn.alias] == 2 or turn.alias == "r1"
        await turn.reply(f"Read.\n\nVerdict: {'approve' if ok else 'request changes'}")

    dev = fans("dev", "r1", "r2", join="dev", until="approved", max_chain_depth=9)
    async with open_workshop(dev, agent("r1"), agent("r2")) as shop, shop.supervisor() as supervisor:
        shop.plays("r1", review)
        shop.plays("r2", review)
        posted = await supervisor.dispatch("dev", "work", thread_id="t1")
        found = await supervisor.chain(posted)
        assert rounds == {"r1": 2, "r2": 2}
        assert [name for name, _ in shop.troupe.tasks()].count("dev") == 2
        assert (found.intent, (found.body or "").startswith("Everybody approved.")) == ("review-request", True)


async def test_fan_outs_within_a_fan_out_are_joined_from_the_innermost_outwards(autojump_clock: MockClock) -> None:
    agents = (fans("dev", "r1", "r2", join="lead"), fans("r1", "a", "b", join="r1b"))
    rest = [agent(name) for name in ("r2", "a", "b", "r1b", "lead")]
    async with open_workshop(*agents, *rest) as shop, shop.supervisor() as supervisor:
        all_slow(shop, "a", "b", "r1b")
        posted = await supervisor.dispatch("dev", "work", thread_id="t1")
        await supervisor.chain(posted)
        order = [name for name, _ in shop.troupe.tasks()]
        assert order[-2:] == ["r1b", "lead"]
        assert "### r1b\n\nr1b is done" in shop.troupe.tasks()[-1][1]


@pytest.mark.parametrize("victim", [thread_name("t1"), THREADS, "thread-supervisor", "whole"])
@pytest.mark.parametrize("moment", [e.FannedOut, e.ExecutionEnded, e.Joined])
async def test_nothing_of_a_fan_out_is_lost_or_done_twice_whoever_dies_when(
    autojump_clock: MockClock, victim: str, moment: type[e.Event]
) -> None:
    agents = (fans("dev", "r1", "r2", join="lead"), agent("r1"), agent("r2"), agent("lead"))
    async with open_workshop(*agents) as shop:
        all_slow(shop, "r1", "r2")
        died: list[int] = []

        def kill(supervisor: Supervisor) -> Callable[[e.Recorded], None]:
            def once(recorded: e.Recorded) -> None:
                if len(died) < 3 and victim != "whole":
                    died.append(recorded.position)
                    found = supervisor.system.registry.find(victim)
                    if found is not None:
                        found.kill()
                elif not died:
                    died.append(recorded.position)
                    supervisor.system.root.kill()

            return once

        async with shop.supervisor() as first, first.when(moment, kill(first)):
            await first.insist(DISPATCH, to="dev", body="work", thread_id="t1")
            with trio.move_on_after(60):
                await (first.system.wait_stopped() if victim == "whole" else shop.wait_settled(first))
            await trio.sleep(60)
        async with shop.supervisor() as second:
            await trio.sleep(60)
            await shop.wait_settled(second)
        assert died
        names = [name for name, _ in shop.troupe.tasks()]
        assert sorted(names) == ["dev", "lead", "r1", "r2"]
        assert len([event for event in await shop.events() if isinstance(event, e.Joined)]) == 1
        before, rebuilt = await shop.tables_and_rebuilt_tables()
        assert before == rebuilt


async def test_an_approval_ends_the_chain_also_in_a_thread_of_a_fan_out(autojump_clock: MockClock) -> None:
    agents = (fans("dev", "r1", "r2", until="approved"), agent("r1", to="lead"), agent("r2", to="lead"), agent("lead"))
    async with open_workshop(*agents) as shop, shop.supervisor() as supervisor:
        shop.plays("r1", approve)
        posted = await supervisor.dispatch("dev", "work", thread_id="t1")
        await supervisor.chain(posted)
        assert [name for name, _ in shop.troupe.tasks()].count("lead") == 1


# proves: a-core 136, b-mcp-cli-merge 120
@pytest.mark.parametrize("workspace", ["worktree", None])
async def test_reviewers_of_a_fan_out_stand_before_the_work_each_in_a_place_of_its_own(
    autojump_clock: MockClock, workspace: str | None
) -> None:
    seen: dict[str, tuple[str, str | None]] = {}

    async def work(turn: Turn) -> None:
        turn.repo.write(turn.spec.cwd, new="from dev")
        await turn.reply("written")

    async def look(turn: Turn) -> None:
        seen[turn.alias] = (turn.spec.cwd, turn.repo.checkouts[turn.spec.cwd].files.get("new"))
        turn.repo.write(turn.spec.cwd, notes=turn.alias)
        await turn.reply("read")

    dev = msgspec.structs.replace(fans("dev", "r1", "r2"), workspace="worktree")
    reviewers = (agent("r1", workspace=workspace), agent("r2", workspace=workspace))
    async with open_workshop(dev, *reviewers) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", work)
        shop.plays("r1", look)
        shop.plays("r2", look)
        posted = await supervisor.dispatch("dev", "work", thread_id="t1")
        await supervisor.chain(posted)
        places = {place for place, _ in seen.values()}
        assert len(places) == 2
        assert [content for _, content in seen.values()] == ["from dev", "from dev"]
        assert shop.repo.checkouts["/repo/.compas-worktrees/t1"].files.get("notes") is None
        (child, _) = await children(shop)
        await supervisor.dispatch("r1", "look again", thread_id=child)
        await shop.wait_settled(supervisor)
        assert seen["r1"][0] in places
        assert (await supervisor.close(child)).status == "Completed"


@pytest.mark.parametrize(("end", "status"), [("close", "Completed"), ("abandon", "Abandoned")])
async def test_threads_that_only_read_the_work_end_with_the_thread_of_it_also_after_a_crash(
    autojump_clock: MockClock, end: str, status: str
) -> None:
    dev = msgspec.structs.replace(fans("dev", "r1", "r2"), workspace="worktree")
    reviewers = (agent("r1", workspace=None), agent("r2", workspace="worktree"))
    async with open_workshop(dev, *reviewers) as shop:
        async with shop.supervisor() as first:
            await first.chain(await first.dispatch("dev", "work", thread_id="t1"))
            (one, other) = await children(shop)
            await first.dispatch("r2", "look again", thread_id=other)
            await shop.wait_settled(first)

            def crash(_: e.Recorded) -> None:
                first.system.root.kill()

            async with first.when(e.ThreadClosed if end == "close" else e.ThreadAbandoned, crash):
                with contextlib.suppress(RequestFailed, SessionLost):
                    await getattr(first, end)("t1")
                await first.system.wait_stopped()
        async with shop.supervisor() as second:
            await trio.sleep(10)
            found = {row.thread_id: row.thread_status for row in (await second.ask(STATUS)).threads}
            assert found == {"t1": status, one: status, other: "Active"}, "a person has spoken in the other"
            await second.ask(REOPEN, thread_id=one)
            await trio.sleep(10)
            found = {row.thread_id: row.thread_status for row in (await second.ask(STATUS)).threads}
            assert found[one] == "Active"


async def test_a_review_that_is_still_under_way_ends_with_its_source_once_it_is_over(autojump_clock: MockClock) -> None:
    dev = msgspec.structs.replace(fans("dev", "r1", "r2"), workspace="worktree")
    async with open_workshop(dev, agent("r1", workspace=None), agent("r2", workspace=None)) as shop:
        all_slow(shop, "r1", "r2")
        async with shop.supervisor() as supervisor:
            await supervisor.dispatch("dev", "work", thread_id="t1")
            await trio.sleep(5)
            await supervisor.abandon("t1")
            assert {row.thread_status for row in (await supervisor.ask(STATUS)).threads} == {"Active", "Abandoned"}
            await trio.sleep(20)
            assert {row.thread_status for row in (await supervisor.ask(STATUS)).threads} == {"Abandoned"}
