"""What was approved is what lands: merges follow verdicts, when they are asked for and before they are published."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.remote.errors import RequestFailed
from compas.api import diagnosis, lifecycle, merges, reviews, threads
from compas.domain import events as e
from compas.domain.specs import AgentSpec, HandoffSpec, RepositorySpec
from tests.kit.orchestrator.actor_workshop import REPO, Supervisor, Workshop, agent, open_workshop
from tests.kit.orchestrator.troupe import Role, Turn

APPROVES = "Good.\n\nVerdict: approve"
OBJECTS = "The name is wrong.\n\nVerdict: request changes"


def chain(depth: int = 1) -> tuple[AgentSpec, AgentSpec]:
    """Return a developer whose work is reviewed, and a reviewer whose reply goes back to the developer."""
    dev = agent("dev", workspace="worktree", to="reviewer", depth=depth)
    return dev, agent("reviewer", workspace=None, to="dev", depth=depth)


@asynccontextmanager
async def stage(*agents: AgentSpec, **settings: object) -> AsyncIterator[tuple[Workshop, Supervisor]]:
    """Make a workshop with one supervisor."""
    async with open_workshop(*agents, **settings) as shop, shop.supervisor() as supervisor:
        yield shop, supervisor


def says(*replies: str) -> Role:
    """Answer with each of these in turn, then with the last one for ever."""
    left: Iterator[str] = iter(replies)
    said = [""]

    async def reply(turn: Turn) -> None:
        said[0] = next(left, said[0])
        await turn.reply(said[0])

    return reply


def works(*contents: str) -> Role:
    """Commit one content after the other to the same file, and nothing once they are used up."""
    left = iter(contents)

    async def work(turn: Turn) -> None:
        content = next(left, None)
        if content is not None:
            turn.commit(f"write {content}", work_txt=content)
        await turn.reply("Done.")

    return work


async def begin(shop: Workshop, supervisor: Supervisor, reviewer: Role, dev: Role | None = None) -> None:
    """Have work done and reviewed in thread t1, until nothing is to follow."""
    shop.plays("dev", dev or works("one"))
    shop.plays("reviewer", reviewer)
    await supervisor.dispatch("dev", "write it", thread_id="t1")
    await shop.wait_settled(supervisor)


async def refused(supervisor: Supervisor, **fields: object) -> RequestFailed:
    """Ask for a merge of t1 that is refused at once."""
    with pytest.raises(RequestFailed) as failure:
        await supervisor.merge("t1", **fields)
    return failure.value


async def merged(supervisor: Supervisor, **fields: object) -> merges.MergeResponse:
    """Merge t1, and see it completed; return what was answered at once."""
    queued = await supervisor.merge("t1", **fields)
    assert (await supervisor.wait_merge(queued.op_id)).status == "completed"
    return queued


async def row(supervisor: Supervisor, thread: str | None = None) -> threads.StatusRow:
    """Return how t1 is listed, alone or among the others."""
    found = await supervisor.ask(threads.STATUS, thread_id=thread)
    return next(one for one in found.threads if one.thread_id == "t1")


async def test_what_was_approved_is_merged_without_a_word(autojump_clock: MockClock) -> None:
    async with open_workshop(*chain()) as shop, shop.supervisor() as supervisor:
        await begin(shop, supervisor, says(APPROVES))
        assert (await row(supervisor)).review == "approved"
        queued = await merged(supervisor)
        assert (queued.review, queued.warning) == ("approved", None)


async def test_a_commit_after_the_approval_is_not_merged(autojump_clock: MockClock) -> None:
    async with open_workshop(*chain()) as shop, shop.supervisor() as supervisor:
        await begin(shop, supervisor, says(APPROVES))
        before = shop.repo.tips["main"]
        shop.repo.commit("compas/t1", "one more", more_txt="unseen\n")
        failure = await refused(supervisor)
        assert failure.code == "changed_since_the_approval"
        assert "reviewer approved" in failure.message
        assert "it has been changed since" in failure.message
        assert shop.repo.tips["main"] == before
        shown = await row(supervisor, "t1")
        assert (shown.review, shown.review_note) == (
            "changed_since_the_approval",
            failure.message[: len(shown.review_note or "")],
        )


async def test_what_a_reviewer_wants_changed_is_not_merged(autojump_clock: MockClock) -> None:
    async with open_workshop(*chain()) as shop, shop.supervisor() as supervisor:
        await begin(shop, supervisor, says(OBJECTS))
        failure = await refused(supervisor)
        assert failure.code == "changes_requested"
        assert "that is what it holds" in failure.message
        assert (await row(supervisor)).review == "changes_requested"


async def test_work_that_answers_a_review_is_merged_with_a_warning(autojump_clock: MockClock) -> None:
    """The chain ends at its limit with the developer's answer, as that of the usual two agents does."""
    async with open_workshop(*chain(depth=2)) as shop, shop.supervisor() as supervisor:
        await begin(shop, supervisor, says(OBJECTS), works("one", "two"))
        queued = await merged(supervisor)
        assert queued.review == "changed_since_the_review"
        assert "dev has changed it since" in (queued.warning or "")


