"""Merges into one target: strictly one at a time, in order, and either published or failed, whoever dies."""

import contextlib

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.remote.errors import RequestFailed
from compas.api.merges import MERGE
from compas.domain import events as e
from compas.orchestrator.merges.run import TARGET_MOVED_TRIES
from compas.orchestrator.services import JOURNAL, MERGES, merge_name
from tests.kit.orchestrator.actor_workshop import REPO, Supervisor, Workshop, agent, open_workshop
from tests.kit.orchestrator.troupe import Turn

DEV = agent("dev", workspace="worktree", max_concurrent=8)


async def write_own_file(turn: Turn) -> None:
    """Commit a file that is named after the thread."""
    turn.commit(turn.instruction, **{turn.spec.env["COMPAS_THREAD"]: "work\n"})
    await turn.reply("done")


async def write_readme(turn: Turn) -> None:
    """Commit a file that others change too."""
    turn.commit(turn.instruction, README=f"{turn.instruction}\n")
    await turn.reply("done")


async def work_in(shop: Workshop, supervisor: Supervisor, *threads: str) -> None:
    """Have something to merge in each of these threads."""
    for thread in threads:
        assert (await supervisor.chain(await supervisor.dispatch("dev", f"work of {thread}", thread_id=thread))).found


def merges(events: tuple[e.Event, ...], *kinds: type[e.Event]) -> list[str]:
    """Return the operations of these events, in order."""
    return [one.op for one in events if isinstance(one, kinds)]


async def test_a_merge_moves_the_target(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_own_file)
        await work_in(shop, supervisor, "t1")
        queued = await supervisor.merge("t1")
        merged = await supervisor.wait_merge(queued.op_id)
        assert (merged.status, merged.commit) == ("completed", shop.repo.tips["main"])
        assert shop.repo.tips["main"] == shop.repo.tips["compas/t1"]
        assert (await supervisor.close("t1")).status == "Completed"


async def test_merges_into_one_target_are_done_one_at_a_time_in_order(autojump_clock: MockClock) -> None:
    threads = [f"t{n}" for n in range(6)]
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_own_file)
        await work_in(shop, supervisor, *threads)
        asked = len(shop.git.asked)
        first = trio.Event()
        shop.git.held["PrepareMerge"] = [first]
        queued = [await supervisor.merge(thread) for thread in threads]
        assert [one.queue_depth for one in queued] == [1, 2, 3, 4, 5, 6]
        first.set()
        for one in queued:
            assert (await supervisor.wait_merge(one.op_id)).status == "completed"
        done = [one for one in shop.git.asked[asked:] if one in ("PrepareMerge", "PublishMerge")]
        assert done == ["PrepareMerge", "PublishMerge"] * 6
        events = await shop.events()
        assert merges(events, e.MergeStarted) == merges(events, e.MergeCompleted) == [one.op_id for one in queued]
        assert set(threads) <= set(shop.repo.commits[shop.repo.tips["main"]].tree)


async def test_merges_into_different_targets_do_not_wait_for_each_other(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_own_file)
        await work_in(shop, supervisor, "t1", "t2")
        shop.repo.tips["release"] = shop.repo.tips["main"]
        held = trio.Event()
        shop.git.held["PrepareMerge"] = [held]
        slow = await supervisor.merge("t1")
        await wait_all_tasks_blocked()
        quick = await supervisor.merge("t2", target_branch="release")
        assert (await supervisor.wait_merge(quick.op_id)).status == "completed"
        assert (await supervisor.wait_merge(slow.op_id, timeout=1)).found is False
        held.set()
        assert (await supervisor.wait_merge(slow.op_id)).status == "completed"


async def test_a_target_that_moved_is_merged_into_anew(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_own_file)
        await work_in(shop, supervisor, "t1")
        held = trio.Event()
        shop.git.held["PublishMerge"] = [held]
        queued = await supervisor.merge("t1")
        await wait_all_tasks_blocked()
        theirs = shop.repo.commit("main", "a person's own work", other_txt="theirs\n")
        held.set()
        merged = await supervisor.wait_merge(queued.op_id)
        assert merged.status == "completed"
        assert shop.repo.contains(shop.repo.tips["main"], theirs)
        assert shop.repo.contains(shop.repo.tips["main"], shop.repo.tips["compas/t1"])


async def test_a_target_that_never_rests_fails_the_merge_in_words(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_own_file)
        await work_in(shop, supervisor, "t1")

        def commit(recorded: e.Recorded) -> None:
            shop.repo.commit("main", f"work {recorded.position}", other_txt=f"{recorded.position}\n")

        async with supervisor.when(e.MergePrepared, commit):
            queued = await supervisor.merge("t1")
            merged = await supervisor.wait_merge(queued.op_id)
        assert (merged.status, merged.error_code) == ("failed", "target_busy")
        assert shop.git.asked.count("PublishMerge") == TARGET_MOVED_TRIES


async def test_a_conflict_is_reported_by_file_and_side(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_readme)
        await work_in(shop, supervisor, "t1")
        theirs = shop.repo.commit("main", "a person's own work", README="theirs\n")
        queued = await supervisor.merge("t1")
        merged = await supervisor.wait_merge(queued.op_id)
        assert (merged.status, merged.error_code, merged.conflict_files) == ("failed", "conflict", ("README",))
        assert "a person's own work" in (merged.error_detail or "")
        assert "work of t1" in (merged.error_detail or "")
        assert shop.repo.tips["main"] == theirs


async def test_after_a_conflict_the_next_in_line_is_merged(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_readme)
        await work_in(shop, supervisor, "t1", "t2")
        shop.plays("dev", write_own_file)
        await work_in(shop, supervisor, "t3")
        queued = [await supervisor.merge(thread) for thread in ("t1", "t2", "t3")]
        found = [(await supervisor.wait_merge(one.op_id)).status for one in queued]
        assert found == ["completed", "failed", "completed"]


