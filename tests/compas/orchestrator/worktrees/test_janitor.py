"""Cleanup with a clock of its own: what goes when, what stays, and that nobody looks again and again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing
from msgspec import structs
from trio.testing import MockClock

from actors.remote.errors import RequestFailed
from compas.api.lifecycle import ABANDON, CLOSE, CloseMerge
from compas.api.worktrees import COMMIT, WORKTREE_REMOVE, WORKTREES, WorktreeListing
from compas.domain import events as e
from compas.domain.specs import RepositorySpec, RetentionSpec
from tests.kit.orchestrator.actor_workshop import REPO, Supervisor, Workshop, agent, open_workshop
from tests.kit.orchestrator.troupe import Turn

TREE = f"{REPO}/.compas-worktrees/t1"
DEV = agent("dev", workspace="worktree")


@asynccontextmanager
async def shop_with_work(work: str = "", **settings: object) -> AsyncIterator[tuple[Workshop, Supervisor]]:
    """Open a supervisor with a thread in which an agent has worked: it left a `file`, or a `commit`, or neither."""

    async def dev(turn: Turn) -> None:
        if work == "file":
            shop.repo.write(TREE, draft_txt="draft\n")
        elif work == "commit":
            shop.repo.commit("compas/t1", "work", a_txt="a\n")
        if turn.instruction == "fail":
            await turn.fail("no")
        else:
            await turn.reply("Done.")

    async with open_workshop(DEV, **settings) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", dev)
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        yield shop, supervisor


async def work_without_end(shop: Workshop, supervisor: Supervisor) -> None:
    """Return once an agent works that never stops by itself."""
    begun = trio.Event()

    async def work(turn: Turn) -> None:
        begun.set()
        await trio.sleep_forever()

    shop.plays("dev", work)
    await supervisor.dispatch("dev", "more", thread_id="t1")
    await begun.wait()


async def listed(supervisor: Supervisor) -> tuple[WorktreeListing, ...]:
    return (await supervisor.ask(WORKTREES)).worktrees


async def steps(shop: Workshop) -> list[str]:
    about = (e.WorktreeRemovalPlanned, e.WorktreeRemoved, e.WorktreeKept)
    return [type(one).__name__ for one in await shop.events("t1") if isinstance(one, about)]


REMOVED = ["WorktreeRemovalPlanned", "WorktreeRemoved"]


# proves: a-core 71
async def test_a_clean_worktree_goes_when_its_thread_is_completed_and_not_before(autojump_clock: MockClock) -> None:
    async with shop_with_work() as (shop, supervisor):
        await trio.sleep(1000)
        assert TREE in shop.repo.checkouts
        await supervisor.close("t1")
        await trio.sleep(1)
        assert TREE not in shop.repo.checkouts
        assert "compas/t1" not in shop.repo.tips
        assert await steps(shop) == REMOVED
        assert await listed(supervisor) == ()


# proves: a-core 71
@pytest.mark.parametrize("operation", ["PrepareMerge", "PublishMerge"])
async def test_a_worktree_stays_while_a_merge_of_its_thread_is_under_way(
    autojump_clock: MockClock, operation: str
) -> None:
    async with shop_with_work("commit") as (shop, supervisor):
        hold = trio.Event()
        shop.git.held[operation] = [hold]
        merge = await supervisor.ask(CLOSE, thread_id="t1", merge=CloseMerge())
        await trio.sleep(10)
        assert await steps(shop) == []
        hold.set()
        assert (await supervisor.wait_merge(merge.merge_op_id or "")).status == "completed"
        await trio.sleep(1)
        assert await steps(shop) == REMOVED
        assert "compas/t1" not in shop.repo.tips


# proves: a-core 70
async def test_changes_keep_the_worktree_of_a_completed_thread_and_it_is_looked_at_again(
    autojump_clock: MockClock,
) -> None:
    async with shop_with_work() as (shop, supervisor):
        shop.repo.write(TREE, draft_txt="draft\n")
        await supervisor.close("t1", "failed")
        await supervisor.abandon("t1")
        await trio.sleep(1000)
        (one,) = await listed(supervisor)
        assert (one.state, one.uncommitted, one.files) == ("dirty", 1, ("draft.txt",))
        assert "uncommitted changes" in (one.kept_because or "")
        assert await steps(shop) == []  # nothing has happened, so nothing is told
        del shop.repo.checkouts[TREE].files["draft.txt"]
        await trio.sleep(3600)
        assert await steps(shop) == REMOVED


# proves: a-core 70
async def test_a_worktree_about_which_git_cannot_tell_is_kept(autojump_clock: MockClock) -> None:
    async with shop_with_work() as (shop, supervisor):
        shop.git.losses["RemoveWorktree"] = ["before"] * 3
        await supervisor.close("t1")
        await trio.sleep(1000)
        assert await steps(shop) == []
        assert TREE in shop.repo.checkouts
        await trio.sleep(3600)
        assert await steps(shop) == REMOVED


# proves: a-core 72
async def test_the_worktree_of_a_failed_thread_stays_and_the_thread_goes_on_in_it(autojump_clock: MockClock) -> None:
    retention = RetentionSpec(worktrees=60.0)
    async with shop_with_work("file", retention=retention) as (shop, supervisor):
        await supervisor.chain(await supervisor.dispatch("dev", "fail", thread_id="t1"))
        await trio.sleep(4000)
        assert await steps(shop) == []
        await supervisor.chain(await supervisor.dispatch("dev", "again", thread_id="t1"))
        assert shop.troupe.turns[-1].spec.cwd == TREE
        assert "draft.txt" in shop.repo.checkouts[TREE].files


# proves: a-core 73, b-mcp-cli-merge 123
async def test_unmerged_commits_of_an_abandoned_thread_are_archived_and_back_when_it_is_taken_up(
    autojump_clock: MockClock,
) -> None:
    async with shop_with_work("commit") as (shop, supervisor):
        tip = shop.repo.tips["compas/t1"]
        await supervisor.abandon("t1")
        await trio.sleep(1)
        removed = [one for one in await shop.events("t1") if isinstance(one, e.WorktreeRemoved)]
        assert [(one.fate, one.tip) for one in removed] == [("archived", tip)]
        shop.repo.commit("main", "meanwhile", m_txt="m\n")
        await supervisor.chain(await supervisor.dispatch("dev", "go on", thread_id="t1"))
        assert shop.repo.contains(shop.repo.tips["compas/t1"], tip)
        assert "a.txt" in shop.repo.checkouts[TREE].files


# proves: b-mcp-cli-merge 122
async def test_cleanup_takes_what_is_clean_and_over_and_leaves_everything_else(autojump_clock: MockClock) -> None:
    async with shop_with_work() as (shop, supervisor):
        for thread in ("dirty", "failed", "running", "open"):
            await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id=thread))
        await supervisor.close("t1")
        shop.repo.write(f"{REPO}/.compas-worktrees/dirty", draft_txt="draft\n")
        await supervisor.abandon("dirty")
        await supervisor.chain(await supervisor.dispatch("dev", "fail", thread_id="failed"))
        await supervisor.abandon("running")
        never = trio.Event()

        async def work(turn: Turn) -> None:
            await never.wait()

        shop.plays("dev", work)
        await supervisor.dispatch("dev", "more", thread_id="running")
        await trio.sleep(500)
        left = {path.rpartition("/")[2] for path in shop.repo.checkouts if path != REPO}
        assert left == {"dirty", "failed", "running", "open"}


async def test_a_retention_keeps_a_worktree_and_then_takes_one_whose_changes_a_snapshot_holds(
    autojump_clock: MockClock,
) -> None:
    async with shop_with_work("file", retention=RetentionSpec(worktrees=3000.0)) as (shop, supervisor):
        await supervisor.abandon("t1")
        await trio.sleep(2990)
        assert TREE in shop.repo.checkouts
        await trio.sleep(70)
        assert await steps(shop) == REMOVED


async def test_waiting_for_a_retention_costs_no_sql(autojump_clock: MockClock) -> None:
    async with shop_with_work(retention=RetentionSpec(worktrees=6000.0)) as (shop, supervisor):
        await supervisor.close("t1")
        await trio.sleep(400)  # the thread's actor has been put away by then
        before = shop.store.statistics()
        await trio.sleep(5000)
        assert shop.store.statistics() == before


@pytest.mark.parametrize("loss", ["before", "after"])
async def test_a_removal_that_a_crash_interrupts_is_finished_by_the_next_supervisor(
    autojump_clock: MockClock, loss: str
) -> None:
    async with open_workshop(DEV) as shop:
        async with shop.supervisor() as supervisor:
            await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
            async with supervisor.when(e.WorktreeRemovalPlanned, lambda _: supervisor.system.root.kill()):
                await supervisor.close("t1")
                await supervisor.system.wait_stopped()
        assert await steps(shop) == ["WorktreeRemovalPlanned"]
        shop.git.losses["RemoveWorktree"] = [loss]
        async with shop.supervisor():
            await trio.sleep(10)
            assert await steps(shop) == REMOVED
        assert TREE not in shop.repo.checkouts


async def test_the_operator_removes_a_worktree_and_is_told_what_became_of_it(autojump_clock: MockClock) -> None:
    async with shop_with_work("commit") as (shop, supervisor):
        tip = shop.repo.tips["compas/t1"]
        gone = await supervisor.ask(WORKTREE_REMOVE, thread_id="t1")
        assert (gone.path, gone.branch_fate) == (TREE, "archived")
        assert gone.archive == f"refs/compas/archive/compas/t1-{tip[:12]}"
        assert await supervisor.ask(WORKTREE_REMOVE, thread_id="t1") == gone
        assert await steps(shop) == REMOVED


async def test_the_operator_is_told_why_a_worktree_stays_and_may_insist(autojump_clock: MockClock) -> None:
    async with shop_with_work() as (shop, supervisor):
        shop.repo.write(TREE, draft_txt="draft\n")
        with pytest.raises(RequestFailed, match="uncommitted changes"):
            await supervisor.ask(WORKTREE_REMOVE, thread_id="t1")
        assert await steps(shop) == []
        await supervisor.ask(WORKTREE_REMOVE, thread_id="t1", force=True)
        assert await steps(shop) == REMOVED
        with pytest.raises(RequestFailed, match="there is no thread"):
            await supervisor.ask(WORKTREE_REMOVE, thread_id="gone")


async def test_a_worktree_in_use_is_not_removed_even_by_force(autojump_clock: MockClock) -> None:
    async with shop_with_work() as (shop, supervisor):
        await work_without_end(shop, supervisor)
        with pytest.raises(RequestFailed, match="is in use"):
            await supervisor.ask(WORKTREE_REMOVE, thread_id="t1", force=True)
        assert TREE in shop.repo.checkouts


async def test_a_port_is_free_again_when_its_worktree_is_gone(autojump_clock: MockClock) -> None:
    repository = RepositorySpec(path=REPO, ports=2)
    async with shop_with_work(repositories=(repository,)) as (shop, supervisor):
        about = [one for one in await shop.events() if isinstance(one, e.PortsLeased)]
        variables = shop.troupe.turns[0].spec.env
        assert [f"COMPAS_PORT_{n}={port}" for n, port in enumerate(about[0].ports, 1)] == [
            f"{name}={value}" for name, value in sorted(variables.items()) if name.startswith("COMPAS_PORT_")
        ]
        await supervisor.close("t1")
        await trio.sleep(1)
        assert [type(one) for one in await shop.events() if isinstance(one, e.PortsReleased)] == [e.PortsReleased]


async def test_what_an_agent_left_is_committed_by_word_and_a_repeat_finds_nothing(autojump_clock: MockClock) -> None:
    async with shop_with_work("file") as (shop, supervisor):
        made = await supervisor.ask(COMMIT, "r1", thread_id="t1", message="Draft")
        assert (made.files, made.commit) == (1, shop.repo.tips["compas/t1"])
        (tree,) = await listed(supervisor)
        assert (made.files_changed, made.commit_sha, made.worktree_path) == (1, made.commit, tree.path)
        assert await supervisor.ask(COMMIT, "r1", thread_id="t1", message="Draft") == made
        with pytest.raises(RequestFailed, match=r"there is nothing to commit in .*: compas/t1 .* holds everything"):
            await supervisor.ask(COMMIT, thread_id="t1")
        assert len([one for one in await shop.events("t1") if isinstance(one, e.WorkCommitted)]) == 1
        (one,) = await listed(supervisor)
        assert one.state == "clean"


# proves: b-mcp-cli-merge 76
async def test_nothing_is_committed_behind_an_agents_back(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV, agent("own")) as shop, shop.supervisor() as supervisor:
        await work_without_end(shop, supervisor)
        with pytest.raises(RequestFailed, match="is at work in"):
            await supervisor.ask(COMMIT, thread_id="t1")


# proves: b-mcp-cli-merge 73, b-mcp-cli-merge 75
async def test_each_reason_why_nothing_can_be_committed_has_an_error_of_its_own(autojump_clock: MockClock) -> None:
    async def refusal(supervisor: Supervisor, thread: str = "t1", **fields: object) -> str:
        with pytest.raises(RequestFailed) as failure:
            await supervisor.ask(COMMIT, thread_id=thread, **fields)
        return failure.value.code

    async with shop_with_work("commit") as (shop, supervisor):
        assert await refusal(supervisor) == "nothing_to_commit"
        assert await refusal(supervisor, message="  ") == "empty_message"
        assert await refusal(supervisor, "nobody") == "unknown_thread"
        await supervisor.dispatch("dev", "for nobody", thread_id="t2", intent="note")
        assert await refusal(supervisor, "t2") == "no_worktree"
        del shop.repo.checkouts["/repo/.compas-worktrees/t1"]
        assert await refusal(supervisor) == "worktree_gone"
        await supervisor.close("t1", "failed")
        assert await refusal(supervisor) == "thread_ended"


# proves: a-core 52
async def test_of_105_logs_the_five_oldest_are_removed(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev"), retention=RetentionSpec(log_count=100)) as shop:
        async with shop.supervisor() as supervisor:
            for number in range(105):
                await supervisor.chain(await supervisor.dispatch("dev", f"1 task {number}"))
            await trio.sleep(1)
        ended = [one.execution for one in await shop.events() if isinstance(one, e.ExecutionEnded)]
        left = await shop.runners.logs()
        assert sorted(left) == sorted(ended[5:])


async def test_logs_go_when_they_are_too_old_also_those_of_an_earlier_supervisor(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev"), retention=RetentionSpec(logs=1000.0)) as shop:
        async with shop.supervisor() as supervisor:
            await supervisor.chain(await supervisor.dispatch("dev", "one"))
        async with shop.supervisor() as supervisor:
            await trio.sleep(500)
            await supervisor.chain(await supervisor.dispatch("dev", "two"))
            await trio.sleep(600)
            assert len(await shop.runners.logs()) == 1
            await trio.sleep(600)
            assert await shop.runners.logs() == {}


async def test_a_shorter_retention_holds_at_once(autojump_clock: MockClock) -> None:
    long = RetentionSpec(worktrees=6000.0, logs=6000.0)
    async with shop_with_work("file", retention=long) as (shop, supervisor):
        await supervisor.ask(ABANDON, thread_id="t1")
        await trio.sleep(1000)
        assert len(await shop.runners.logs()) == 1
        assert "/repo/.compas-worktrees/t1" in shop.repo.checkouts
        short = RetentionSpec(worktrees=60.0, logs=60.0)
        supervisor.config_file.save(structs.replace(shop.config, retention=short))
        await trio.sleep(10)
        assert await shop.runners.logs() == {}
        assert "/repo/.compas-worktrees/t1" not in shop.repo.checkouts
