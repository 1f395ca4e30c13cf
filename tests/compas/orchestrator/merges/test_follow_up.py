"""What a merge does beside moving a branch: its check, its message, what follows in its thread, and its withdrawal."""

import contextlib

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.remote.errors import RequestFailed
from compas.api.lifecycle import CLOSE, CloseMerge, CloseResponse
from compas.api.merges import MERGE_CANCEL, MERGE_STATUS, MergeState
from compas.domain import events as e
from compas.domain.specs import CommandSpec, HandoffSpec, RepositorySpec
from compas.orchestrator.services import merge_name, thread_name
from tests.kit.orchestrator.actor_workshop import REPO, Supervisor, Workshop, agent, open_workshop
from tests.kit.orchestrator.troupe import Turn

DEV = agent("dev", workspace="worktree", max_concurrent=8)


def repository(**settings: object) -> tuple[RepositorySpec, ...]:
    """Configure the repository that agents work in."""
    return (RepositorySpec(path=REPO, **settings),)


def checked(command: str, timeout_secs: int = 60) -> tuple[RepositorySpec, ...]:
    return repository(merge_verify=CommandSpec(run=command, timeout_secs=timeout_secs))


async def write_own_file(turn: Turn) -> None:
    """Commit a file that is named after the thread."""
    turn.commit(turn.instruction, **{turn.spec.env["COMPAS_THREAD"]: "work\n"})
    await turn.reply("done")


async def write_readme(turn: Turn) -> None:
    """Commit a file that others change too."""
    turn.commit("work", README=f"{len(turn.instruction)}\n")
    await turn.reply("done")


async def work_in(supervisor: Supervisor, *threads: str) -> None:
    for thread in threads:
        assert (await supervisor.chain(await supervisor.dispatch("dev", f"work of {thread}", thread_id=thread))).found


async def state_of(supervisor: Supervisor, op: str) -> MergeState:
    (found,) = (await supervisor.ask(MERGE_STATUS, op_id=op)).merges
    return found


async def close_with_merge(supervisor: Supervisor, thread: str, **merge: str) -> CloseResponse:
    return await supervisor.ask(CLOSE, thread_id=thread, note="Well done.", merge=CloseMerge(**merge))


async def thread_status(supervisor: Supervisor, thread: str) -> str | None:
    return (await supervisor.transcript(thread)).thread_status


# --- message and strategy ----------------------------------------------------------------------------------------


async def test_the_template_is_filled_in_and_the_thread_named(autojump_clock: MockClock) -> None:
    template = "{summary} [{strategy} of {source} into {target} for {thread}]"
    async with open_workshop(DEV, merge_message=template) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_own_file)
        posted = await supervisor.dispatch("dev", "work", thread_id="t1", summary="Add {thread} things")
        await supervisor.chain(posted)
        queued = await supervisor.merge("t1", strategy="squash")
        assert (await supervisor.wait_merge(queued.op_id)).status == "completed"
        made = shop.repo.commits[shop.repo.tips["main"]]
        said = "Add {thread} things [squash of compas/t1 into main for t1]"
        assert made.subject == f"{said}\n\nCompas-Thread: t1"
        assert len(made.parents) == 1


@pytest.mark.parametrize("strategy", ["squash", "rebase"])
async def test_work_that_was_squashed_or_replayed_counts_as_merged_until_more_is_added(
    autojump_clock: MockClock, strategy: str
) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_own_file)
        await work_in(supervisor, "t1")
        shop.repo.commit("main", "meanwhile", other_txt="theirs\n")
        merged = await supervisor.wait_merge((await supervisor.merge("t1", strategy=strategy)).op_id)
        assert merged.status == "completed"
        assert not shop.repo.contains(shop.repo.tips["main"], shop.repo.tips["compas/t1"])
        shop.repo.commit("compas/t1", "one more", more_txt="more\n")
        with pytest.raises(RequestFailed, match="no completed merge"):
            await supervisor.close("t1")
        await supervisor.wait_merge((await supervisor.merge("t1", strategy=strategy)).op_id)
        assert (await supervisor.close("t1")).status == "Completed"


