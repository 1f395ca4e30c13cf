"""The list of tasks: filtered, newest per thread or every one, and complete over its pages."""

from datetime import UTC, datetime

import pytest
from trio.testing import MockClock

from actors.remote.errors import RequestFailed
from compas.api.tasks import TASKS, TaskRow
from compas.api.threads import STATUS
from compas.domain.task_filter import FILTERS
from tests.kit.orchestrator.actor_workshop import BEGAN, Supervisor, agent, open_workshop
from tests.kit.orchestrator.troupe import Turn, echo


def at(seconds: float) -> str:
    return datetime.fromtimestamp(BEGAN + seconds, UTC).isoformat()


async def pages(supervisor: Supervisor, **fields: object) -> list[TaskRow]:
    """Read all pages."""
    found: list[TaskRow] = []
    page = await supervisor.ask(TASKS, **fields)
    found += page.tasks
    while page.more:
        page = await supervisor.ask(TASKS, after=page.next_after, **fields)
        found += page.tasks
    return found


async def test_two_executions_queued_in_one_second_are_one_task_the_newer_one(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev"), agent("other")) as shop, shop.supervisor() as supervisor:
        await supervisor.dispatch("dev", "one", thread_id="t1")
        newer = await supervisor.dispatch("other", "two", thread_id="t1")
        (row,) = (await supervisor.ask(TASKS)).tasks
        assert (row.execution_id, row.agent) == (newer.execution_id, "other")
        (status,) = (await supervisor.ask(STATUS)).threads
        assert status.execution_id == newer.execution_id
        assert len((await supervisor.ask(TASKS, every=True)).tasks) == 2
        await shop.wait_settled(supervisor)


# proves: b-mcp-cli-merge 133
async def test_an_unknown_filter_is_an_error_that_names_the_known_ones(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        with pytest.raises(RequestFailed, match="'bogus' is no filter for tasks; there are: ") as caught:
            await supervisor.ask(TASKS, filter="bogus")
        known = caught.value.message.partition("there are: ")[2].split(", ")
        assert known == list(FILTERS)
        assert "scheduled" in known


async def test_filters_choose_by_agent_batch_thread_and_status(autojump_clock: MockClock) -> None:
    async def fails(turn: Turn) -> None:
        await turn.fail("no")

    team = (agent("dev", max_concurrent=1), agent("poor"))
    async with open_workshop(*team) as shop, shop.supervisor() as supervisor:
        shop.plays("poor", fails)
        await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id="done", batch="b", summary="about"))
        await supervisor.chain(await supervisor.dispatch("poor", "x", thread_id="bad", batch="b"))
        await supervisor.dispatch("dev", "900 seconds of work", thread_id="busy")
        await supervisor.wait("busy", timeout=1)
        await supervisor.dispatch("dev", "x", thread_id="line", batch="b")
        await supervisor.dispatch("dev", "x", thread_id="later", batch="b", scheduled_for=at(5000))

        async def threads(**fields: object) -> list[str]:
            return [row.thread_id for row in (await supervisor.ask(TASKS, **fields)).tasks]

        assert await threads() == ["later", "line", "busy", "bad", "done"]
        assert await threads(agent="dev") == ["later", "line", "busy", "done"]
        assert await threads(batch_id="b") == ["later", "line", "bad", "done"]
        assert await threads(thread_id="bad") == ["bad"]
        assert await threads(filter="completed") == ["done"]
        assert await threads(filter="failed") == ["bad"]
        assert await threads(filter="ended", batch_id="b") == ["bad", "done"]
        assert await threads(filter="running") == ["busy"]
        assert await threads(filter="queued") == ["later", "line"]
        assert await threads(filter="scheduled") == ["later"]
        assert await threads(filter="scheduled", agent="poor") == []
        assert await threads(agent="operator") == []
        (done,) = (await supervisor.ask(TASKS, thread_id="done")).tasks
        assert (done.summary, done.batch_id, done.attempt, done.execution_status) == ("about", "b", 0, "completed")
        assert done.finished_at is not None
        (later,) = (await supervisor.ask(TASKS, filter="scheduled")).tasks
        assert (later.eligible_at, later.eligible_reason, later.started_at) == (BEGAN + 5000, "scheduled", None)
        assert later.eligible_at_rfc3339 is not None
        assert datetime.fromisoformat(later.eligible_at_rfc3339).timestamp() == int(BEGAN + 5000)
        for thread in ("busy", "line", "later"):
            await supervisor.abandon(thread)
        assert await threads(filter="scheduled") == []
        await shop.wait_settled(supervisor)


