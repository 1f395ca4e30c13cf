"""Abandoning, closing and merging one thread exclude each other to the end, whoever dies in between."""

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.remote.errors import RequestFailed
from compas.api.lifecycle import ABANDON, CLOSE, REOPEN, CloseMerge
from compas.api.merges import MergeResponse
from compas.api.worktrees import WORKTREE_REMOVE
from compas.domain import events as e
from compas.domain.specs import CommandSpec, RepositorySpec, RetentionSpec
from compas.orchestrator.services import merge_name, thread_name
from compas.store.records import Append, NewEvent
from tests.kit.orchestrator.actor_workshop import REPO, Supervisor, Workshop, agent, open_workshop
from tests.kit.orchestrator.troupe import Turn

pytestmark = pytest.mark.exhaustive

DEV = agent("dev", workspace="worktree", max_concurrent=8)
CHECKED = (RepositorySpec(path=REPO, merge_verify=CommandSpec(run="true", timeout_secs=3600)),)
KEPT = RetentionSpec(worktrees=7000.0)
STEPS = ("PrepareMerge", "VerifyMerge")


async def commits(turn: Turn) -> None:
    """Commit a file that is named after the thread."""
    turn.commit("work", **{turn.spec.env["COMPAS_THREAD"]: "work\n"})
    await turn.reply("done")


async def work_in(shop: Workshop, supervisor: Supervisor, *threads: str) -> None:
    """Have something to merge in each of these threads."""
    shop.plays("dev", commits)
    for thread in threads:
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id=thread))


async def begin_merge(shop: Workshop, supervisor: Supervisor, operation: str) -> tuple[MergeResponse, trio.Event]:
    """Merge t1 up to this operation of git, which goes on when the event is set."""
    held = trio.Event()
    shop.git.held[operation] = [held]
    queued = await supervisor.merge("t1")
    await wait_all_tasks_blocked()
    return queued, held


async def status_of(supervisor: Supervisor, thread: str = "t1") -> str | None:
    return (await supervisor.transcript(thread)).thread_status


async def refused(supervisor: Supervisor, *request: object, **fields: object) -> RequestFailed:
    with pytest.raises(RequestFailed) as found:
        await supervisor.ask(*request, **fields)
    return found.value


@pytest.mark.parametrize("operation", STEPS)
async def test_abandoning_a_thread_ends_its_merge_and_its_target_never_moves(
    autojump_clock: MockClock, operation: str
) -> None:
    async with open_workshop(DEV, repositories=CHECKED) as shop, shop.supervisor() as supervisor:
        await work_in(shop, supervisor, "t1")
        before = shop.repo.tips["main"]
        queued, held = await begin_merge(shop, supervisor, operation)
        await supervisor.abandon("t1")
        assert (await supervisor.wait_merge(queued.op_id, timeout=0)).status == "cancelled"
        assert "ClearMerge" in shop.git.asked, "what it ran has ended before this is answered"
        held.set()
        await trio.sleep(100)
        assert (shop.repo.tips["main"], await status_of(supervisor)) == (before, "Abandoned")