# --- the check before publishing ---------------------------------------------------------------------------------


async def test_a_check_runs_on_the_very_commit_that_is_published(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV, repositories=checked("true")) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_own_file)
        await work_in(supervisor, "t1")
        queued = await supervisor.merge("t1")
        merged = await supervisor.wait_merge(queued.op_id)
        assert shop.git.verified == [merged.commit] == [shop.repo.tips["main"]]
        assert f"`true` passed on it (/state/merges/{queued.op_id}.log)" in (merged.result_summary or "")


async def test_a_check_that_fails_publishes_nothing(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV, repositories=checked("false")) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_own_file)
        await work_in(supervisor, "t1")
        old = shop.repo.tips["main"]
        queued = await supervisor.merge("t1")
        merged = await supervisor.wait_merge(queued.op_id)
        assert (merged.status, merged.error_code) == ("failed", "verify_failed")
        assert f"/state/merges/{queued.op_id}.log" in (merged.error_detail or "")
        assert shop.repo.tips["main"] == old
        assert "PublishMerge" not in shop.git.asked


async def test_a_check_that_hangs_fails_at_its_own_time_limit(autojump_clock: MockClock) -> None:
    settings = {"repositories": checked("true", 500), "merge_timeout_secs": 30}
    async with open_workshop(DEV, **settings) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_own_file)
        await work_in(supervisor, "t1", "t2")
        shop.git.held["VerifyMerge"] = [trio.Event()]
        slow, next_one = [await supervisor.merge(thread) for thread in ("t1", "t2")]
        merged = await supervisor.wait_merge(slow.op_id)
        assert (merged.status, merged.error_code) == ("failed", "verify_timed_out")
        assert trio.current_time() == 500
        assert (await supervisor.wait_merge(next_one.op_id)).status == "completed"


async def test_a_target_that_moved_during_the_check_is_merged_and_checked_anew(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV, repositories=checked("true")) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_own_file)
        await work_in(supervisor, "t1")
        held = trio.Event()
        shop.git.held["VerifyMerge"] = [held]
        queued = await supervisor.merge("t1")
        await wait_all_tasks_blocked()
        theirs = shop.repo.commit("main", "a person's own work", other_txt="theirs\n")
        held.set()
        merged = await supervisor.wait_merge(queued.op_id)
        assert merged.status == "completed"
        assert shop.repo.contains(shop.repo.tips["main"], theirs)
        assert len(shop.git.verified) == 2
        assert shop.git.verified[-1] == merged.commit == shop.repo.tips["main"]


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_check_whose_worker_is_lost_is_run_again(autojump_clock: MockClock, moment: str) -> None:
    async with open_workshop(DEV, repositories=checked("true")) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_own_file)
        await work_in(supervisor, "t1")
        shop.git.losses = {"VerifyMerge": [moment]}
        merged = await supervisor.wait_merge((await supervisor.merge("t1")).op_id)
        assert (merged.status, shop.git.losses) == ("completed", {"VerifyMerge": []})


# --- conflicts ---------------------------------------------------------------------------------------------------


async def conflict(shop: Workshop, supervisor: Supervisor, **fields: object) -> str:
    """Have t1 conflict with main, and return the merge that says so."""
    shop.plays("dev", write_readme)
    await work_in(supervisor, "t1")
    shop.repo.commit("main", "a person's own work", README="theirs\n")
    return (await supervisor.merge("t1", **fields)).op_id