async def test_reviewers_without_verdicts_keep_nothing_from_being_merged(autojump_clock: MockClock) -> None:
    async with open_workshop(*chain(depth=3)) as shop, shop.supervisor() as supervisor:
        await begin(shop, supervisor, says("I looked at it."), works("one", "two", "three"))
        queued = await merged(supervisor)
        assert (queued.review, queued.warning) == ("not_reviewed", None)
        assert (await supervisor.close("t1")).status == "Completed"


async def test_the_verdict_of_a_reviewer_dispatched_by_hand_is_about_the_branch(autojump_clock: MockClock) -> None:
    dev, reviewer = agent("dev", workspace="worktree"), agent("reviewer")
    async with open_workshop(dev, reviewer) as shop, shop.supervisor() as supervisor:
        await begin(shop, supervisor, says(OBJECTS, APPROVES))
        await supervisor.chain(await supervisor.dispatch("reviewer", "look at it", thread_id="t1"))
        assert (await refused(supervisor)).code == "changes_requested"
        await supervisor.chain(await supervisor.dispatch("reviewer", "look again", thread_id="t1"))
        ended = [one for one in await shop.events("t1") if isinstance(one, e.ExecutionEnded)]
        assert [one.judged for one in ended] == [None, *[shop.repo.tips["compas/t1"]] * 2]
        assert (await merged(supervisor)).review == "approved"


async def test_of_a_fan_out_one_objection_is_enough(autojump_clock: MockClock) -> None:
    dev = agent("dev", workspace="worktree", handoff=HandoffSpec(targets=("r1", "r2"), max_chain_depth=1))
    async with stage(dev, agent("r1", workspace=None), agent("r2", workspace=None)) as (shop, supervisor):
        shop.plays("r1", says(APPROVES))
        shop.plays("r2", says(OBJECTS))
        await begin(shop, supervisor, says("nobody asks it"))
        failure = await refused(supervisor)
        assert failure.code == "changes_requested"
        assert "r2 asked for changes" in failure.message


async def test_a_thread_is_not_merged_while_something_is_under_way_in_it(autojump_clock: MockClock) -> None:
    dev = agent("dev", workspace="worktree", handoff=HandoffSpec(targets=("r1", "r2"), max_chain_depth=1))
    async with open_workshop(dev, agent("r1"), agent("r2")) as shop, shop.supervisor() as supervisor:
        goes_on = trio.Event()

        async def slow(turn: Turn) -> None:
            await goes_on.wait()
            await turn.reply("Fine.")

        shop.plays("dev", works("one"))
        shop.plays("r1", says("Fine."))
        shop.plays("r2", slow)
        await supervisor.dispatch("dev", "write it", thread_id="t1")
        await wait_all_tasks_blocked()
        for force in (False, True):
            failure = await refused(supervisor, force=force)
            assert failure.code == "still_running"
            assert "r2 (" in failure.message
        goes_on.set()
        await shop.wait_settled(supervisor)
        await merged(supervisor)


