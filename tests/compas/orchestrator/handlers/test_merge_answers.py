"""What a merge is answered with, which merges go side by side, and what a thread's end asks of them."""

import msgspec
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.remote.errors import RequestFailed
from compas.api.merges import MergeResponse
from compas.api.waiting import WaitMergeResponse
from compas.domain import events as e
from compas.domain.specs import RetentionSpec
from tests.kit.orchestrator.actor_workshop import REPO, Supervisor, Workshop, agent, open_workshop
from tests.kit.orchestrator.fake_repository import FakeRepo
from tests.kit.orchestrator.troupe import Turn

DEV = agent("dev", workspace="worktree")


async def commits(turn: Turn) -> None:
    """Commit a file that is called after the thread."""
    thread = turn.spec.cwd.rpartition("/")[2]
    turn.commit(f"the work of {thread}", **{f"{thread}_txt": "new\n"})
    await turn.reply("Done.")


async def work(supervisor: Supervisor, thread: str, to: str = "dev") -> None:
    """Have an agent work in a thread."""
    assert (await supervisor.chain(await supervisor.dispatch(to, "work", thread_id=thread))).body == "Done."


async def merge(supervisor: Supervisor, thread: str, **fields: object) -> WaitMergeResponse:
    """Merge a thread and wait for the end of it."""
    return await supervisor.wait_merge((await supervisor.merge(thread, **fields)).op_id)


def hold_merges(shop: Workshop, count: int) -> list[trio.Event]:
    """Let the next merges each wait for one of these events before git looks at them."""
    held = [trio.Event() for _ in range(count)]
    shop.git.held["PrepareMerge"] = list(held)
    return held


def files_on_main(repo: FakeRepo) -> set[str]:
    """Return the files on main."""
    return set(repo.commits[repo.tips["main"]].tree)


# proves: b-mcp-cli-merge 77
async def test_a_thread_is_merged_whatever_it_has_come_to_and_the_answer_tells_its_place(
    autojump_clock: MockClock,
) -> None:
    kept = RetentionSpec(worktrees=7000.0)
    async with open_workshop(DEV, retention=kept) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", commits)
        for thread in ("active", "completed", "failed"):
            await work(supervisor, thread)
        assert (await merge(supervisor, "completed")).status == "completed"
        await supervisor.close("completed")
        shop.repo.commit("compas/completed", "one more", more_txt="new\n")
        await supervisor.close("failed", "failed")
        (first,) = hold_merges(shop, 1)
        queued = [await supervisor.merge(thread) for thread in ("active", "completed", "failed")]
        assert [(one.status, one.queue_depth) for one in queued] == [("queued", 1), ("queued", 2), ("queued", 3)]
        first.set()
        assert [(await supervisor.wait_merge(one.op_id)).status for one in queued] == ["completed"] * 3
        assert files_on_main(shop.repo) == {"README", "active.txt", "completed.txt", "failed.txt", "more.txt"}