async def test_a_conflict_that_is_handed_back_starts_its_agent_with_what_to_do(autojump_clock: MockClock) -> None:
    settings = repository(on_conflict="hand_back")
    async with open_workshop(DEV, repositories=settings) as shop, shop.supervisor() as supervisor:
        merged = await supervisor.wait_merge(await conflict(shop, supervisor))
        assert (merged.status, merged.error_code, merged.handed_back_to) == ("failed", "conflict", "dev")
        assert (merged.next_step or "").startswith("dev has it again: `compas wait --thread-id t1 --await-chain`")
        assert merged.conflict_task is None, "nobody is to tell the agent once more"
        answer = await supervisor.wait("t1", await_chain=True)
        assert (answer.sender, answer.body) == ("dev", "done")
        _, second = [one for one in (await supervisor.transcript("t1")).messages if one.sender == "dev"]
        assert answer.reference == second.reference, "and not what it had said before"
        assert (await state_of(supervisor, merged.op_id)).result_summary == "handed back to dev"
        told = (await supervisor.transcript("t1")).messages[-2]
        assert (told.sender, told.to, told.intent) == ("compas", "dev", "changes-requested")
        for part in ("README (contents)", "a person's own work", "git merge main", "compas/t1"):
            assert part in told.body


async def test_a_rebase_that_conflicts_names_its_commit_and_asks_for_a_rebase(autojump_clock: MockClock) -> None:
    settings = repository(on_conflict="hand_back")
    async with open_workshop(DEV, repositories=settings) as shop, shop.supervisor() as supervisor:
        op = await conflict(shop, supervisor, strategy="rebase")
        merged = await supervisor.wait_merge(op)
        picked = shop.repo.tips["compas/t1"]
        assert f"Rebase conflict in 1 file(s), at {picked[:10]} work" in (merged.error_detail or "")
        await shop.wait_settled(supervisor)
        assert any("git rebase main" in message.body for message in (await supervisor.transcript("t1")).messages)


@pytest.mark.parametrize("strategy", ["merge", "rebase"])
async def test_a_conflict_is_only_reported_unless_configured_otherwise(
    autojump_clock: MockClock, strategy: str
) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        merged = await supervisor.wait_merge(await conflict(shop, supervisor, strategy=strategy))
        assert len((await supervisor.transcript("t1")).messages) == 2
        assert f"git {strategy} main" in (merged.conflict_task or "")
        assert "resolve the conflicts in README" in (merged.conflict_task or "")


async def test_handing_back_ends_at_the_chains_limit_with_word_to_the_operator(autojump_clock: MockClock) -> None:
    bounded = agent("dev", workspace="worktree", to="operator", depth=2)
    settings = repository(on_conflict="hand_back")
    async with open_workshop(bounded, repositories=settings) as shop, shop.supervisor() as supervisor:
        op = await conflict(shop, supervisor)
        for _ in range(3):
            merged = await supervisor.wait_merge(op)
            assert merged.error_code == "conflict"
            await wait_all_tasks_blocked()
            await shop.wait_settled(supervisor)
            op = (await supervisor.merge("t1")).op_id
        handed = (await state_of(supervisor, merged.op_id)).result_summary
        assert handed == "not handed back: its chain of handoffs has reached its limit"
        said = (await supervisor.transcript("t1")).messages
        assert [one.to for one in said if one.intent == "changes-requested"] == ["dev", "dev"]
        assert any(one.intent == "review-request" and "limit of 2 handoffs" in one.body for one in said)
        await supervisor.wait_merge(op)


async def test_a_conflict_of_a_closed_thread_opens_it_again_and_of_one_without_agent_says_so(
    autojump_clock: MockClock,
) -> None:
    settings = repository(on_conflict="hand_back")
    async with open_workshop(DEV, repositories=settings) as shop:
        async with shop.supervisor() as supervisor:
            shop.plays("dev", write_readme)
            await work_in(supervisor, "t1")
            shop.repo.commit("main", "a person's own work", README="theirs\n")
            await supervisor.close("t1", "failed")
            await supervisor.wait_merge((await supervisor.merge("t1")).op_id)
            await wait_all_tasks_blocked()
            assert await thread_status(supervisor, "t1") == "Active"
            await shop.wait_settled(supervisor)
        del shop.config.agents["dev"]
        async with shop.supervisor() as supervisor:
            merged = await supervisor.wait_merge((await supervisor.merge("t1")).op_id)
            await wait_all_tasks_blocked()
            handed = (await state_of(supervisor, merged.op_id)).result_summary
            assert handed == "not handed back: there is no agent 'dev': the message is kept, and nothing will run"