async def test_all_executions_of_a_batch_of_sixty_and_the_old_ones_of_an_agent_are_reached(
    autojump_clock: MockClock,
) -> None:
    async def fails_once(turn: Turn) -> None:
        shop.plays("dev", echo)
        await turn.fail("try later", "transient")

    team = (agent("dev", max_retries=1, retry_backoff_secs=1), agent("other"))
    many = {"max_triggers_per_agent": 60, "effective_concurrency": 60}
    async with open_workshop(*team, **many) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", fails_once)
        await supervisor.chain(await supervisor.dispatch("dev", "oldest", thread_id="t0", batch="b"))
        for number in range(1, 60):
            await supervisor.dispatch("dev", "x", thread_id=f"t{number}", batch="b")
            await supervisor.dispatch("other", "x", thread_id=f"u{number}")
        await shop.wait_settled(supervisor)
        newest = await pages(supervisor, batch_id="b", limit=7)
        assert [row.thread_id for row in newest] == [f"t{number}" for number in range(59, -1, -1)]
        every = await pages(supervisor, batch_id="b", every=True, limit=7)
        assert len({row.execution_id for row in every}) == len(every) == 61
        assert [(row.thread_id, row.attempt, row.execution_status) for row in every[-2:]] == [
            ("t0", 1, "completed"),
            ("t0", 0, "failed"),
        ]
        by_agent = await pages(supervisor, agent="dev", every=True, limit=1000)
        assert by_agent == every


async def test_scheduled_tasks_come_soonest_first_over_all_pages(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        for number, seconds in enumerate((500, 300, 300, 900, 100)):
            await supervisor.dispatch("dev", "x", thread_id="t1", scheduled_for=at(seconds))
            await supervisor.dispatch("dev", "x", thread_id=f"n{number}", intent="note")
        found = await pages(supervisor, filter="scheduled", limit=2)
        assert [row.eligible_at for row in found] == [BEGAN + seconds for seconds in (100, 300, 300, 500, 900)]
        assert len({row.execution_id for row in found}) == 5
        await supervisor.abandon("t1")


async def test_going_on_behind_an_execution_that_does_not_exist_is_an_error(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        with pytest.raises(RequestFailed, match="no execution 'nobody' to go on behind"):
            await supervisor.ask(TASKS, after="nobody")


# proves: c-config-dashboard 97
async def test_words_find_executions_however_old_by_what_their_row_says(autojump_clock: MockClock) -> None:
    async def fails(turn: Turn) -> None:
        await turn.fail("no such Branch")

    async with open_workshop(agent("old"), agent("dev"), agent("poor")) as shop, shop.supervisor() as supervisor:
        shop.plays("poor", fails)
        await supervisor.chain(await supervisor.dispatch("old", "Write\nthe handbook", thread_id="t0", batch="Spring"))
        await supervisor.chain(await supervisor.dispatch("poor", "x", thread_id="t1", summary="Move to schema 7"))
        for number in range(2, 12):
            await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id=f"t{number}"))

        async def found(text: str) -> list[str]:
            return [row.thread_id for row in (await supervisor.ask(TASKS, text=text, every=True, limit=5)).tasks]

        assert await found("OLD spring") == ["t0"]
        assert await found("write") == ["t0"]
        assert await found("no such branch") == ["t1"]
        assert await found("schema failed") == ["t1"]
        assert await found("schema completed") == []
        assert await found("%") == []
        (row,) = (await supervisor.ask(TASKS, text="t0")).tasks
        assert (row.title, row.summary) == ("Write", None)
