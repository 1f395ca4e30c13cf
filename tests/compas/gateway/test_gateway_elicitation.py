"""Before work is merged, given up or removed, the person is asked, wherever the client can show a question."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from mcp.client.session import ClientRequestContext, ElicitationFnT
from mcp.types import (
    INTERNAL_ERROR,
    CallToolResult,
    ClientCapabilities,
    ElicitationCapability,
    ElicitRequestParams,
    ElicitResult,
    ErrorData,
    FormElicitationCapability,
    UrlElicitationCapability,
)
from trio.testing import MockClock

from compas.gateway.elicitation import can_ask
from compas.gateway.tools import TOOLS
from tests.kit.gateway.in_process import ERAS, LEGACY, ORIGIN, Model, open_model, said
from tests.kit.gateway.person import AWAY, NO, YES, Person
from tests.kit.orchestrator.actor_workshop import agent
from tests.kit.orchestrator.troupe import Turn

both_eras = pytest.mark.parametrize("era", ERAS)

ASKED = {
    "orch_merge": ({"thread_id": "t1"}, 'Merge the work of thread t1 ("the task") into its target?'),
    "orch_close": (
        {"thread_id": "t1", "merge": {"target_branch": "main"}},
        'Merge the work of thread t1 ("the task") into main, and close the thread once that is done?',
    ),
    "orch_abandon": ({"thread_id": "t1"}, 'Give up thread t1 ("the task")? Its newest execution is completed.'),
    "orch_abandon_batch": ({"batch_id": "b1"}, "Give up every thread of batch b1 that has not ended? Its threads: 1 "),
    "orch_worktree_remove": ({"thread_id": "t1"}, 'Remove the worktree of thread t1 ("the task")?'),
}
every_question = pytest.mark.parametrize(("tool", "given", "question"), [(n, *q) for n, q in ASKED.items()])


@asynccontextmanager
async def open_desk(person: ElicitationFnT | None, era: str, *, is_attended: bool = True) -> AsyncIterator[Model]:
    """Connect a client whose person has one thread, t1 of batch b1, with work to be merged."""

    async def commits(turn: Turn) -> None:
        turn.commit("did it", file_txt="new")
        await turn.reply("committed")

    async with open_model(agent("dev", workspace="worktree"), era=era, person=person, is_attended=is_attended) as model:
        model.shop.plays("dev", commits)
        task = {"thread_id": "t1", "batch": "b1", "summary": "the task"}
        await model.call("orch_dispatch", to="dev", body="do it", wait=True, **task)
        yield model


def code(result: CallToolResult) -> object:
    """Return the code of a failed call."""
    assert result.is_error
    assert result.meta is not None
    return result.meta["compas/code"]


@both_eras
@every_question
async def test_a_person_who_agrees_was_asked_once_and_it_is_done(
    autojump_clock: MockClock, era: str, tool: str, given: dict[str, object], question: str
) -> None:
    person = Person(YES)
    async with open_desk(person, era) as model:
        assert person.questions == []
        before = await model.shop.events()
        await model.call(tool, **given)
        assert len(person.questions) == 1
        assert person.questions[0].startswith(question)
        assert len(await model.shop.events()) > len(before)


@both_eras
async def test_nobody_is_asked_through_a_codex_without_its_screen(autojump_clock: MockClock, era: str) -> None:
    person = Person(NO)
    async with open_desk(person, era) as model:
        for trigger, asked in (("user", 1), ("exec", 1)):
            meta = {"x-codex-turn-metadata": {"turn_trigger": trigger}}
            result = await model.client.call_tool("orch_merge", {"thread_id": "t1"}, meta=meta)
            assert bool(result.is_error) == (trigger == "user")
            assert len(person.questions) == asked


@both_eras
@every_question
@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (NO, "the operator was asked and said no. Nothing was done"),
        (AWAY, "the operator was asked and did not answer. Nothing was done"),
    ],
)
async def test_without_a_yes_nothing_happens_and_the_refusal_has_a_code(
    autojump_clock: MockClock,
    era: str,
    tool: str,
    given: dict[str, object],
    question: str,
    answer: ElicitResult,
    told: str,
) -> None:
    person = Person(answer)
    async with open_desk(person, era) as model:
        before = await model.shop.events()
        result = await model.client.call_tool(tool, given)
        assert code(result) == "declined"
        assert told in said(result)
        assert question in said(result)
        assert len(person.questions) == 1
        assert await model.shop.events() == before


async def test_a_client_that_fails_to_ask_has_nothing_done(autojump_clock: MockClock) -> None:
    async with open_desk(Person(ErrorData(code=INTERNAL_ERROR, message="no screen")), "legacy") as model:
        before = await model.shop.events()
        result = await model.client.call_tool("orch_merge", {"thread_id": "t1"})
        assert code(result) == "declined"
        assert "could not be asked (no screen)" in said(result)
        assert await model.shop.events() == before


@both_eras
async def test_a_call_that_is_cancelled_while_the_person_thinks_does_nothing(
    autojump_clock: MockClock, era: str
) -> None:
    async def think(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        await trio.sleep_forever()
        raise AssertionError

    async with open_desk(think, era) as model:
        before = await model.shop.events()
        with trio.move_on_after(3600) as patience:
            await model.client.call_tool("orch_merge", {"thread_id": "t1"})
        assert patience.cancelled_caught
        await model.call("orch_status")
        assert await model.shop.events() == before


@both_eras
async def test_the_question_says_what_is_to_be_overridden(autojump_clock: MockClock, era: str) -> None:
    person = Person(NO)
    async with open_desk(person, era) as model:
        await model.refused("orch_merge", thread_id="t1", force=True, accept_target="abc")
        (question,) = person.questions
        assert "Nobody has given a verdict on compas/t1." in question
        assert question.endswith(
            "With force: whatever reviewers say. The target, which somebody moved, is kept at abc."
        )


async def test_the_thread_that_a_person_was_asked_about_is_the_one_that_is_merged(autojump_clock: MockClock) -> None:
    desks: list[Model] = []
    asked: list[str] = []

    async def agree_late(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        async with desks[0].supervisor.connected(origin=ORIGIN) as same_editor:
            await same_editor.chain(await same_editor.dispatch("dev", "x", thread_id="t2"))
        asked.append(params.message)
        return ElicitResult(action="accept")

    async with open_desk(agree_late, LEGACY) as model:
        desks.append(model)
        assert (await model.call("orch_merge", thread_id="@last"))["thread_id"] == "t1"
        assert "thread t1" in asked[0]
        assert (await model.call("orch_why", thread_id="@last"))["thread_id"] == "t2"


@both_eras
async def test_nobody_is_asked_about_what_is_refused_anyway(autojump_clock: MockClock, era: str) -> None:
    person = Person(YES)
    async with open_desk(person, era) as model:
        await model.call("orch_dispatch", to="dev", body="x", thread_id="longer", wait=True)
        assert "no thread 'nobody'" in await model.refused("orch_merge", thread_id="nobody")
        assert "no parameter threed" in await model.refused("orch_abandon", threed="t1")
        assert "did you mean 'longer'" in await model.refused("orch_abandon", thread_id="long")
        assert "batch 'nobody'" in await model.refused("orch_abandon_batch", batch_id="nobody")
        assert person.questions == []


@both_eras
async def test_what_changes_nothing_or_can_be_taken_back_is_done_without_asking(
    autojump_clock: MockClock, era: str
) -> None:
    person = Person(NO)
    async with open_desk(person, era) as model:
        await model.call("orch_diff", thread_id="t1")
        await model.call("orch_close", thread_id="t1", status="failed")
        await model.call("orch_reopen", thread_id="t1")
        await model.call("orch_dispatch", to="dev", body="more", thread_id="t1", wait=True)
        assert person.questions == []
    assert {tool.name for tool in TOOLS if tool.destructive} <= ASKED.keys()


@both_eras
@pytest.mark.parametrize("is_attended", [True, False])
async def test_where_nobody_can_be_asked_the_model_has_been_told_to_ask(
    autojump_clock: MockClock, era: str, *, is_attended: bool
) -> None:
    person = None if is_attended else Person(NO)
    async with open_desk(person, era, is_attended=is_attended) as model:
        op = (await model.call("orch_merge", thread_id="t1"))["op_id"]
        assert (await model.call("orch_wait_merge", op_id=op))["status"] == "completed"
    for name in ASKED:
        (tool,) = (tool for tool in TOOLS if tool.name == name)
        assert "ask the operator before" in tool.doc.lower()


@pytest.mark.parametrize(
    ("asking", "can"),
    [
        (None, False),
        (ElicitationCapability(), True),
        (ElicitationCapability(form=FormElicitationCapability()), True),
        (ElicitationCapability(form=FormElicitationCapability(), url=UrlElicitationCapability()), True),
        (ElicitationCapability(url=UrlElicitationCapability()), False),
    ],
)
def test_only_a_client_that_shows_forms_is_given_a_question(asking: ElicitationCapability | None, *, can: bool) -> None:
    assert can_ask(ClientCapabilities(elicitation=asking)) is can
    assert not can_ask(None)


async def test_an_answer_counts_for_the_question_it_was_given_to_and_no_other(autojump_clock: MockClock) -> None:
    async with open_desk(Person(YES), "auto") as model:
        call = model.client.session.call_tool
        first = await call("orch_merge", {"thread_id": "t1"}, allow_input_required=True)
        assert first.result_type == "input_required"
        (key,) = first.input_requests
        yes = {key: YES}
        other = await call(
            "orch_merge", {"thread_id": "t1", "force": True}, input_responses=yes, allow_input_required=True
        )
        assert other.result_type == "input_required"
        assert key not in other.input_requests
        done = await call("orch_merge", {"thread_id": "t1"}, input_responses=yes, allow_input_required=True)
        assert done.structured_content["status"] == "queued"