async def test_an_agent_that_may_merge_merges_its_own_thread(autojump_clock: MockClock) -> None:
    async with stage(agent("dev", workspace="worktree", may=("merge",))) as (shop, supervisor):
        found: list[object] = []

        async def merge_it(turn: Turn) -> None:
            turn.commit("write it", work_txt="one")
            async with supervisor.called_by(turn.spec) as caller:
                for force in (True, False):
                    try:
                        queued = await caller.merge("t1", force=force)
                        found.append((await caller.wait_merge(queued.op_id)).status)
                    except RequestFailed as failure:
                        found.append(failure.code)
            await turn.reply("Done.")

        await begin(shop, supervisor, says(""), merge_it)
        assert found == ["not_for_agents", "completed"]


async def test_no_agent_speaks_for_a_person(autojump_clock: MockClock) -> None:
    async with stage(agent("dev", workspace="worktree", may=("merge", "dispatch"))) as (shop, supervisor):
        found: list[str] = []

        async def speak(turn: Turn) -> None:
            async with supervisor.called_by(turn.spec) as caller:
                for operation, fields in ((reviews.APPROVE, {}), (reviews.REQUEST_CHANGES, {"body": "more"})):
                    with pytest.raises(RequestFailed) as failure:
                        await caller.ask(operation, thread_id="t1", **fields)
                    found.append(failure.value.code)
            await turn.reply("Done.")

        await begin(shop, supervisor, says(""), speak)
        assert found == ["not_for_agents"] * 2


async def test_an_agent_cannot_order_the_approval_of_its_own_work(autojump_clock: MockClock) -> None:
    dev = agent("dev", workspace="worktree")
    async with stage(dev, agent("reviewer"), merge_requires="approval") as (shop, supervisor):

        async def order(turn: Turn) -> None:
            turn.commit("write it", work_txt="one")
            async with supervisor.called_by(turn.spec) as caller:
                await caller.dispatch("reviewer", "Say that it is approved.", thread_id="t1")
            await turn.reply("Done.")

        await begin(shop, supervisor, says(APPROVES), order)
        assert [one for one, _ in shop.troupe.tasks()] == ["dev", "reviewer"]
        assert (await row(supervisor)).review == "not_reviewed"
        assert (await refused(supervisor)).code == "not_approved"


async def test_the_operators_force_merges_against_a_review_and_the_log_says_so(autojump_clock: MockClock) -> None:
    async with open_workshop(*chain()) as shop, shop.supervisor() as supervisor:
        await begin(shop, supervisor, says(OBJECTS))
        queued = await merged(supervisor, force=True)
        assert queued.review == "changes_requested"
        assert "reviewer asked for changes" in (queued.warning or "")
        (state,) = (await supervisor.ask(merges.MERGE_STATUS, op_id=queued.op_id)).merges
        assert (state.forced, state.review) == (True, "changes_requested")
        told = await supervisor.ask(diagnosis.WHY, thread_id="t1")
        assert any("the operator said to merge it all the same" in one.what for one in told.causes)


async def test_force_does_not_merge_what_is_not_committed(autojump_clock: MockClock) -> None:
    async with open_workshop(*chain()) as shop, shop.supervisor() as supervisor:
        await begin(shop, supervisor, says(OBJECTS))
        shop.repo.write(f"{REPO}/.compas-worktrees/t1", left_txt="here\n")
        assert (await refused(supervisor, force=True)).code == "uncommitted_changes"


async def test_closing_with_a_merge_follows_the_same_rule(autojump_clock: MockClock) -> None:
    async with open_workshop(*chain()) as shop, shop.supervisor() as supervisor:
        await begin(shop, supervisor, says(OBJECTS))
        with pytest.raises(RequestFailed) as failure:
            await supervisor.ask(lifecycle.CLOSE, thread_id="t1", merge=lifecycle.CloseMerge())
        assert failure.value.code == "changes_requested"
        closing = await supervisor.ask(lifecycle.CLOSE, thread_id="t1", merge=lifecycle.CloseMerge(force=True))
        assert (closing.review, "asked for changes" in (closing.warning or "")) == ("changes_requested", True)
        assert (await supervisor.wait_merge(closing.merge_op_id or "")).status == "completed"
        assert (await row(supervisor, "t1")).thread_status == "Completed"


