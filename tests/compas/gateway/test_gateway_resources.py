"""Resources, prompts and completions: what a person finds in the menus of an editor."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp.types import PromptReference, ResourceTemplateReference
from trio.testing import MockClock

from actors.remote.session import Session
from compas.api.threads import TranscriptMessage, TranscriptResponse
from compas.client.connection import Reach, open_connection
from compas.client.errors import NotRunningError
from compas.gateway.calls import Calls
from compas.gateway.lookup import PATIENCE_SECS, Lookup
from compas.gateway.offer import Offer
from compas.gateway.prompts import PROMPTS
from compas.gateway.reading import MOST_PATCH_CHARACTERS
from compas.gateway.resources import LOG, TEMPLATES, transcript_text
from compas.gateway.server import build_server
from compas.gateway.tools import TOOLS
from compas.relay.tool_list import BUILT_SET, built_tools
from tests.kit.gateway.in_process import ERAS, Model, open_model
from tests.kit.orchestrator.actor_workshop import agent
from tests.kit.orchestrator.troupe import Turn

both_eras = pytest.mark.parametrize("era", ERAS)


async def commits(turn: Turn) -> None:
    """Commit a file and answer."""
    turn.commit("did it", file_txt="new")
    await turn.reply("committed")


async def read(model: Model, address: str) -> tuple[str, str | None]:
    """Read a resource; return its text and what kind of text that is."""
    (contents,) = (await model.client.read_resource(address)).contents
    assert str(contents.uri) == address
    return contents.text, contents.mime_type


@both_eras
async def test_a_thread_has_its_transcript_and_its_diff(autojump_clock: MockClock, era: str) -> None:
    async with open_model(agent("dev", workspace="worktree"), era=era) as model:
        model.shop.plays("dev", commits)
        await model.call("orch_dispatch", to="dev", body="do it", thread_id="t1", summary="the task", wait=True)
        listed = {str(one.uri): one.title for one in (await model.client.list_resources()).resources}
        assert listed == {
            "compas://thread/t1/transcript": "Transcript of t1: the task",
            "compas://thread/t1/diff": "Diff of t1: the task",
        }
        templates = (await model.client.list_resource_templates()).resource_templates
        assert [one.uri_template for one in templates] == [one.uri_template for one in TEMPLATES]
        transcript, kind = await read(model, "compas://thread/t1/transcript")
        assert kind == "text/markdown"
        assert transcript.startswith("# t1: the task (Active)\n\n## db:")
        assert (
            transcript.index("operator → dev, dispatch, ") < transcript.index("do it") < transcript.index("committed")
        )
        diff, kind = await read(model, "compas://thread/t1/diff")
        assert (diff, kind) == ((await model.call("orch_diff", thread_id="t1"))["text"], "text/x-diff")


@both_eras
@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("compas://thread/t1/log", "there is no resource 'compas://thread/t1/log'; there are: compas://thread/"),
        ("compas://agent/dev", "there is no resource"),
        ("compas://thread/nobody/transcript", "nobody"),
        ("compas://thread/nobody/diff", "nobody"),
        ("compas://execution/nobody/log", "nobody"),
    ],
)
async def test_what_is_not_there_is_an_error_of_the_protocol_that_says_so(
    autojump_clock: MockClock, era: str, address: str, told: str
) -> None:
    async with open_model(era=era) as model:
        with pytest.raises(MCPError, match=told) as caught:
            await model.client.read_resource(address)
        assert caught.value.code == -32602


def test_of_a_long_transcript_the_newest_messages_are_shown_and_the_others_counted() -> None:
    body = "x" * (MOST_PATCH_CHARACTERS // 3)
    messages = tuple(
        TranscriptMessage(
            id=n, reference=f"db:{n}", sender="dev", to="operator", intent="response", body=body, created_at=0
        )
        for n in range(1, 6)
    )
    text = transcript_text(TranscriptResponse(thread_id="t1", thread_status="Active", messages=messages))
    assert text.startswith(
        "# t1 (Active)\n\n(3 earlier messages are left out)\n\n## db:4 dev → operator, response, 1970-"
    )
    assert len(text) < MOST_PATCH_CHARACTERS + 200
    (huge,) = (TranscriptMessage(**{**as_fields(messages[0]), "body": body * 4}),)
    text = transcript_text(TranscriptResponse(thread_id="t1", thread_status="Active", messages=(*messages, huge)))
    assert "(5 earlier messages are left out)" in text
    assert text.endswith("x\n(cut here)\n")


def as_fields(message: TranscriptMessage) -> dict[str, object]:
    """Return the fields of a message by name."""
    return {name: getattr(message, name) for name in message.__struct_fields__}


@both_eras
async def test_every_prompt_is_filled_in_and_speaks_of_tools_that_a_client_is_told_of(
    autojump_clock: MockClock, era: str
) -> None:
    core = {tool.name for tool in TOOLS if tool.is_core}
    async with open_model(era=era) as model:
        listed = (await model.client.list_prompts()).prompts
        assert [one.name for one in listed] == [one.name for one in PROMPTS]
        for prompt in listed:
            given = {one.name: "{" + one.name.upper() + "}" for one in prompt.arguments or ()}
            (message,) = (await model.client.get_prompt(prompt.name, given)).messages
            text = message.content.text
            assert all(value in text for value in given.values())
            words = {word.strip(".,:;()`'?") for word in text.replace("'s ", " ").split()}
            assert {word for word in words if word.startswith("orch_")} <= core
            needed = {one.name: "x" for one in prompt.arguments or () if one.required}
            assert (await model.client.get_prompt(prompt.name, needed)).messages


@both_eras
async def test_a_prompt_that_misses_something_says_what(autojump_clock: MockClock, era: str) -> None:
    async with open_model(era=era) as model:
        with pytest.raises(MCPError, match="dispatch_and_wait needs agent and task"):
            await model.client.get_prompt("dispatch_and_wait", {"agent": " "})
        with pytest.raises(MCPError, match="no prompt 'merge'; there are: dispatch_and_wait, "):
            await model.client.get_prompt("merge")


@both_eras
async def test_arguments_are_completed_from_what_there_is(autojump_clock: MockClock, era: str) -> None:
    async with open_model(
        agent("dev", workspace="worktree"), agent("dev-2"), agent("reviewer"), agent("human", role="operator"), era=era
    ) as model:
        model.shop.plays("dev", commits)
        done = await model.call("orch_dispatch", to="dev", body="x", thread_id="t1", batch="nightly", wait=True)
        await model.call("orch_dispatch", to="reviewer", body="x", thread_id="t2", batch="nightly", wait=True)
        op = (await model.call("orch_merge", thread_id="t1"))["op_id"]
        await model.call("orch_wait_merge", op_id=op)

        async def values(prompt: str, **argument: str) -> list[str]:
            (name, typed) = next(iter(argument.items()))
            ref = PromptReference(type="ref/prompt", name=prompt)
            return (await model.client.complete(ref, {"name": name, "value": typed})).completion.values

        assert await values("dispatch_and_wait", agent="") == ["dev", "dev-2", "reviewer"]
        assert await values("dispatch_and_wait", agent="DEV") == ["dev", "dev-2"]
        assert await values("fan_out_and_join", agents="dev, r") == ["dev, reviewer"]
        assert await values("fan_out_and_join", agents="dev,") == ["dev, dev-2", "dev, reviewer"]
        assert await values("fan_out_and_join", batch="n") == ["nightly"]
        assert await values("what_is_going_on", thread_id="t") == ["t2", "t1"]
        assert await values("resolve_conflict", op_id="") == [op]
        assert await values("dispatch_and_wait", task="any") == []
        ref = ResourceTemplateReference(type="ref/resource", uri=LOG)
        found = await model.client.complete(ref, {"name": "execution_id", "value": done["execution_id"][:5]})
        assert done["execution_id"] in found.completion.values


@asynccontextmanager
async def refused() -> AsyncIterator[Session]:
    """Find no supervisor."""
    raise NotRunningError("no supervisor is running")
    yield


@asynccontextmanager
async def stalled() -> AsyncIterator[Session]:
    """Find a supervisor that says nothing."""
    await trio.sleep_forever()
    yield


@both_eras
@pytest.mark.parametrize("reach", [refused, stalled])
async def test_while_no_supervisor_answers_menus_are_empty_and_come_soon(
    autojump_clock: MockClock, era: str, reach: Reach
) -> None:
    with trio.fail_after(60):
        async with open_connection(reach) as connection:
            lookup = Lookup(reach)
            server = build_server(Calls(connection), lookup, Offer(built_tools, lambda: BUILT_SET), "1")
            async with Client(server, mode=era) as client:
                began = trio.current_time()
                assert (await client.list_resources()).resources == []
                ref = PromptReference(type="ref/prompt", name="dispatch_and_wait")
                assert (await client.complete(ref, {"name": "agent", "value": ""})).completion.values == []
                assert [tool.name for tool in (await client.list_tools()).tools][:1] == ["orch_dispatch"]
                assert trio.current_time() - began <= 2 * PATIENCE_SECS
