"""Looking at messages without waiting: their beginnings, one of them whole, and page by page."""

import pytest
import trio
from trio.testing import MockClock

from actors.remote.errors import RequestFailed
from compas.api.messages import POLL, READ
from tests.kit.orchestrator.actor_workshop import agent, open_workshop
from tests.kit.orchestrator.troupe import Turn

LONG = "x" * 199 + "€" * 40


async def wordy(turn: Turn) -> None:
    await turn.reply(LONG)


# proves: b-mcp-cli-merge 52, b-mcp-cli-merge 53
async def test_a_look_counts_answers_and_no_tasks_and_shows_how_they_begin(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev", to="reviewer"), agent("reviewer")) as shop, shop.supervisor() as supervisor:
        shop.plays("reviewer", wordy)
        posted = await supervisor.dispatch("dev", "the task", thread_id="t1", summary="about it")
        before = await supervisor.ask(POLL, thread_id="t1")
        assert (before.matched_messages, before.latest_message_id, before.latest_body_preview) == (0, None, None)
        assert (before.thread_status, before.summary) == ("Active", "about it")
        await supervisor.chain(posted)
        found = await supervisor.ask(POLL, thread_id="t1")
        assert [message.intent for message in found.messages] == ["response", "response"]
        assert (found.matched_messages, found.latest_intent, found.more) == (2, "response", False)
        assert found.latest_body_preview == found.messages[-1].body_preview == "x" * 199 + "..."
        assert found.latest_message_ref == f"db:{found.latest_message_id}"
        assert found.execution_status == "completed"


async def test_after_a_starting_point_a_look_sees_everything_and_an_intent_narrows_it(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(agent("dev", to="reviewer"), agent("reviewer")) as shop, shop.supervisor() as supervisor:
        posted = await supervisor.dispatch("dev", "the task", thread_id="t1")
        await supervisor.chain(posted)
        later = await supervisor.ask(POLL, thread_id="t1", since_reference=posted.reference)
        assert [message.intent for message in later.messages] == ["response", "handoff", "response"]
        handed = await supervisor.ask(POLL, thread_id="t1", intent="handoff")
        assert [(message.sender, message.to) for message in handed.messages] == [("dev", "reviewer")]
        page = await supervisor.ask(POLL, thread_id="t1", since_reference=posted.reference, limit=2)
        assert ([one.intent for one in page.messages], page.matched_messages, page.more) == (
            *(["response", "handoff"], 3, True),
        )
        rest = await supervisor.ask(POLL, thread_id="t1", since_reference=page.messages[-1].reference)
        assert [message.id for message in rest.messages] == [later.messages[-1].id]
        nothing = await supervisor.ask(POLL, thread_id="t1", since_reference=later.latest_message_ref)
        assert (nothing.matched_messages, nothing.messages) == (0, ())


async def test_a_look_does_not_wait(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.dispatch("dev", "100 seconds of work", thread_id="t1")
        began = trio.current_time()
        assert (await supervisor.ask(POLL, thread_id="t1")).matched_messages == 0
        assert trio.current_time() == began
        await shop.wait_settled(supervisor)


async def test_a_message_is_read_whole_by_its_number(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        shop.plays("dev", wordy)
        answer = await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id="t1"))
        for text in (answer.reference, str(answer.message_id)):
            found = await supervisor.ask(READ, reference=text)
            assert (found.body, found.thread_id, found.reference) == (LONG, "t1", answer.reference)
            assert (found.sender, found.to, found.intent) == ("dev", "operator", "response")
            assert found.execution_id is not None


async def test_the_messages_of_a_thread_are_read_page_by_page_each_once(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        for number in range(7):
            await supervisor.dispatch("dev", f"note {number}", thread_id="t1", intent="note")
            await supervisor.dispatch("dev", "elsewhere", thread_id="t2", intent="note")
        bodies: list[str] = []
        page = await supervisor.ask(READ, thread_id="t1", limit=3)
        while page.messages:
            bodies += [message.body for message in page.messages]
            assert page.more == (len(bodies) < 7)
            page = await supervisor.ask(READ, thread_id="t1", limit=3, since_reference=page.next_reference)
        assert bodies == [f"note {number}" for number in range(7)]


@pytest.mark.parametrize(
    ("fields", "code", "says"),
    [
        ({"reference": "db:99"}, "unknown_message", "no message db:99"),
        ({"reference": "x5"}, "invalid", "'x5' is no message reference"),
        ({"thread_id": "t1", "since_reference": "db:"}, "invalid", "'db:' is no message reference"),
        ({"thread_id": "nobody"}, "unknown_thread", "there is no thread 'nobody'"),
        ({}, "invalid", "give the message to read"),
        ({"reference": "db:1", "thread_id": "t1"}, "invalid", "give the message to read"),
        ({"reference": "db:1", "since_reference": "db:1"}, "invalid", "a starting point goes with a thread"),
    ],
)
async def test_what_cannot_be_read_is_said(
    autojump_clock: MockClock, fields: dict[str, str], code: str, says: str
) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.dispatch("dev", "x", thread_id="t1", intent="note")
        with pytest.raises(RequestFailed, match=says) as caught:
            await supervisor.ask(READ, **fields)
        assert caught.value.code == code


async def test_a_look_at_a_thread_that_does_not_exist_is_an_error_that_names_it(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        with pytest.raises(RequestFailed, match="there is no thread 'nobody'"):
            await supervisor.ask(POLL, thread_id="nobody")
        await supervisor.dispatch("dev", "x", thread_id="t1", intent="note")
        with pytest.raises(RequestFailed, match="'x5' is no message reference"):
            await supervisor.ask(POLL, thread_id="t1", since_reference="x5")