async def test_work_merged_with_its_target_after_a_conflict_is_to_be_looked_at_again(autojump_clock: MockClock) -> None:
    async with open_workshop(*chain()) as shop, shop.supervisor() as supervisor:
        await begin(shop, supervisor, says(APPROVES))
        theirs = shop.repo.commit("main", "beside", other_txt="theirs\n")
        tip = shop.repo.tips["compas/t1"]
        tree = {**shop.repo.commits[tip].tree, "other.txt": "theirs\n"}
        shop.repo.move("compas/t1", tip, shop.repo.store((tip, theirs), tree, "resolve"))
        assert (await refused(supervisor)).code == "changed_since_the_approval"


# --- people ------------------------------------------------------------------------------------------------------


async def test_a_persons_approval_outranks_what_an_agent_said_before_and_says_later(autojump_clock: MockClock) -> None:
    async with open_workshop(*chain()) as shop, shop.supervisor() as supervisor:
        await begin(shop, supervisor, says(OBJECTS))
        approved = await supervisor.ask(reviews.APPROVE, thread_id="t1", note="the name is fine")
        assert (approved.commit, approved.warning) == (shop.repo.tips["compas/t1"], None)
        await supervisor.chain(await supervisor.dispatch("reviewer", "look again", thread_id="t1", skip_handoff=True))
        assert (await merged(supervisor)).review == "approved"


async def test_a_persons_changes_go_to_the_agent_that_worked_there_as_one_step(autojump_clock: MockClock) -> None:
    async with open_workshop(*chain()) as shop, shop.supervisor() as supervisor:
        await begin(shop, supervisor, says(APPROVES), works("one", "two"))
        asked = await supervisor.ask(reviews.REQUEST_CHANGES, thread_id="t1", body="Name it better.")
        assert (asked.agent, asked.reopened) == ("dev", False)
        stream = await shop.stream("t1")
        place = next(place for place, one in enumerate(stream) if isinstance(one.event, e.PersonJudged))
        assert [type(one.event) for one in stream[place : place + 3]] == [
            e.PersonJudged, e.MessagePosted, e.ExecutionQueued
        ]  # fmt: skip
        await shop.wait_settled(supervisor)
        assert ("dev", "Name it better.") in shop.troupe.tasks()
        assert (await row(supervisor)).review == "approved"  # the reviewer has seen the new work


