"""Thread branches are no targets, whatever older logs hold: nothing is deleted unless its work is in a real one."""

import pytest
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.remote.errors import RequestFailed
from compas.api.lifecycle import CLOSE, CloseMerge
from compas.domain import events as e
from compas.store.records import Append, NewEvent
from tests.kit.orchestrator.actor_workshop import REPO, Supervisor, Workshop, agent, open_workshop
from tests.kit.orchestrator.troupe import Turn

DEV = agent("dev", workspace="worktree")


async def commits(turn: Turn) -> None:
    """Commit a file that is named after the thread."""
    turn.commit("work", **{turn.spec.env["COMPAS_THREAD"]: "work\n"})
    await turn.reply("done")


async def work_in(shop: Workshop, supervisor: Supervisor, *threads: str) -> None:
    """Have something to merge in each of these threads."""
    shop.plays("dev", commits)
    for thread in threads:
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id=thread))


@pytest.mark.parametrize("target", ["compas/t1", "compas/t2", "COMPAS/t2", "refs/heads/compas/t2", "compas/nowhere"])
async def test_a_merge_into_a_threads_branch_is_refused(autojump_clock: MockClock, target: str) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        await work_in(shop, supervisor, "t1", "t2")
        for ask in (
            lambda: supervisor.merge("t1", target_branch=target),
            lambda: supervisor.ask(CLOSE, thread_id="t1", merge=CloseMerge(target_branch=target)),
        ):
            with pytest.raises(RequestFailed, match="name a branch of your own") as refused:
                await ask()
            assert refused.value.code == "thread_branch"
        assert not [one for one in await shop.events() if isinstance(one, e.MergeQueued)]


async def test_another_name_of_a_threads_branch_is_refused(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        await work_in(shop, supervisor, "t1", "t2")
        shop.repo.symbolic["main2"] = "compas/t1"
        with pytest.raises(RequestFailed, match="compas/t1") as refused:
            await supervisor.merge("t1", target_branch="main2")
        assert refused.value.code == "thread_branch"


def merged_into(target: str, tip: str) -> tuple[e.Event, ...]:
    """Return what an older supervisor logged of a merge of t1 into a branch."""
    queued = e.MergeQueued(
        op="old",
        thread="t1",
        repository=REPO,
        source="compas/t1",
        target=target,
        strategy="merge",
        requested_by="operator",
        message="",
        source_tip=tip,
    )
    completed = e.MergeCompleted(op="old", new_commit=tip, summary=f"No commits to merge: {target} contains it already")
    return queued, e.MergeStarted(op="old"), completed


async def write(shop: Workshop, target: str, *events: e.Event) -> None:
    """Append to the stream of a target as an older supervisor did."""
    stream = e.merge_stream(REPO, target)
    lines = tuple(NewEvent(stream=stream, event=event, causation="", lineage="") for event in events)
    await shop.store.append_all([Append(events=lines, expected={stream: 0})])


@pytest.mark.parametrize("target", ["compas/t1", "compas/t2"])
async def test_an_old_merge_into_a_threads_branch_counts_neither_for_closing_nor_for_removal(
    autojump_clock: MockClock, target: str
) -> None:
    async with open_workshop(DEV) as shop:
        async with shop.supervisor() as supervisor:
            await work_in(shop, supervisor, "t1")
            tip = shop.repo.tips["compas/t1"]
            shop.repo.tips.setdefault(target, tip)
            await write(shop, target, *merged_into(target, tip))
            with pytest.raises(RequestFailed, match="has no completed merge") as refused:
                await supervisor.close("t1")
            assert refused.value.code == "not_merged"
            await supervisor.abandon("t1")
            await wait_all_tasks_blocked()
        (removed,) = [one for one in await shop.events("t1") if isinstance(one, e.WorktreeRemoved)]
        assert (removed.fate, removed.tip) == ("archived", tip)


async def test_a_merge_into_a_threads_branch_that_an_older_supervisor_queued_fails_when_its_turn_comes(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(DEV) as shop:
        async with shop.supervisor() as supervisor:
            await work_in(shop, supervisor, "t1", "t2")
            tip = shop.repo.tips["compas/t2"]
            await write(shop, "compas/t2", merged_into("compas/t2", shop.repo.tips["compas/t1"])[0])
        async with shop.supervisor() as supervisor:
            merged = await supervisor.wait_merge("old")
            assert (merged.status, merged.error_code) == ("failed", "thread_branch")
            assert shop.repo.tips["compas/t2"] == tip


async def test_a_branch_that_the_log_knows_as_a_threads_is_no_target_whatever_its_name(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        await work_in(shop, supervisor, "t1")
        ready = e.WorktreeReady(repository=REPO, path="/x", branch="Add-health", base="main", base_commit="c" * 40)
        stream = e.thread_stream("other")
        await shop.store.append_all([Append(events=(NewEvent(stream=stream, event=ready),), expected={stream: 0})])
        shop.repo.tips["add-health"] = shop.repo.tips["main"]
        with pytest.raises(RequestFailed, match="that a thread works on") as refused:
            await supervisor.merge("t1", target_branch="add-health")
        assert refused.value.code == "thread_branch"