# --- status and withdrawal ---------------------------------------------------------------------------------------


# proves: b-mcp-cli-merge 105
async def test_a_queued_merge_is_cancelled_once(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_own_file)
        await work_in(supervisor, "t1", "t2")
        held = trio.Event()
        shop.git.held["PrepareMerge"] = [held]
        first, second = [await supervisor.merge(thread) for thread in ("t1", "t2")]
        answer = await supervisor.ask(MERGE_CANCEL, "r1", op_id=second.op_id)
        assert (answer.cancelled, answer.status, answer.thread_id) == (True, "cancelled", "t2")
        assert await supervisor.ask(MERGE_CANCEL, "r1", op_id=second.op_id) == answer
        with pytest.raises(RequestFailed, match=f"{second.op_id} is cancelled already"):
            await supervisor.ask(MERGE_CANCEL, op_id=second.op_id)
        with pytest.raises(RequestFailed, match="there is no merge operation 'nothing'") as unknown:
            await supervisor.ask(MERGE_CANCEL, op_id="nothing")
        assert unknown.value.code == "unknown_merge"
        held.set()
        assert (await supervisor.wait_merge(first.op_id)).status == "completed"
        assert not shop.repo.contains(shop.repo.tips["main"], shop.repo.tips["compas/t2"])
        with pytest.raises(RequestFailed, match=f"{first.op_id} is completed already"):
            await supervisor.ask(MERGE_CANCEL, op_id=first.op_id)


@pytest.mark.parametrize("operation", ["PrepareMerge", "VerifyMerge"])
async def test_a_merge_at_work_is_cancelled_and_the_next_goes_on(autojump_clock: MockClock, operation: str) -> None:
    async with open_workshop(DEV, repositories=checked("true")) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_own_file)
        await work_in(supervisor, "t1", "t2")
        shop.git.held[operation] = [trio.Event()]
        first, second = [await supervisor.merge(thread) for thread in ("t1", "t2")]
        await wait_all_tasks_blocked()
        assert (await state_of(supervisor, first.op_id)).status == "executing"
        await supervisor.ask(MERGE_CANCEL, op_id=first.op_id, sender="olga")
        merged = await supervisor.wait_merge(first.op_id)
        assert (merged.status, merged.error_detail) == ("cancelled", "cancelled by olga")
        assert (await supervisor.wait_merge(second.op_id)).status == "completed"
        assert not shop.repo.contains(shop.repo.tips["main"], shop.repo.tips["compas/t1"])
        assert (await supervisor.merge("t1")).status == "queued"


async def test_a_merge_that_is_being_published_is_past_cancelling(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_own_file)
        await work_in(supervisor, "t1")
        held = trio.Event()
        shop.git.held["PublishMerge"] = [held]
        queued = await supervisor.merge("t1")
        await wait_all_tasks_blocked()
        with pytest.raises(RequestFailed, match="past cancelling") as refused:
            await supervisor.ask(MERGE_CANCEL, op_id=queued.op_id)
        assert refused.value.code == "past_cancelling"
        held.set()
        assert (await supervisor.wait_merge(queued.op_id)).status == "completed"


async def test_a_merge_whose_target_moved_can_be_cancelled_again(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_own_file)
        await work_in(supervisor, "t1")
        publish = trio.Event()
        shop.git.held["PublishMerge"] = [publish]
        queued = await supervisor.merge("t1")
        await wait_all_tasks_blocked()
        theirs = shop.repo.commit("main", "meanwhile", other_txt="theirs\n")
        shop.git.held["PrepareMerge"] = [trio.Event()]
        publish.set()
        await wait_all_tasks_blocked()
        assert (await state_of(supervisor, queued.op_id)).status == "executing"
        await supervisor.ask(MERGE_CANCEL, op_id=queued.op_id)
        assert (await supervisor.wait_merge(queued.op_id)).status == "cancelled"
        assert shop.repo.tips["main"] == theirs