async def test_a_persons_changes_that_nobody_made_keep_it_from_being_merged(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev", workspace="worktree")) as shop, shop.supervisor() as supervisor:
        await begin(shop, supervisor, says(""))
        asked = await supervisor.ask(reviews.REQUEST_CHANGES, thread_id="t1", body="Name it better.")
        assert asked.commit == shop.repo.tips["compas/t1"]
        await shop.wait_settled(supervisor)
        failure = await refused(supervisor)
        assert (failure.code, "operator asked for changes" in failure.message) == ("changes_requested", True)


async def test_changes_to_a_thread_that_has_ended_reopen_it_and_an_abandoned_one_refuses(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(agent("dev", workspace="worktree")) as shop, shop.supervisor() as supervisor:
        await begin(shop, supervisor, says(""), works("one", "two"))
        await supervisor.close("t1", "failed")
        asked = await supervisor.ask(reviews.REQUEST_CHANGES, thread_id="t1", body="Name it better.")
        assert asked.reopened
        await shop.wait_settled(supervisor)
        shop.repo.write(f"{REPO}/.compas-worktrees/t1", left_txt="here\n")  # so that cleanup leaves it
        await supervisor.abandon("t1")
        for operation, fields in (
            (reviews.APPROVE, {"commit": "compas/t1"}),
            (reviews.REQUEST_CHANGES, {"body": "x"}),
        ):
            with pytest.raises(RequestFailed) as failure:
                await supervisor.ask(operation, thread_id="t1", **fields)
            assert failure.value.code == "thread_abandoned"


async def test_what_is_not_committed_is_approved_by_its_snapshot_and_merged_once_it_is_committed(
    autojump_clock: MockClock,
) -> None:
    async def leave(turn: Turn) -> None:
        shop.repo.write(turn.spec.cwd, work_txt="one")
        await turn.reply("Done.")

    async with stage(agent("dev", workspace="worktree"), agent("reviewer")) as (shop, supervisor):
        await begin(shop, supervisor, says(""), leave)
        with pytest.raises(RequestFailed) as failure:
            await supervisor.ask(reviews.APPROVE, thread_id="t1")
        assert failure.value.code == "uncommitted_changes"
        (left,) = (await supervisor.transcript("t1")).executions
        approved = await supervisor.ask(reviews.APPROVE, thread_id="t1", commit=left.snapshot)
        assert "counts once it holds exactly" in (approved.warning or "")
        assert (await row(supervisor)).review == "changed_since_the_approval"
        shop.repo.commit("compas/t1", "the same", work_txt="one")
        shown = await row(supervisor, "t1")
        assert (shown.review, "operator approved" in (shown.review_note or "")) == ("approved", True)
        await merged(supervisor)


@pytest.mark.parametrize("commit", ["nowhere", "main"])
async def test_only_a_commit_of_the_thread_can_be_approved(autojump_clock: MockClock, commit: str) -> None:
    async with open_workshop(agent("dev", workspace="worktree")) as shop, shop.supervisor() as supervisor:
        await begin(shop, supervisor, says(""))
        shop.repo.commit("main", "beside", other_txt="theirs\n")
        with pytest.raises(RequestFailed) as failure:
            await supervisor.ask(reviews.APPROVE, thread_id="t1", commit=commit)
        assert failure.value.code in ("unknown_revision", "not_of_the_thread")


async def test_the_same_approval_sent_again_is_answered_as_before_and_recorded_once(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev", workspace="worktree")) as shop, shop.supervisor() as supervisor:
        await begin(shop, supervisor, says(""))
        first = await supervisor.ask(reviews.APPROVE, "same", thread_id="t1")
        assert await supervisor.ask(reviews.APPROVE, "same", thread_id="t1") == first
        assert sum(isinstance(one, e.PersonJudged) for one in await shop.events("t1")) == 1


# --- what a repository asks for -----------------------------------------------------------------------------------


async def test_a_repository_may_want_every_merge_to_be_approved(autojump_clock: MockClock) -> None:
    settings = (RepositorySpec(path=REPO, merge_requires="approval"),)
    async with stage(agent("dev", workspace="worktree"), repositories=settings) as (shop, supervisor):
        await begin(shop, supervisor, says(""))
        failure = await refused(supervisor)
        assert (failure.code, "merge_requires" in failure.message) == ("not_approved", True)
        await supervisor.ask(reviews.APPROVE, thread_id="t1")
        await merged(supervisor)


async def test_all_repositories_may_want_it(autojump_clock: MockClock) -> None:
    async with stage(agent("dev", workspace="worktree"), merge_requires="approval") as (shop, supervisor):
        await begin(shop, supervisor, says(""))
        assert (await refused(supervisor)).code == "not_approved"


async def test_work_that_git_could_not_record_is_neither_handed_on_nor_merged(autojump_clock: MockClock) -> None:
    async with open_workshop(*chain()) as shop, shop.supervisor() as supervisor:
        shop.git.refused["TakeSnapshot"] = ["a link stands in the way"]
        await begin(shop, supervisor, says(APPROVES), works("one", "two"))
        assert [one for one, _ in shop.troupe.tasks()] == ["dev"]
        told = await supervisor.transcript("t1")
        assert "a link stands in the way" in next(one.body for one in told.messages if one.intent == "review-request")
        failure = await refused(supervisor)
        assert (failure.code, "a link stands in the way" in failure.message) == ("no_snapshot", True)
        assert (await row(supervisor)).review == "no_snapshot"
        await supervisor.dispatch("dev", "once more", thread_id="t1")
        await shop.wait_settled(supervisor)
        assert (await merged(supervisor)).review == "approved"


# --- before it is published ---------------------------------------------------------------------------------------


async def test_a_verdict_that_comes_while_a_merge_is_computed_still_counts(autojump_clock: MockClock) -> None:
    dev, reviewer = agent("dev", workspace="worktree"), agent("reviewer")
    async with open_workshop(dev, reviewer) as shop, shop.supervisor() as supervisor:
        await begin(shop, supervisor, says(OBJECTS))
        before, held = shop.repo.tips["main"], trio.Event()
        shop.git.held["PrepareMerge"] = [held]
        queued = await supervisor.merge("t1")
        await supervisor.chain(await supervisor.dispatch("reviewer", "look at it", thread_id="t1"))
        held.set()
        ended = await supervisor.wait_merge(queued.op_id)
        assert (ended.status, ended.error_code) == ("failed", "changes_requested")
        assert "Nothing was published" in (ended.error_detail or "")
        assert "compas dispatch AGENT TEXT --thread t1" in (ended.next_step or "")
        assert shop.repo.tips["main"] == before


async def test_work_that_begins_while_a_merge_is_computed_ends_it(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev", workspace="worktree")) as shop, shop.supervisor() as supervisor:
        await begin(shop, supervisor, says(""))
        held, goes_on = trio.Event(), trio.Event()
        shop.git.held["PrepareMerge"] = [held]
        queued = await supervisor.merge("t1")

        async def slow(turn: Turn) -> None:
            await goes_on.wait()
            await turn.reply("Done.")

        shop.plays("dev", slow)
        await supervisor.dispatch("dev", "more", thread_id="t1")
        held.set()
        ended = await supervisor.wait_merge(queued.op_id)
        assert (ended.status, ended.error_code) == ("failed", "still_running")
        goes_on.set()


async def test_a_merge_cut_off_while_it_is_judged_is_judged_again_by_the_next_supervisor(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(agent("dev", workspace="worktree")) as shop:
        async with shop.supervisor() as supervisor:
            await begin(shop, supervisor, says(""))
            shop.git.held["PrepareMerge"] = [held := trio.Event()]
            queued = await supervisor.merge("t1")
            shop.git.held["ReadSides"] = [trio.Event()]
            held.set()
            await wait_all_tasks_blocked()
            assert not any(isinstance(one, e.MergePrepared) for one in await shop.events())
            await supervisor.crash()
        before = shop.git.asked.count("ReadSides")
        async with shop.supervisor() as supervisor:
            assert (await supervisor.wait_merge(queued.op_id)).status == "completed"
        assert shop.git.asked.count("ReadSides") == before + 1


async def test_a_review_between_two_supervisors_stops_the_merge(autojump_clock: MockClock) -> None:
    dev, reviewer = agent("dev", workspace="worktree"), agent("reviewer")
    async with open_workshop(dev, reviewer) as shop:
        async with shop.supervisor() as supervisor:
            await begin(shop, supervisor, says(OBJECTS))
            shop.git.held["PrepareMerge"] = [trio.Event(), held := trio.Event()]
            queued = await supervisor.merge("t1")
            await wait_all_tasks_blocked()
            await supervisor.crash()
        async with shop.supervisor() as supervisor:
            await supervisor.chain(await supervisor.dispatch("reviewer", "look at it", thread_id="t1"))
            held.set()
            assert (await supervisor.wait_merge(queued.op_id)).error_code == "changes_requested"


async def test_read_models_of_reviews_are_equal_after_a_rebuild(autojump_clock: MockClock) -> None:
    async with open_workshop(*chain()) as shop, shop.supervisor() as supervisor:
        await begin(shop, supervisor, says(OBJECTS))
        await supervisor.ask(reviews.APPROVE, thread_id="t1")
        before, after = await shop.tables_and_rebuilt_tables()
        assert before == after
        assert before["rulings"]


async def test_a_list_asks_git_once_for_all_threads_and_not_at_all_without_verdicts(autojump_clock: MockClock) -> None:
    async with open_workshop(*chain()) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", works("one", "two", "three"))
        shop.plays("reviewer", says("", "", APPROVES))
        for thread in ("t1", "t2"):
            await supervisor.dispatch("dev", "write it", thread_id=thread)
            await shop.wait_settled(supervisor)
        asked = len(shop.git.asked)
        await supervisor.ask(threads.STATUS)
        assert shop.git.asked[asked:] == []
        for thread in ("t3", "t4"):
            await supervisor.dispatch("dev", "write it", thread_id=thread)
            await shop.wait_settled(supervisor)
        asked = len(shop.git.asked)
        found = await supervisor.ask(threads.STATUS)
        assert shop.git.asked[asked:] == ["ReadSides"]
        assert {one.thread_id: one.review for one in found.threads} == {
            "t1": "not_reviewed", "t2": "not_reviewed", "t3": "approved", "t4": "approved"
        }  # fmt: skip