# proves: b-mcp-cli-merge 79
async def test_an_unknown_strategy_is_refused_before_the_thread_is_looked_at(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        with pytest.raises(RequestFailed, match="'yolo' is no merge strategy; there are: merge, rebase, squash"):
            await supervisor.merge("nobody", strategy="yolo")


# proves: b-mcp-cli-merge 82
async def test_a_thread_is_merged_once_at_a_time_into_one_target(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", commits)
        shop.repo.tips["develop"] = shop.repo.tips["main"]
        await work(supervisor, "t1")
        (first,) = hold_merges(shop, 1)
        onto_main = await supervisor.merge("t1")
        await wait_all_tasks_blocked()
        with pytest.raises(RequestFailed, match=f"pending merge to main: {onto_main.op_id}"):
            await supervisor.merge("t1")
        onto_develop = await supervisor.merge("t1", target_branch="develop")
        assert (await supervisor.wait_merge(onto_develop.op_id)).status == "completed"
        first.set()
        assert (await supervisor.wait_merge(onto_main.op_id)).status == "completed"


# proves: b-mcp-cli-merge 83
async def test_of_two_requests_at_the_same_moment_one_is_queued(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", commits)
        await work(supervisor, "t1")
        (first,) = hold_merges(shop, 1)
        answers: list[MergeResponse | str] = []

        async def ask() -> None:
            try:
                answers.append(await supervisor.merge("t1"))
            except RequestFailed as failure:
                answers.append(failure.code)

        async with trio.open_nursery() as nursery:
            for _ in range(2):
                nursery.start_soon(ask)
        assert [one for one in answers if isinstance(one, str)] == ["merge_pending"]
        assert len([event for event in await shop.events() if isinstance(event, e.MergeQueued)]) == 1
        first.set()


# proves: b-mcp-cli-merge 84
async def test_without_a_target_the_configured_one_is_merged_into(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV, default_merge_target="develop") as shop, shop.supervisor() as supervisor:
        shop.plays("dev", commits)
        before = shop.repo.tips["develop"] = shop.repo.tips["main"]
        await work(supervisor, "t1")
        merged = await merge(supervisor, "t1")
        assert (merged.status, merged.target_branch) == ("completed", "develop")
        assert shop.repo.tips["develop"] == shop.repo.tips["compas/t1"]
        assert shop.repo.tips["main"] == before


# proves: b-mcp-cli-merge 99
async def test_merges_into_one_target_go_one_by_one_and_into_two_side_by_side(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", commits)
        shop.repo.tips["develop"] = shop.repo.tips["main"]
        for thread in ("a1", "a2", "b"):
            await work(supervisor, thread)
        (first,) = hold_merges(shop, 1)
        a1 = await supervisor.merge("a1")
        await wait_all_tasks_blocked()
        a2 = await supervisor.merge("a2")
        beside = await merge(supervisor, "b", target_branch="develop")
        assert beside.status == "completed"
        states = [(await supervisor.wait_merge(op, timeout=0)).status for op in (a1.op_id, a2.op_id)]
        assert states == ["executing", "queued"]
        first.set()
        assert (await supervisor.wait_merge(a2.op_id)).status == "completed"
        steps = [event for event in await shop.events() if isinstance(event, e.MergeStarted | e.MergeCompleted)]
        assert [event.op for event in steps if event.op != beside.op_id] == [a1.op_id] * 2 + [a2.op_id] * 2


# proves: b-mcp-cli-merge 100, b-mcp-cli-merge 101
async def test_branches_of_one_name_in_two_repositories_are_merged_side_by_side_each_in_its_own(
    autojump_clock: MockClock,
) -> None:
    elsewhere = msgspec.structs.replace(agent("other", workspace="worktree"), workdir="/other")
    async with open_workshop(DEV, elsewhere) as shop, shop.supervisor() as supervisor:
        other = shop.git.repo("/other")

        async def commits_elsewhere(turn: Turn) -> None:
            other.commit("compas/t2", "the work of t2", theirs_txt="new\n")
            await turn.reply("Done.")

        shop.plays("dev", commits)
        shop.plays("other", commits_elsewhere)
        await work(supervisor, "t1")
        await work(supervisor, "t2", to="other")
        (first,) = hold_merges(shop, 1)
        here = await supervisor.merge("t1")
        await wait_all_tasks_blocked()
        assert (await merge(supervisor, "t2")).status == "completed"
        assert (files_on_main(shop.repo), files_on_main(other)) == ({"README"}, {"README", "theirs.txt"})
        first.set()
        assert (await supervisor.wait_merge(here.op_id)).status == "completed"
        assert files_on_main(shop.repo) == {"README", "t1.txt"}


async def test_a_branch_without_commits_is_not_merged_and_one_that_is_merged_already_is_complete(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(DEV, agent("reader", workspace="worktree")) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", commits)
        await supervisor.chain(await supervisor.dispatch("reader", "look", thread_id="t1"))
        nothing = await merge(supervisor, "t1")
        assert (nothing.status, nothing.error_code) == ("failed", "no_commits")
        assert (nothing.error_detail or "").count("No commits to merge") == 1
        await work(supervisor, "t2")
        once, again = [await merge(supervisor, "t2") for _ in range(2)]
        assert (once.status, again.status) == ("completed", "completed")
        assert again.result_summary == "No commits to merge: main contains compas/t2 already"
        assert again.commit == once.commit


# proves: b-mcp-cli-merge 107
async def test_a_failed_merge_is_answered_with_the_advice_that_fits_its_reason(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV, agent("reader", workspace="worktree")) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", commits)
        for thread in ("conflicting", "unfinished", "moved"):
            await work(supervisor, thread)
        await supervisor.chain(await supervisor.dispatch("reader", "look", thread_id="empty"))
        (held,) = hold_merges(shop, 1)
        ops = [(await supervisor.merge(thread)).op_id for thread in ("conflicting", "unfinished", "empty", "moved")]
        shop.repo.commit("main", "in the way", conflicting_txt="old\n")
        shop.repo.write(f"{REPO}/.compas-worktrees/unfinished", more_txt="half\n")
        shop.repo.commit("compas/moved", "one more", more_txt="new\n")
        held.set()
        ended = [await supervisor.wait_merge(op) for op in ops]
        assert [one.error_code for one in ended] == ["conflict", "source_dirty", "no_commits", "source_moved"]
        conflict, unfinished, empty, moved = [one.next_step or "" for one in ended]
        assert conflict.startswith("compas dispatch AGENT ")
        assert "--thread conflicting" in conflict
        assert "main" in conflict
        assert unfinished.startswith("commit or discard")
        assert "compas merge unfinished" in unfinished
        assert empty == "compas why empty"
        assert moved == "mend what the error says, then `compas merge moved`"
        again = await supervisor.wait_merge(ops[0], timeout=0)
        assert again.next_step == conflict, "the status of an operation that is over is its end"


# --- ending a thread that has a worktree -----------------------------------------------------------------------------


# proves: b-mcp-cli-merge 57, a-core 142
async def test_a_thread_is_not_completed_without_a_merge_nor_before_it_nor_after_one_that_failed(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", commits)
        await work(supervisor, "t1")

        async def check_refused(code: str = "not_merged", advice: str = "compas merge t1") -> None:
            with pytest.raises(RequestFailed, match=advice) as caught:
                await supervisor.close("t1")
            assert caught.value.code == code
            assert (await supervisor.transcript("t1")).thread_status == "Active"

        await check_refused()
        (held,) = hold_merges(shop, 1)
        queued = await supervisor.merge("t1")
        await check_refused("merge_pending", f"compas wait-merge --op-id {queued.op_id}")
        shop.repo.commit("main", "in the way", t1_txt="old\n")
        held.set()
        assert (await supervisor.wait_merge(queued.op_id)).error_code == "conflict"
        await check_refused()


# proves: b-mcp-cli-merge 59
async def test_one_commit_since_its_merge_keeps_a_thread_from_being_completed(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", commits)
        await work(supervisor, "t1")
        await merge(supervisor, "t1")
        one_more = shop.repo.commit("compas/t1", "one more", more_txt="new\n")
        with pytest.raises(RequestFailed, match=f"compas/t1 \\({one_more[:12]}\\) is not in main"):
            await supervisor.close("t1")
        assert (await supervisor.transcript("t1")).thread_status == "Active"
        await merge(supervisor, "t1")
        assert (await supervisor.close("t1")).status == "Completed"


# proves: b-mcp-cli-merge 58
@pytest.mark.parametrize("default", ["main", "gone"])
async def test_a_merge_into_another_branch_than_the_configured_one_counts(
    autojump_clock: MockClock, default: str
) -> None:
    async with open_workshop(DEV, default_merge_target=default) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", commits)
        shop.repo.tips["develop"] = shop.repo.tips[default] = shop.repo.tips["main"]
        await work(supervisor, "t1")
        if default == "gone":
            del shop.repo.tips["gone"]
        with pytest.raises(RequestFailed):
            await supervisor.close("t1")
        await merge(supervisor, "t1", target_branch="develop")
        shop.repo.commit("compas/t1", "one more", more_txt="new\n")
        with pytest.raises(RequestFailed):
            await supervisor.close("t1")
        await merge(supervisor, "t1", target_branch="develop")
        assert (await supervisor.close("t1")).status == "Completed"


# proves: b-mcp-cli-merge 60
async def test_a_thread_without_a_commit_is_completed_with_a_note(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "look", thread_id="t1"))
        closed = await supervisor.close("t1")
        assert (closed.status, closed.note) == ("Completed", "nothing to merge: main contains compas/t1")


# proves: b-mcp-cli-merge 61
async def test_a_merge_by_hand_counts_when_a_thread_is_completed(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", commits)
        await work(supervisor, "t1")
        own = shop.repo.commit("main", "meanwhile", own_txt="mine\n")
        theirs = shop.repo.tips["compas/t1"]
        tree = {**shop.repo.commits[own].tree, **shop.repo.commits[theirs].tree}
        shop.repo.move("main", own, shop.repo.store((own, theirs), tree, "Merge by hand"))
        assert (await supervisor.close("t1")).status == "Completed"


# proves: b-mcp-cli-merge 62, a-core 143
async def test_a_thread_is_failed_without_a_merge_and_keeps_its_worktree(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", commits)
        await work(supervisor, "t1")
        place = f"{REPO}/.compas-worktrees/t1"
        shop.repo.write(place, unfinished_txt="half\n")
        assert (await supervisor.close("t1", "failed")).status == "Failed"
        assert shop.repo.checkouts[place].files.keys() >= {"t1.txt", "unfinished.txt"}
        assert "compas/t1" in shop.repo.tips