async def test_the_status_of_merges_is_listed_and_counted(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_readme)
        shop.repo.tips["develop"] = shop.repo.tips["main"]
        await work_in(supervisor, "t1", "longer")
        for thread in ("t1", "longer"):
            await supervisor.wait_merge((await supervisor.merge(thread)).op_id)
        elsewhere = await supervisor.merge("t1", target_branch="develop")
        await supervisor.wait_merge(elsewhere.op_id)
        listed = await supervisor.ask(MERGE_STATUS)
        assert [(one.thread_id, one.target_branch, one.status) for one in listed.merges] == [
            ("t1", "develop", "completed"),
            ("longer", "main", "failed"),
            ("t1", "main", "completed"),
        ]
        assert listed.counts == {"completed": 2, "failed": 1}
        failed = listed.merges[1]
        assert (failed.error_code, failed.conflict_files) == ("conflict", ("README",))
        assert "compas merge longer" in failed.suggested_actions[0]
        onto_main = await supervisor.ask(MERGE_STATUS, target_branch="main", limit=1)
        assert ([one.thread_id for one in onto_main.merges], onto_main.counts) == (
            ["longer"],
            {"completed": 1, "failed": 1},
        )
        of_thread = await supervisor.ask(MERGE_STATUS, thread_id="t1")
        assert of_thread.counts == {"completed": 2}
        with pytest.raises(RequestFailed, match="no merge operation 'm0'"):
            await supervisor.ask(MERGE_STATUS, op_id="m0")


# --- a merge and the end of its thread as one --------------------------------------------------------------------


# proves: b-mcp-cli-merge 63
async def test_a_thread_is_closed_together_with_its_merge(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_own_file)
        await work_in(supervisor, "t1")
        held = trio.Event()
        shop.git.held["PrepareMerge"] = [held]
        answer = await close_with_merge(supervisor, "t1", strategy="squash")
        assert answer.merge_op_id is not None
        assert (answer.status, await thread_status(supervisor, "t1")) == ("Active", "Active")
        held.set()
        merged = await supervisor.wait_merge(answer.merge_op_id)
        assert (merged.status, await thread_status(supervisor, "t1")) == ("completed", "Completed")
        assert "the thread was closed as completed" in (merged.result_summary or "")
        last = (await supervisor.transcript("t1")).messages[-1]
        assert (last.intent, last.body, last.sender) == ("completion", "Well done.", "operator")


async def test_a_merge_that_fails_leaves_its_thread_open(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_readme)
        await work_in(supervisor, "t1")
        shop.repo.commit("main", "a person's own work", README="theirs\n")
        answer = await close_with_merge(supervisor, "t1")
        merged = await supervisor.wait_merge(answer.merge_op_id or "")
        assert (merged.status, await thread_status(supervisor, "t1")) == ("failed", "Active")


# proves: b-mcp-cli-merge 64
async def test_a_strategy_nobody_knows_is_refused_before_a_thread_is_closed(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_own_file)
        await work_in(supervisor, "t1")
        before = await shop.events()
        with pytest.raises(RequestFailed, match="'yolo' is no merge strategy"):
            await close_with_merge(supervisor, "t1", strategy="yolo")
        assert await shop.events() == before