async def test_abandoning_a_thread_that_is_closed_with_its_merge_leaves_it_abandoned(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(DEV, repositories=CHECKED) as shop, shop.supervisor() as supervisor:
        await work_in(shop, supervisor, "t1")
        held = trio.Event()
        shop.git.held["VerifyMerge"] = [held]
        closing = await supervisor.ask(CLOSE, thread_id="t1", merge=CloseMerge())
        await wait_all_tasks_blocked()
        await supervisor.abandon("t1")
        held.set()
        assert (await supervisor.wait_merge(closing.merge_op_id)).status == "cancelled"
        assert await status_of(supervisor) == "Abandoned"


async def test_a_merge_in_line_is_withdrawn_with_its_thread_and_the_one_before_it_goes_on(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(DEV, repositories=CHECKED) as shop, shop.supervisor() as supervisor:
        await work_in(shop, supervisor, "t1", "t2")
        first, held = await begin_merge(shop, supervisor, "VerifyMerge")
        second = await supervisor.merge("t2")
        await supervisor.abandon("t2")
        assert (await supervisor.wait_merge(second.op_id, timeout=0)).status == "cancelled"
        held.set()
        assert (await supervisor.wait_merge(first.op_id)).status == "completed"


async def test_whoever_abandons_while_the_target_is_moved_gets_the_right_end(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor, trio.open_nursery() as nursery:
        await work_in(shop, supervisor, "t1")
        queued, held = await begin_merge(shop, supervisor, "PublishMerge")
        nursery.start_soon(supervisor.abandon, "t1")
        await wait_all_tasks_blocked()
        assert await status_of(supervisor) == "Active", "the target may be moving at this moment"
        held.set()
        assert (await supervisor.wait_merge(queued.op_id)).status == "completed"
        await wait_all_tasks_blocked()
        assert await status_of(supervisor) == "Abandoned"
        kinds = [type(one) for one in await shop.events()]
        assert kinds.index(e.MergeCompleted) < kinds.index(e.ThreadAbandoned)


async def test_a_thread_that_was_closed_by_the_merge_that_was_waited_for_is_not_abandoned(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(DEV, retention=KEPT) as shop, shop.supervisor() as supervisor:
        await work_in(shop, supervisor, "t1")
        held = trio.Event()
        shop.git.held["PublishMerge"] = [held]
        await supervisor.ask(CLOSE, thread_id="t1", merge=CloseMerge())
        await wait_all_tasks_blocked()
        answers: list[str] = []

        async def abandon() -> None:
            answers.append((await refused(supervisor, ABANDON, thread_id="t1")).code)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(abandon)
            await wait_all_tasks_blocked()
            assert answers == []
            held.set()
        assert (answers, await status_of(supervisor)) == (["already_ended"], "Completed")


@pytest.mark.parametrize("status", ["completed", "failed"])
async def test_whoever_closes_while_the_target_is_moved_waits_for_that(autojump_clock: MockClock, status: str) -> None:
    async with open_workshop(DEV, retention=KEPT) as shop, shop.supervisor() as supervisor:
        await work_in(shop, supervisor, "t1")
        _, held = await begin_merge(shop, supervisor, "PublishMerge")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(supervisor.close, "t1", status)
            await wait_all_tasks_blocked()
            assert await status_of(supervisor) == "Active"
            held.set()
        assert await status_of(supervisor) == status.capitalize()


async def test_a_wait_for_a_publication_can_be_given_up(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        await work_in(shop, supervisor, "t1")
        queued, held = await begin_merge(shop, supervisor, "PublishMerge")
        with trio.move_on_after(5) as patience:
            await supervisor.abandon("t1")
        assert patience.cancelled_caught
        held.set()
        assert (await supervisor.wait_merge(queued.op_id)).status == "completed"
        assert await status_of(supervisor) == "Active"


@pytest.mark.parametrize("operation", STEPS)
@pytest.mark.parametrize("status", ["completed", "failed"])
async def test_a_thread_is_not_closed_while_it_is_being_merged(
    autojump_clock: MockClock, status: str, operation: str
) -> None:
    async with open_workshop(DEV, repositories=CHECKED) as shop, shop.supervisor() as supervisor:
        await work_in(shop, supervisor, "t1")
        queued, held = await begin_merge(shop, supervisor, operation)
        found = await refused(supervisor, CLOSE, thread_id="t1", status=status)
        assert (found.code, queued.op_id in found.message) == ("merge_pending", True)
        assert f"compas merge-cancel {queued.op_id}" in found.message
        held.set()
        assert (await supervisor.wait_merge(queued.op_id)).status == "completed"
        assert (await supervisor.close("t1")).status == "Completed"


async def test_a_thread_is_not_closed_with_a_merge_while_it_is_being_merged_into_another_target(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        await work_in(shop, supervisor, "t1")
        shop.repo.tips["release"] = shop.repo.tips["main"]
        queued, held = await begin_merge(shop, supervisor, "PrepareMerge")
        merge = CloseMerge(target_branch="release")
        found = await refused(supervisor, CLOSE, thread_id="t1", merge=merge)
        assert (found.code, queued.op_id in found.message) == ("merge_pending", True)
        held.set()
        assert (await supervisor.wait_merge(queued.op_id)).status == "completed"
        closing = await supervisor.ask(CLOSE, thread_id="t1", merge=merge)
        assert (await supervisor.wait_merge(closing.merge_op_id)).status == "completed"


@pytest.mark.parametrize("operation", STEPS)
async def test_a_worktree_is_not_removed_while_it_is_being_merged(autojump_clock: MockClock, operation: str) -> None:
    async with open_workshop(DEV, repositories=CHECKED) as shop, shop.supervisor() as supervisor:
        await work_in(shop, supervisor, "t1")
        queued, held = await begin_merge(shop, supervisor, operation)
        found = await refused(supervisor, WORKTREE_REMOVE, thread_id="t1", force=True)
        assert (found.code, queued.op_id in found.message) == ("merge_pending", True)
        held.set()
        assert (await supervisor.wait_merge(queued.op_id)).status == "completed"
        assert (await supervisor.ask(WORKTREE_REMOVE, thread_id="t1")).branch_fate == "deleted"


async def test_a_merge_of_a_thread_that_was_closed_since_publishes_nothing(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV, retention=KEPT) as shop, shop.supervisor() as supervisor:
        await work_in(shop, supervisor, "t1")
        before = shop.repo.tips["main"]
        queued, held = await begin_merge(shop, supervisor, "PrepareMerge")
        closed = e.ThreadClosed(status="Failed", by="operator")
        supervisor.actor(thread_name("t1")).kill()
        await shop.store.append_all([Append(events=(NewEvent(stream=e.thread_stream("t1"), event=closed),))])
        await supervisor.ask(REOPEN, thread_id="t1")
        held.set()
        merged = await supervisor.wait_merge(queued.op_id)
        assert (merged.status, shop.repo.tips["main"]) == ("cancelled", before)
        assert "ended after the merge was asked for" in (merged.error_detail or "")


async def test_a_thread_that_was_given_up_while_its_merge_was_asked_for_is_not_published_though_it_has_failed_since(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(DEV, retention=KEPT) as shop, shop.supervisor() as supervisor:
        await work_in(shop, supervisor, "t1")
        before, held = shop.repo.tips["main"], trio.Event()
        shop.git.held["Contains"] = [held]
        queued: list[MergeResponse] = []

        async def merge() -> None:
            queued.append(await supervisor.merge("t1"))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(merge)
            await wait_all_tasks_blocked()
            await supervisor.abandon("t1")
            await supervisor.close("t1", "failed")
            held.set()
        assert (await supervisor.wait_merge(queued[0].op_id)).status == "cancelled"
        assert shop.repo.tips["main"] == before


async def test_a_thread_that_an_older_supervisor_abandoned_during_its_merge_stays_abandoned(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(DEV) as shop:
        async with shop.supervisor() as supervisor:
            await work_in(shop, supervisor, "t1")
            held = trio.Event()
            shop.git.held["PublishMerge"] = [held]
            closing = await supervisor.ask(CLOSE, thread_id="t1", merge=CloseMerge())
            await wait_all_tasks_blocked()
            supervisor.system.root.kill()
        shop.repo.move("main", shop.repo.tips["main"], shop.repo.tips["compas/t1"])
        over = e.PublicationOver(op=closing.merge_op_id or "")
        lines = [NewEvent(stream=e.thread_stream("t1"), event=one) for one in (over, e.ThreadAbandoned(by="operator"))]
        await shop.store.append_all([Append(events=tuple(lines))])
        async with shop.supervisor() as supervisor:
            merged = await supervisor.wait_merge(closing.merge_op_id or "")
            assert merged.status == "completed"
            assert "the thread was not closed" in (merged.result_summary or "")
            assert await status_of(supervisor) == "Abandoned"


MOMENTS = (e.PublicationBegun, e.MergePrepared, e.MergeCompleted, e.PublicationOver)


@pytest.mark.parametrize("victim", ["thread", "merge", "root"])
@pytest.mark.parametrize("kind", MOMENTS, ids=lambda kind: kind.__name__)
async def test_whoever_dies_in_a_publication_the_thread_can_be_ended_after_it(
    autojump_clock: MockClock, kind: type[e.Event], victim: str
) -> None:
    struck: list[str] = []
    async with open_workshop(DEV, retention=KEPT) as shop:
        async with shop.supervisor() as supervisor:
            await work_in(shop, supervisor, "t1")

            def strike(recorded: e.Recorded) -> None:
                if not struck:
                    struck.append(victim)
                    names = {"thread": thread_name("t1"), "merge": merge_name(REPO, "main")}
                    (supervisor.system.root if victim == "root" else supervisor.actor(names[victim])).kill()

            async with supervisor.when(kind, strike):
                queued = await supervisor.merge("t1")
                with trio.move_on_after(100):
                    await wait_all_tasks_blocked()
                    await trio.sleep(50)
        assert struck
        async with shop.supervisor() as supervisor:
            assert (await supervisor.wait_merge(queued.op_id)).status == "completed"
            assert (await supervisor.insist(CLOSE, "c1", thread_id="t1")).status == "Completed"
            before, after = await shop.tables_and_rebuilt_tables()
            assert before == after
