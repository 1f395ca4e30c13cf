"""What agents are seen doing is shown as it was kept, as it happens, and with what is missing of it."""

import msgspec
import pytest
import trio
from trio.testing import MockClock

from actors.remote.errors import RequestFailed
from compas.api.activity import (
    EXECUTION_EVENTS,
    ExecutionEvent,
    ExecutionEventsRequest,
    ExecutionEventsResponse,
)
from compas.backends.scripted import MessageLine, ResultLine, ToolLine
from compas.orchestrator.tree import CROWD
from tests.kit.orchestrator.actor_workshop import open_workshop
from tests.kit.orchestrator.troupe import Turn


def line(value: msgspec.Struct) -> str:
    return msgspec.json.encode(value).decode()


async def read(supervisor: object, **fields: object) -> tuple[list[ExecutionEvent], ExecutionEventsResponse]:
    """Read what an execution was seen doing."""
    found: list[ExecutionEvent] = []
    response = await supervisor.session.request(  # type: ignore[attr-defined]
        EXECUTION_EVENTS.name,
        ExecutionEventsRequest(**fields),  # type: ignore[arg-type]
        ExecutionEventsResponse,
        on_push=lambda raw: found.append(msgspec.msgpack.decode(raw, type=ExecutionEvent)),
    )
    return found, response


async def work(turn: Turn) -> None:
    await turn.open_session("s1")
    await turn.console.print(line(ToolLine(name="run", summary="run: make", failed=True)))
    await turn.say("It does not build.")
    await turn.reply("Done.")


async def test_what_an_agent_did_is_shown_step_by_step_and_page_by_page(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        shop.troupe.roles["dev"] = work
        await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id="t1"))
        found, response = await read(supervisor, execution_id="t1")
        assert [(event.index, event.kind, event.summary) for event in found] == [
            (0, "session", "s1"),
            (1, "tool_call", "run: make"),
            (2, "message", "It does not build."),
            (3, "turn_complete", "turn complete"),
        ]
        assert (response.next_after, response.missed, response.status, response.more) == (3, 0, "completed", False)
        first, page = await read(supervisor, execution_id=response.execution_id, limit=2)
        assert ([event.index for event in first], page.more) == ([0, 1], True)
        rest, page = await read(supervisor, execution_id="t1", after=page.next_after, limit=2)
        assert ([event.index for event in rest], page.more) == ([2, 3], False)


async def test_what_an_agent_did_is_read_from_a_time_on(autojump_clock: MockClock) -> None:
    async def slowly(turn: Turn) -> None:
        for number in range(4):
            await turn.say(f"step {number}")
            await trio.sleep(10)
        await turn.reply("Done.")

    async with open_workshop() as shop, shop.supervisor() as supervisor:
        shop.troupe.roles["dev"] = slowly
        posted = await supervisor.dispatch("dev", "x", thread_id="t1")
        await trio.sleep(15)
        early, _ = await read(supervisor, execution_id="t1")
        began = round(early[1].at * 1000)
        live, _ = await read(supervisor, execution_id="t1", since_timestamp=began + 20_000, follow=True)
        assert [event.summary for event in live] == ["step 3", "turn complete"]
        await supervisor.chain(posted)
        found, _ = await read(supervisor, execution_id="t1", since_timestamp=began)
        assert [event.index for event in found] == [1, 2, 3, 4]
        nothing, response = await read(supervisor, execution_id="t1", since_timestamp=began + 10**6, after=1)
        assert (nothing, response.next_after, response.more) == ([], 1, False)


async def test_who_follows_sees_each_step_once_and_is_let_go_at_the_end(autojump_clock: MockClock) -> None:
    async def slowly(turn: Turn) -> None:
        for number in range(30):
            await turn.say(f"step {number}")
            await trio.sleep(0.2)
        await turn.reply("Done.")

    async with open_workshop() as shop, shop.supervisor() as supervisor:
        shop.troupe.roles["dev"] = slowly
        posted = await supervisor.dispatch("dev", "x", thread_id="t1")
        await trio.sleep(2)
        found, response = await read(supervisor, execution_id="t1", follow=True)
        assert [event.index for event in found] == list(range(31))
        assert found[-1].kind == "turn_complete"
        assert response.status == "completed"
        await supervisor.chain(posted)


# proves: a-core 107
async def test_a_burst_holds_no_agent_up_and_what_could_not_be_kept_of_it_is_counted(autojump_clock: MockClock) -> None:
    count = 2 * CROWD

    async def flood(turn: Turn) -> None:
        said = "\n".join(line(MessageLine(text=f"n{number}")) for number in range(count))
        await turn.console.print(f"{said}\n{line(ResultLine(text='Done.'))}")

    async with open_workshop() as shop, shop.supervisor() as supervisor:
        shop.troupe.roles["dev"] = flood
        answer = await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id="t1"))
        assert answer.body == "Done."
        found, response = await read(supervisor, execution_id="t1", limit=10_000)
        assert response.missed > 0
        assert len(found) + response.missed == count + 1


# proves: b-mcp-cli-merge 131
async def test_what_an_agent_did_is_read_from_behind_a_number_and_only_so_much_of_it(
    autojump_clock: MockClock,
) -> None:
    async def six_steps(turn: Turn) -> None:
        for number in range(5):
            await turn.say(f"step {number}")
        await turn.reply("Done.")

    async with open_workshop() as shop, shop.supervisor() as supervisor:
        shop.plays("dev", six_steps)
        await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id="t1"))
        found, response = await read(supervisor, execution_id="t1", after=2)
        assert [event.index for event in found] == [3, 4, 5]
        assert (response.next_after, response.more) == (5, False)
        nothing, response = await read(supervisor, execution_id="t1", after=5)
        assert (nothing, response.next_after, response.more) == ([], 5, False)
        for limit in (-1, 0):
            with pytest.raises(RequestFailed, match=r"`int` >= 1 - at `\$.limit`"):
                await read(supervisor, execution_id="t1", limit=limit)


# proves: b-mcp-cli-merge 131
async def test_an_execution_that_does_not_exist_is_an_error_that_names_it(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        with pytest.raises(RequestFailed, match="called 'nobody'"):
            await read(supervisor, execution_id="nobody")
