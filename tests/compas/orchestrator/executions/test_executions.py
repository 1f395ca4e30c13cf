"""Executions: launched at most once, adopted, stopped, lost, and ended with what they left in their worktree."""

import pytest
import trio
from trio.testing import MockClock

from actors.remote.errors import RequestFailed
from compas.domain import events as e
from compas.orchestrator.services import execution_name, thread_name
from tests.kit.orchestrator.actor_workshop import REPO, Supervisor, Workshop, agent, open_workshop
from tests.kit.orchestrator.troupe import Turn


async def hang(turn: Turn) -> None:
    await turn.say("thinking")
    await trio.sleep_forever()


async def wait_running(shop: Workshop, supervisor: Supervisor) -> str:
    """Wait until an agent runs and the log says so; return its execution."""
    async with supervisor.system.bus.subscribe() as events:
        while True:
            started = [one for one in await shop.events() if isinstance(one, e.ExecutionStarted)]
            if started:
                return started[-1].execution
            await events.receive()


def ended(events: tuple[e.Event, ...]) -> list[e.ExecutionEnded]:
    return [one for one in events if isinstance(one, e.ExecutionEnded)]


async def test_an_execution_is_logged_in_the_order_of_intent_and_outcome(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev", workspace="worktree")) as shop, shop.supervisor() as supervisor:
        answer = await supervisor.chain(await supervisor.dispatch("dev", "work"))
        assert answer.body == "dev did: work"
        assert [type(one) for one in await shop.events()] == [
            e.ThreadOpened,
            e.MessagePosted,
            e.ExecutionQueued,
            e.WorktreePlanned,
            e.WorktreeReady,
            e.WorktreeFurnished,
            e.ExecutionRequested,
            e.ExecutionStarted,
            e.ExecutionEnded,
            e.MessagePosted,
        ]


async def test_a_conversation_is_gone_on_with(autojump_clock: MockClock) -> None:
    seen: list[str | None] = []

    async def talk(turn: Turn) -> None:
        seen.append(turn.session)
        await turn.open_session("s1")
        await turn.reply("said")

    async with open_workshop() as shop, shop.supervisor() as supervisor:
        shop.plays("dev", talk)
        for body in ("one", "two"):
            await supervisor.chain(await supervisor.dispatch("dev", body, thread_id="t1"))
        assert seen == [None, "s1"]


async def test_a_running_agent_is_adopted_by_the_next_supervisor(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop:
        async with shop.supervisor() as supervisor:
            posted = await supervisor.dispatch("dev", "60 seconds of work")
            await wait_running(shop, supervisor)
            await supervisor.crash()
        async with shop.supervisor() as supervisor:
            answer = await supervisor.chain(posted)
        assert answer.body == "dev did: 60 seconds of work"
        assert trio.current_time() == 60
        assert len(shop.troupe.turns) == 1


async def test_an_agent_that_ended_while_nobody_was_there_is_recorded(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop:
        async with shop.supervisor() as supervisor:
            posted = await supervisor.dispatch("dev", "60 seconds of work")
            await wait_running(shop, supervisor)
            await supervisor.crash()
        await trio.sleep(600)
        assert shop.runners.running() == {}
        async with shop.supervisor() as supervisor:
            assert (await supervisor.chain(posted)).found
        (recorded,) = ended(await shop.events())
        assert (recorded.status, recorded.process.duration_secs) == ("completed", 60)


async def test_an_orderly_end_leaves_agents_running(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop:
        async with shop.supervisor() as supervisor:
            posted = await supervisor.dispatch("dev", "60 seconds of work")
            execution = await wait_running(shop, supervisor)
        assert list(shop.runners.running()) == [execution]
        async with shop.supervisor() as supervisor:
            assert (await supervisor.chain(posted)).found
        assert shop.runners.starts == {execution: 1}


@pytest.mark.parametrize("failure", ["before", "after"])
async def test_a_launch_that_may_have_failed_is_looked_into(autojump_clock: MockClock, failure: str) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        shop.runners.launch_failures = [failure, failure]
        answer = await supervisor.chain(await supervisor.dispatch("dev", "work"))
        assert answer.found
        assert set(shop.runners.starts.values()) == {1}


async def test_an_execution_that_cannot_be_launched_fails_in_words(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        shop.runners.launch_failures = ["before"] * 1000
        posted = [await supervisor.dispatch("dev", "work", thread_id=f"t{n}") for n in range(4)]
        answers = [await supervisor.wait(one.thread_id, intent="error") for one in posted]
        assert all("the fork server ended before it said how it went" in (one.body or "") for one in answers)
        assert shop.troupe.turns == []
        shop.runners.launch_failures.clear()
        assert (await supervisor.chain(await supervisor.dispatch("dev", "again", thread_id="t0"))).found


async def test_an_agent_whose_runner_died_is_started_again_as_a_new_attempt(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        posted = await supervisor.dispatch("dev", "60 seconds of work")
        shop.runners.kill_runner(await wait_running(shop, supervisor))
        assert (await supervisor.chain(posted)).found
        assert [one.status for one in ended(await shop.events())] == ["crashed", "completed"]


async def test_after_a_reboot_lost_agents_are_started_again(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop:
        async with shop.supervisor() as supervisor:
            posted = await supervisor.dispatch("dev", "60 seconds of work")
            await wait_running(shop, supervisor)
            await supervisor.crash()
        shop.runners.reboot()
        async with shop.supervisor() as supervisor:
            assert (await supervisor.chain(posted)).found
        first, second = ended(await shop.events())
        assert (first.status, first.process.kind, second.status) == ("crashed", "rebooted", "completed")


async def test_on_crash_fail_says_that_the_execution_was_lost(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev", on_crash="fail")) as shop, shop.supervisor() as supervisor:
        posted = await supervisor.dispatch("dev", "60 seconds of work")
        shop.runners.kill_runner(await wait_running(shop, supervisor))
        answer = await supervisor.chain(posted)
        assert (answer.intent, answer.thread_status) == ("error", "Failed")
        assert "the runner died" in (answer.body or "")


async def test_an_agent_is_ended_at_its_deadline(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev", timeout_secs=30, max_retries=3)) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", hang)
        answer = await supervisor.chain(await supervisor.dispatch("dev", "work"))
        assert answer.intent == "error"
        assert trio.current_time() == 30
        assert [one.status for one in ended(await shop.events())] == ["timed_out"]


async def test_abandoning_ends_the_agent_at_once(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        shop.plays("dev", hang)
        await supervisor.dispatch("dev", "work", thread_id="t1")
        await wait_running(shop, supervisor)
        abandoned = await supervisor.abandon("t1")
        assert (abandoned.executions_cancelled, abandoned.processes_killed) == (1, 1)
        await shop.wait_settled(supervisor)
        assert shop.runners.running() == {}
        assert trio.current_time() == 0
        assert isinstance((await shop.events("t1"))[-1], e.ExecutionStopped)


async def test_a_supervisor_that_crashed_after_an_abandonment_ends_the_agent(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop:
        async with shop.supervisor() as supervisor:
            shop.plays("dev", hang)
            await supervisor.dispatch("dev", "work", thread_id="t1")
            execution = await wait_running(shop, supervisor)

            def strike(_: e.Recorded) -> None:
                supervisor.actor(thread_name("t1")).kill()
                supervisor.system.root.kill()

            async with supervisor.when(e.ThreadAbandoned, strike):
                with pytest.raises(RequestFailed):
                    await supervisor.abandon("t1")
        assert list(shop.runners.running()) == [execution]
        async with shop.supervisor() as supervisor:
            await shop.wait_settled(supervisor)
        assert shop.runners.running() == {}


# proves: a-core 24
async def test_an_abandoned_thread_starts_nothing_that_was_being_prepared(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev", workspace="worktree")) as shop, shop.supervisor() as supervisor:
        slow = trio.Event()
        shop.git.held["EnsureWorktree"] = [slow]
        posted = await supervisor.dispatch("dev", "work", thread_id="t1")
        name = execution_name(posted.execution_id or "")
        await supervisor.system.registry.wait_registered(name)
        await trio.testing.wait_all_tasks_blocked()
        await supervisor.abandon("t1")
        slow.set()
        await shop.wait_settled(supervisor)
        await trio.testing.wait_all_tasks_blocked()
        assert shop.troupe.turns == []
        assert supervisor.system.registry.find(name) is None


async def test_work_that_was_not_committed_is_described_and_recorded(autojump_clock: MockClock) -> None:
    async def scribble(turn: Turn) -> None:
        turn.repo.write(turn.spec.cwd, notes_txt="notes")
        await turn.reply("done")

    async with open_workshop(agent("dev", workspace="worktree")) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", scribble)
        answer = await supervisor.chain(await supervisor.dispatch("dev", "work"))
        assert "Uncommitted changes" in (answer.body or "")
        assert "A notes.txt" in (answer.body or "")
        (recorded,) = ended(await shop.events())
        assert recorded.snapshot is not None
        assert (recorded.snapshot.dirty, recorded.snapshot.files) == (True, ("notes.txt",))


async def test_commit_auto_commits_the_work_under_the_name_of_the_task(autojump_clock: MockClock) -> None:
    async def scribble(turn: Turn) -> None:
        turn.repo.write(turn.spec.cwd, notes_txt="notes")
        await turn.reply("done")

    async with (
        open_workshop(agent("dev", workspace="worktree", commit="auto")) as shop,
        shop.supervisor() as supervisor,
    ):
        shop.plays("dev", scribble)
        answer = await supervisor.chain(await supervisor.dispatch("dev", "write notes", thread_id="t1"))
        assert answer.body == "done"
        assert shop.repo.commits[shop.repo.tips["compas/t1"]].subject == "write notes"


@pytest.mark.parametrize("operation", ["Describe", "EnsureWorktree", "TakeSnapshot"])
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_git_worker_that_dies_is_asked_again(autojump_clock: MockClock, operation: str, moment: str) -> None:
    async with open_workshop(agent("dev", workspace="worktree")) as shop, shop.supervisor() as supervisor:
        if (operation, moment) == ("Describe", "after"):
            moment = "before"  # reading has no effect
        shop.git.losses[operation] = [moment, moment]
        answer = await supervisor.chain(await supervisor.dispatch("dev", "work"))
        assert answer.body == "dev did: work"


async def test_without_a_worktree_nothing_is_started(autojump_clock: MockClock) -> None:
    async with (
        open_workshop(agent("dev", workspace="worktree"), default_merge_target="nowhere") as shop,
        shop.supervisor() as supervisor,
    ):
        answer = await supervisor.chain(await supervisor.dispatch("dev", "work"))
        assert answer.intent == "error"
        assert "nothing was started" in (answer.body or "")
        assert "nowhere" in (answer.body or "")
        assert shop.troupe.turns == []


async def test_a_reviewer_inherits_the_worktree_under_review(autojump_clock: MockClock) -> None:
    agents = agent("dev", to="rev", workspace="worktree"), agent("rev", workspace=None), agent("own")
    async with open_workshop(*agents) as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        await supervisor.chain(await supervisor.dispatch("own", "look", thread_id="t1"))
        tree = f"{REPO}/.compas-worktrees/t1"
        assert [(turn.alias, turn.spec.cwd) for turn in shop.troupe.turns] == [
            ("dev", tree),
            ("rev", tree),
            ("own", REPO),
        ]


async def test_a_worktree_that_was_deleted_is_made_again_for_whoever_inherits_it(autojump_clock: MockClock) -> None:
    agents = agent("dev", workspace="worktree"), agent("rev", workspace=None)
    async with open_workshop(*agents) as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        del shop.repo.checkouts[f"{REPO}/.compas-worktrees/t1"]
        await supervisor.chain(await supervisor.dispatch("rev", "look", thread_id="t1"))
        assert shop.troupe.turns[-1].spec.cwd == f"{REPO}/.compas-worktrees/t1"
        assert shop.repo.checkouts[f"{REPO}/.compas-worktrees/t1"].branch == "compas/t1"


async def test_the_end_of_an_execution_waits_for_a_full_disk(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        posted = await supervisor.dispatch("dev", "10 seconds of work")
        await wait_running(shop, supervisor)
        shop.disk.is_full = True
        await trio.sleep(300)
        assert shop.runners.running() == {}
        assert ended(await shop.events()) == []
        shop.disk.is_full = False
        assert (await supervisor.chain(posted)).body == "dev did: 10 seconds of work"
        assert trio.current_time() <= 305