async def test_a_thread_that_got_work_while_its_merge_ran_is_not_closed_under_it(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", write_own_file)
        await work_in(supervisor, "t1")
        held = trio.Event()
        shop.git.held["PublishMerge"] = [held]
        answer = await close_with_merge(supervisor, "t1")
        await wait_all_tasks_blocked()

        async def linger(turn: Turn) -> None:
            await trio.sleep(600)
            await turn.reply("done")

        shop.plays("dev", linger)
        await supervisor.dispatch("dev", "more", thread_id="t1")
        await wait_all_tasks_blocked()
        held.set()
        merged = await supervisor.wait_merge(answer.merge_op_id or "")
        assert merged.status == "completed"
        assert "the thread was not closed: thread t1 still has work running" in (merged.result_summary or "")
        with pytest.raises(RequestFailed, match="still has work running"):
            await close_with_merge(supervisor, "t1")


async def test_a_thread_without_a_worktree_is_closed_at_once(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev")) as shop, shop.supervisor() as supervisor:
        await work_in(supervisor, "t1")
        answer = await close_with_merge(supervisor, "t1")
        assert (answer.status, answer.merge_op_id) == ("Completed", None)


STEPS = (e.MergeQueued, e.MergeStarted, e.MergePrepared, e.ThreadClosed, e.MergeCompleted)


@pytest.mark.parametrize("victim", ["merge", "thread", "root"])
@pytest.mark.parametrize("kind", STEPS, ids=lambda kind: kind.__name__)
async def test_whoever_is_killed_a_thread_is_closed_once_with_its_merge(
    autojump_clock: MockClock, kind: type[e.Event], victim: str
) -> None:
    struck = []
    async with open_workshop(DEV) as shop:
        async with shop.supervisor() as supervisor:
            shop.plays("dev", write_own_file)
            await work_in(supervisor, "t1")

            def strike(recorded: e.Recorded) -> None:
                name = {"merge": merge_name(REPO, "main"), "thread": thread_name("t1"), "root": "root"}[victim]
                if not struck:
                    struck.append(name)
                    (supervisor.system.root if name == "root" else supervisor.actor(name)).kill()

            async with supervisor.when(kind, strike):
                with trio.move_on_after(100):
                    with contextlib.suppress(RequestFailed):
                        await supervisor.ask(CLOSE, "r1", thread_id="t1", merge=CloseMerge())
                    await wait_all_tasks_blocked()
        assert struck
        async with shop.supervisor() as supervisor:
            answer = await supervisor.insist(CLOSE, "r1", thread_id="t1", merge=CloseMerge())
            assert (await supervisor.wait_merge(answer.merge_op_id or "")).status == "completed"
            assert await thread_status(supervisor, "t1") == "Completed"
        kinds = [type(event) for event in await shop.events()]
        assert (kinds.count(e.MergeQueued), kinds.count(e.MergeCompleted), kinds.count(e.ThreadClosed)) == (1, 1, 1)


HAND_BACK = (e.MergeStarted, e.MergeFailed, e.ExecutionQueued, e.MergeHandedBack)


@pytest.mark.parametrize("victim", ["merge", "thread", "root"])
@pytest.mark.parametrize("kind", HAND_BACK, ids=lambda kind: kind.__name__)
async def test_whoever_is_killed_a_conflict_is_handed_back_once(
    autojump_clock: MockClock, kind: type[e.Event], victim: str
) -> None:
    struck: list[str] = []
    bounded = HandoffSpec(targets=("operator",))
    dev = agent("dev", workspace="worktree", handoff=bounded)
    async with open_workshop(dev, repositories=repository(on_conflict="hand_back")) as shop:
        async with shop.supervisor() as supervisor:
            shop.plays("dev", write_readme)
            await work_in(supervisor, "t1")
            shop.repo.commit("main", "a person's own work", README="theirs\n")

            def strike(recorded: e.Recorded) -> None:
                name = {"merge": merge_name(REPO, "main"), "thread": thread_name("t1"), "root": "root"}[victim]
                if not struck:
                    struck.append(name)
                    (supervisor.system.root if name == "root" else supervisor.actor(name)).kill()

            async with supervisor.when(kind, strike):
                with trio.move_on_after(100):
                    with contextlib.suppress(RequestFailed):
                        await supervisor.merge("t1")
                    await wait_all_tasks_blocked()
                    await trio.sleep(50)
        assert struck
        async with shop.supervisor() as supervisor:
            (merge,) = (await supervisor.ask(MERGE_STATUS)).merges
            assert (await supervisor.wait_merge(merge.op_id)).error_code == "conflict"
            await wait_all_tasks_blocked()
            await shop.wait_settled(supervisor)
            said = (await supervisor.transcript("t1")).messages
            assert [one.to for one in said if one.intent == "changes-requested"] == ["dev"]
            assert (await state_of(supervisor, merge.op_id)).result_summary == "handed back to dev"
        before, after = await shop.tables_and_rebuilt_tables()
        assert before == after
