"""A diagnosis sees what is true of a thread, its agents and merges; conversations go by the names their CLIs know."""

import msgspec
import pytest
from trio.testing import MockClock

from actors.remote.errors import RequestFailed
from compas.api.diagnosis import DIAGNOSE, SESSION_INFO
from compas.api.lifecycle import ABANDON, CLOSE, REOPEN
from compas.api.messages import POLL
from compas.api.operation import Operation
from compas.api.tasks import TASKS
from compas.api.threads import STATUS
from compas.api.worktrees import COMMIT
from tests.kit.orchestrator.actor_workshop import REPO, agent, open_workshop
from tests.kit.orchestrator.troupe import Turn

ON_A_THREAD: tuple[Operation, ...] = (POLL, DIAGNOSE, CLOSE, ABANDON, REOPEN, COMMIT)


# proves: b-mcp-cli-merge 54
@pytest.mark.parametrize("operation", ON_A_THREAD, ids=lambda operation: operation.name)
async def test_what_is_asked_of_a_thread_that_does_not_exist_is_an_error_that_names_it(
    autojump_clock: MockClock, operation: Operation
) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        with pytest.raises(RequestFailed, match="there is no thread 'nobody'") as caught:
            await supervisor.ask(operation, thread_id="nobody")
        assert caught.value.code == "unknown_thread"


# proves: b-mcp-cli-merge 132
async def test_of_two_executions_queued_in_one_second_every_list_shows_the_newer(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev"), agent("other")) as shop, shop.supervisor() as supervisor:
        await supervisor.dispatch("dev", "one", thread_id="t1")
        newer = await supervisor.dispatch("other", "two", thread_id="t1")
        (status,) = (await supervisor.ask(STATUS)).threads
        (task,) = (await supervisor.ask(TASKS)).tasks
        found = await supervisor.ask(DIAGNOSE, thread_id="t1")
        assert {status.execution_id, task.execution_id, found.latest_execution_id} == {newer.execution_id}
        assert (found.latest_execution_agent, found.execution_count) == ("other", 2)
        await shop.wait_settled(supervisor)


async def test_a_thread_that_waits_for_a_place_says_who_has_it(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev", max_concurrent=1)) as shop, shop.supervisor() as supervisor:
        await supervisor.dispatch("dev", "500 seconds of work", thread_id="t1")
        await supervisor.wait("t1", timeout=1)
        await supervisor.dispatch("dev", "x", thread_id="t2", summary="about it")
        working, waiting = [await supervisor.ask(DIAGNOSE, thread_id=name) for name in ("t1", "t2")]
        assert (working.blockers, working.latest_execution_status) == ((), "executing")
        assert waiting.blockers == ("dev runs 1 of at most 1 executions (max_concurrent)",)
        assert (waiting.summary, waiting.message_count, waiting.thread_status) == ("about it", 1, "Active")
        await shop.wait_settled(supervisor)
        after = await supervisor.ask(DIAGNOSE, thread_id="t1")
        assert (after.blockers, after.latest_execution_duration_ms) == ((), 500_000)


async def test_a_failure_is_told_with_its_reason(autojump_clock: MockClock) -> None:
    async def fails(turn: Turn) -> None:
        await turn.fail("no licence")

    async with open_workshop() as shop, shop.supervisor() as supervisor:
        shop.plays("dev", fails)
        await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id="t1"))
        found = await supervisor.ask(DIAGNOSE, thread_id="t1")
        assert (found.thread_status, found.latest_execution_error) == ("Failed", "no licence")
        assert found.blockers == (f"dev failed ({found.latest_execution_id}): no licence",)


async def test_an_agent_that_is_gone_from_the_config_is_named(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev"), agent("gone", max_concurrent=1)) as shop:
        async with shop.supervisor() as supervisor:
            await supervisor.dispatch("gone", "x", thread_id="t1", scheduled_for="2033-01-31T09:00:00Z")
            (found,) = (await supervisor.ask(DIAGNOSE, thread_id="t1")).suggestions[:1]
            assert "starts by itself at 2033-01-31T09:00:00Z" in found
            await supervisor.crash()
        shop.config = msgspec.structs.replace(shop.config, agents={"dev": agent("dev")})
        async with shop.supervisor() as supervisor:
            found = await supervisor.ask(DIAGNOSE, thread_id="t1")
            assert found.blockers == ("the config has no agent 'gone' any more: its work fails when its turn comes",)
            await supervisor.abandon("t1")


async def test_conversations_are_named_with_their_directory_and_without_those_of_other_threads(
    autojump_clock: MockClock,
) -> None:
    async def talks(turn: Turn) -> None:
        await turn.open_session(f"{turn.alias}-{turn.instruction}")
        await turn.reply("Done.")

    async with open_workshop(agent("dev"), agent("rev"), agent("quiet")) as shop, shop.supervisor() as supervisor:
        for alias in ("dev", "rev"):
            shop.plays(alias, talks)
        for alias, thread in (("dev", "t1"), ("rev", "t1"), ("quiet", "t1"), ("dev", "t2")):
            await supervisor.chain(await supervisor.dispatch(alias, thread, thread_id=thread))
        found = await supervisor.ask(SESSION_INFO, thread_id="t1")
        assert [(one.agent, one.backend, one.session_id, one.workdir) for one in found.conversations] == [
            ("dev", "scripted", "dev-t1", REPO),
            ("rev", "scripted", "rev-t1", REPO),
        ]
        assert [(one.resume_command, one.in_use) for one in found.conversations] == [(None, False)] * 2
        whole = await supervisor.ask(SESSION_INFO)
        assert (whole.server, whole.version, whole.agent_count) == ("compas", "test", 3)
        assert (whole.db_path, whole.conversations) == ("/state/compas.sqlite", ())
        with pytest.raises(RequestFailed, match="there is no thread 'nobody'"):
            await supervisor.ask(SESSION_INFO, thread_id="nobody")


async def test_a_conversation_in_which_an_agent_speaks_is_marked(autojump_clock: MockClock) -> None:
    async def talks(turn: Turn) -> None:
        await turn.open_session("s1")
        await turn.reply("Done.")

    async with open_workshop() as shop, shop.supervisor() as supervisor:
        shop.plays("dev", talks)
        await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id="t1"))
        del shop.troupe.roles["dev"]
        await supervisor.dispatch("dev", "100 seconds of work", thread_id="t1")
        await supervisor.wait("t1", timeout=1, strict_new=True)
        (during,) = (await supervisor.ask(SESSION_INFO, thread_id="t1")).conversations
        await shop.wait_settled(supervisor)
        (after,) = (await supervisor.ask(SESSION_INFO, thread_id="t1")).conversations
        assert (during.session_id, during.in_use, after.in_use) == ("s1", True, False)