# proves: b-mcp-cli-merge 106
async def test_an_abandoned_thread_is_not_merged_when_its_turn_comes(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_own_file)
        await work_in(shop, supervisor, "t1", "t2")
        held = trio.Event()
        shop.git.held["PrepareMerge"] = [held]
        queued = [await supervisor.merge(thread) for thread in ("t1", "t2")]
        tip = shop.repo.tips["compas/t2"]
        await supervisor.abandon("t2")
        held.set()
        assert (await supervisor.wait_merge(queued[0].op_id)).status == "completed"
        assert (await supervisor.wait_merge(queued[1].op_id)).status == "cancelled"
        assert not shop.repo.contains(shop.repo.tips["main"], tip)


async def test_what_was_approved_is_what_is_merged(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_own_file)
        await work_in(shop, supervisor, "t1")
        held = trio.Event()
        shop.git.held["PrepareMerge"] = [held]
        queued = await supervisor.merge("t1")
        await wait_all_tasks_blocked()
        shop.repo.commit("compas/t1", "one more thing", late_txt="late\n")
        held.set()
        assert (await supervisor.wait_merge(queued.op_id)).error_code == "source_moved"


async def test_a_second_merge_of_a_thread_is_refused_while_one_is_pending(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_own_file)
        await work_in(shop, supervisor, "t1")
        held = trio.Event()
        shop.git.held["PrepareMerge"] = [held]
        queued = await supervisor.merge("t1")
        with pytest.raises(RequestFailed, match=queued.op_id) as refused:
            await supervisor.merge("t1")
        assert refused.value.code == "merge_pending"
        held.set()
        assert (await supervisor.wait_merge(queued.op_id)).status == "completed"


async def test_a_merge_that_takes_too_long_to_compute_fails(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV, merge_timeout_secs=30) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_own_file)
        await work_in(shop, supervisor, "t1")
        shop.git.held["PrepareMerge"] = [trio.Event()]
        merged = await supervisor.wait_merge((await supervisor.merge("t1")).op_id)
        assert (merged.status, merged.error_code) == ("failed", "timeout")
        assert trio.current_time() == 30


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("operation", ["PrepareMerge", "PublishMerge", "FinishMerge"])
async def test_a_git_worker_lost_in_a_merge_leaves_one_truth(
    autojump_clock: MockClock, operation: str, moment: str
) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_own_file)
        await work_in(shop, supervisor, "t1", "t2")
        shop.git.losses = {operation: [moment]}
        if operation == "FinishMerge":
            shop.git.losses["PublishMerge"] = ["after"]
        for thread in ("t1", "t2"):
            merged = await supervisor.wait_merge((await supervisor.merge(thread)).op_id)
            assert merged.status == "completed"
            assert shop.repo.contains(shop.repo.tips["main"], shop.repo.tips[f"compas/{thread}"])
        assert shop.git.losses[operation] == []


MERGE_KINDS = (e.MergeQueued, e.MergeStarted, e.MergePrepared, e.MergeCompleted)


@pytest.mark.parametrize("victim", ["merge", MERGES, JOURNAL, "root"])
@pytest.mark.parametrize("kind", MERGE_KINDS, ids=lambda kind: kind.__name__)
async def test_whoever_is_killed_a_merge_is_published_once(
    autojump_clock: MockClock, kind: type[e.Event], victim: str
) -> None:
    struck = []

    async with open_workshop(DEV) as shop:
        async with shop.supervisor() as supervisor:
            shop.plays("dev", write_own_file)
            await work_in(shop, supervisor, "t1", "t2")

            def strike(recorded: e.Recorded) -> None:
                name = merge_name(REPO, "main") if victim == "merge" else victim
                if not struck:
                    struck.append(name)
                    (supervisor.system.root if name == "root" else supervisor.actor(name)).kill()

            async with supervisor.when(kind, strike):
                with trio.move_on_after(100):
                    for n, thread in enumerate(("t1", "t2")):
                        with contextlib.suppress(RequestFailed):
                            await supervisor.ask(MERGE, f"r{n}", thread_id=thread)
                    await wait_all_tasks_blocked()
        assert struck
        async with shop.supervisor() as supervisor:
            for n, thread in enumerate(("t1", "t2")):
                queued = await supervisor.insist(MERGE, f"r{n}", thread_id=thread)
                assert (await supervisor.wait_merge(queued.op_id)).status == "completed"
                assert shop.repo.contains(shop.repo.tips["main"], shop.repo.tips[f"compas/{thread}"])
        events = await shop.events()
        assert len(merges(events, e.MergeQueued)) == 2
        assert sorted(merges(events, e.MergeCompleted)) == sorted(merges(events, e.MergeQueued))
        before, after = await shop.tables_and_rebuilt_tables()
        assert before == after


async def test_a_merge_waits_for_a_full_disk_and_others_are_refused_meanwhile(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_own_file)
        await work_in(shop, supervisor, "t1", "t2")
        held = trio.Event()
        shop.git.held["PublishMerge"] = [held]
        queued = await supervisor.merge("t1")
        await wait_all_tasks_blocked()
        shop.disk.is_full = True
        held.set()
        await wait_all_tasks_blocked()
        asked_at = trio.current_time()
        with pytest.raises(RequestFailed, match="the disk is full") as refused:
            await supervisor.merge("t2")
        assert refused.value.code == "store_unavailable"
        assert trio.current_time() == asked_at
        await trio.sleep(100)
        shop.disk.is_full = False
        assert (await supervisor.wait_merge(queued.op_id)).status == "completed"
        assert len(merges(await shop.events(), e.MergeQueued)) == 1
