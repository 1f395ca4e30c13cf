"""What lists of threads tell: page by page, what each is about, and how much its work changes."""

import trio
from trio.testing import MockClock

from compas.api.batches import BATCH_STATUS
from compas.api.threads import STATUS, DiffSize
from tests.kit.orchestrator.actor_workshop import Supervisor, agent, open_workshop
from tests.kit.orchestrator.troupe import Turn


async def some_threads(supervisor: Supervisor, count: int) -> list[str]:
    """Open threads, and return them with the newest first."""
    for number in range(count):
        await supervisor.dispatch(
            "dev", f"Task {number}.\nIn detail.", thread_id=f"t{number}", batch="b", intent="note"
        )
    return [f"t{number}" for number in reversed(range(count))]


async def test_a_thread_without_a_summary_has_the_first_line_of_its_task(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await some_threads(supervisor, 1)
        await supervisor.dispatch("dev", "x", thread_id="t9", batch="b", intent="note", summary="A summary")
        titles = {row.thread_id: row.title for row in (await supervisor.ask(STATUS)).threads}
        assert titles == {"t0": "Task 0.", "t9": None}
        batch = await supervisor.ask(BATCH_STATUS, batch_id="b", details=True)
        assert {one.thread_id: one.title for one in batch.threads} == {"t0": "Task 0.", "t9": "A summary"}
        assert [one.title for one in (await supervisor.ask(BATCH_STATUS, batch_id="b")).threads] == [None, None]


async def test_the_size_of_a_diff_is_told_of_open_threads_that_have_one(autojump_clock: MockClock) -> None:
    async def work(turn: Turn) -> None:
        turn.commit("work", new_txt="one\ntwo\n")
        await turn.reply("done")

    agents = (agent("dev", workspace="worktree"), agent("talker"))
    async with open_workshop(*agents) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", work)
        for name, thread in (("dev", "t1"), ("dev", "t2"), ("talker", "t3")):
            await supervisor.chain(await supervisor.dispatch(name, "x", thread_id=thread, batch="b"))
        await supervisor.close("t2", "failed")
        await supervisor.abandon("t2")
        found = await supervisor.ask(STATUS, diffs=True)
        changed = DiffSize(files=1, added=2, deleted=0)
        assert {row.thread_id: row.diff for row in found.threads} == {"t1": changed, "t2": None, "t3": None}
        batch = await supervisor.ask(BATCH_STATUS, batch_id="b", details=True)
        assert {one.thread_id: one.diff for one in batch.threads} == {"t1": changed, "t2": None, "t3": None}
        assert all(row.diff is None for row in (await supervisor.ask(STATUS)).threads)


async def test_a_list_does_not_wait_for_a_git_that_hangs(autojump_clock: MockClock) -> None:
    async with (
        open_workshop(agent("dev", workspace="worktree")) as shop,
        shop.supervisor() as supervisor,
    ):
        await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id="t1"))
        shop.git.held["Diff"] = [trio.Event()]
        (row,) = (await supervisor.ask(STATUS, diffs=True)).threads
        assert (row.thread_id, row.diff) == ("t1", None)
