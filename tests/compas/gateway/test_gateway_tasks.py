"""Waits as MCP tasks: through the whole gateway and a whole supervisor, on the virtual clock."""

from typing import Any

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from mcp.shared.exceptions import MCPError
from trio.testing import MockClock

from compas.api.waiting import PendingExecution, WaitRequest, WaitResponse
from compas.gateway.task_state import (
    LONGEST_NAME,
    UnknownTaskError,
    awaiting,
    created,
    name_of,
    read_name,
    working,
)
from compas.relay.answers import TASKS
from tests.kit.gateway.in_process import LEGACY, Model, open_model
from tests.kit.gateway.task_client import Patient, Task, ask
from tests.kit.orchestrator.actor_workshop import agent


async def begin(model: Model, tool: str, **arguments: object) -> str:
    """Call a tool whose answer has to be a task, and return the task's name."""
    result = await model.client.session.call_tool(tool, arguments, allow_claimed=True)
    assert isinstance(result, Task), result
    assert result.status == "working"
    return result.task_id


async def look(model: Model, task: str) -> dict[str, Any]:
    """Return how a task stands."""
    return await ask(model.client.session, "get", task)


async def test_a_wait_goes_on_as_a_task_and_is_answered_as_the_call_would_have_been(autojump_clock: MockClock) -> None:
    patient = Patient()
    async with open_model(extensions=[patient]) as model:
        posted = await model.call("orch_dispatch", to="dev", body="9 seconds of work", thread_id="t1")
        waiting = {"thread_id": "t1", "since_reference": posted["reference"]}
        answer = await model.call("orch_wait", **waiting)
        assert (answer["found"], answer["from"]) == (True, "dev")
        assert [one["status"] for one in patient.seen] == ["working"] * 4 + ["completed"]
        assert patient.seen[0]["statusMessage"] == "dev is executing in thread t1"
        assert patient.seen[-1]["ttlMs"] is None
        assert patient.seen[-1]["lastUpdatedAt"] > patient.seen[-1]["createdAt"]
        assert patient.seen[-1]["result"]["structuredContent"] == answer
    async with open_model() as model:
        posted = await model.call("orch_dispatch", to="dev", body="9 seconds of work", thread_id="t1")
        undeclared = await model.call("orch_wait", **waiting)
        assert undeclared.keys() == answer.keys()


async def test_a_dispatch_that_waits_is_a_task_from_when_it_is_in_the_log(autojump_clock: MockClock) -> None:
    async with open_model(extensions=[Patient()]) as model:
        task = await begin(model, "orch_dispatch", to="dev", body="9 seconds of work", thread_id="t1", wait=True)
        assert (await look(model, task))["status"] == "working"
        await trio.sleep(10)
        found = (await look(model, task))["result"]["structuredContent"]
        assert (found["thread_id"], found["answer"]["from"]) == ("t1", "dev")
        assert found["next_step"].startswith("the answer is here; ")
        transcript = await model.call("orch_transcript", thread_id="t1")
        assert found["reference"] == transcript["messages"][0]["reference"]
        assert len(transcript["executions"]) == 1


async def test_giving_up_on_a_task_ends_no_work_and_leaves_no_waiter(autojump_clock: MockClock) -> None:
    async with open_model(extensions=[Patient()]) as model:
        task = await begin(model, "orch_dispatch", to="dev", body="9 seconds of work", thread_id="t1", wait=True)
        assert (await model.call("orch_health"))["clients"] == 1, "nobody but this very call"
        assert (await ask(model.client.session, "cancel", task)).get("status") is None
        await trio.sleep(10)
        assert (await model.call("orch_transcript", thread_id="t1"))["executions"][0]["status"] == "completed"
        assert (await look(model, task))["status"] == "completed"


async def test_a_task_that_has_a_time_limit_is_over_then(autojump_clock: MockClock) -> None:
    async with open_model(agent("human", role="operator"), extensions=[Patient()]) as model:
        await model.supervisor.dispatch("human", "x", thread_id="t1")
        answer = await model.call("orch_wait", thread_id="t1", timeout_secs=25)
        assert (answer["found"], answer["reason"], answer["timeout_secs"]) == (False, "timeout", 25)


async def test_what_is_over_or_need_not_wait_is_answered_at_once(autojump_clock: MockClock) -> None:
    patient = Patient()
    async with open_model(agent("human", role="operator"), agent("dev"), extensions=[patient]) as model:
        await model.supervisor.dispatch("human", "x", thread_id="t1")
        assert (await model.call("orch_wait", thread_id="t1", timeout_secs=0))["reason"] == "timeout"
        posted = await model.call("orch_dispatch", to="dev", body="x", thread_id="t2")
        assert "answer" not in posted
        await trio.sleep(60)
        assert (await model.call("orch_wait", thread_id="t2", since_reference=posted["reference"]))["found"]
        assert "`orch_status` lists them" in await model.refused("orch_wait", thread_id="nobody")
        assert "did you mean thread_id" in await model.refused("orch_wait", thred_id="t1")
        assert patient.seen == []


async def test_only_messages_to_come_are_waited_for_by_a_call(autojump_clock: MockClock) -> None:
    async with open_model(agent("human", role="operator"), extensions=[Patient()]) as model:
        await model.supervisor.dispatch("human", "x", thread_id="t1")
        result = await model.client.session.call_tool(
            "orch_wait", {"thread_id": "t1", "strict_new": True, "timeout_secs": 5}, allow_claimed=True
        )
        assert not isinstance(result, Task)


async def test_of_a_thread_that_is_given_up_the_task_is_completed_with_what_happened(
    autojump_clock: MockClock,
) -> None:
    async with open_model(extensions=[Patient()]) as model:
        task = await begin(model, "orch_dispatch", to="dev", body="9 seconds of work", thread_id="t1", wait=True)
        await model.call("orch_abandon", thread_id="t1")
        found = await look(model, task)
        answer = found["result"]["structuredContent"]["answer"]
        assert (found["status"], answer["thread_status"]) == ("completed", "Abandoned")


async def test_a_client_that_has_not_declared_tasks_gets_none_and_is_told_what_to_declare(
    autojump_clock: MockClock,
) -> None:
    async with open_model() as model:
        assert (await model.call("orch_dispatch", to="dev", body="x", wait=True))["answer"]["found"]
        for method in ("get", "update", "cancel"):
            with pytest.raises(MCPError) as caught:
                await ask(model.client.session, method, "wait.x")
            assert caught.value.code == -32021
            assert caught.value.error.data == {"requiredCapabilities": {"extensions": {TASKS: {}}}}


async def test_versions_before_have_no_tasks(autojump_clock: MockClock) -> None:
    async with open_model(era=LEGACY, extensions=[Patient()]) as model:
        assert (await model.call("orch_dispatch", to="dev", body="x", wait=True))["answer"]["found"]
        with pytest.raises(MCPError) as caught:
            await ask(model.client.session, "get", "wait.x")
        assert caught.value.code == -32601


async def test_a_task_that_nobody_was_given_is_not_known(autojump_clock: MockClock) -> None:
    foreign = name_of(awaiting(WaitRequest(thread_id="nobody"), since=1.0, limit=None))
    async with open_model(extensions=[Patient()]) as model:
        for name in ("", "wait.", "wait.!", "wait.e30", "t1", "wait." + "x" * LONGEST_NAME, foreign):
            with pytest.raises(MCPError) as caught:
                await look(model, name)
            assert caught.value.code == -32602, name
        with pytest.raises(MCPError):
            await ask(model.client.session, "cancel", "t1")


@given(
    thread=st.text(min_size=1, max_size=64),
    intent=st.none() | st.text(max_size=64),
    since=st.floats(0, 4e9),
    limit=st.none() | st.floats(0, 86400),
    chain=st.booleans(),
)
def test_a_name_says_what_is_waited_for(
    thread: str, intent: str | None, since: float, limit: float | None, chain: bool
) -> None:
    wait = WaitRequest(thread_id=thread, intent=intent, since_reference="db:7", await_chain=chain, timeout_secs=0)
    awaited = awaiting(wait, since=since, limit=limit)
    assert read_name(name_of(awaited)) == awaited
    assert awaited.wait == wait
    assert created(awaited)["taskId"] == name_of(awaited)


@given(st.text(max_size=80) | st.text(alphabet="eyJ0aWQiOjF9_-", max_size=80).map("wait.{}".format))
def test_any_text_is_a_name_or_is_not_known(text: str) -> None:
    try:
        found = read_name(text)
    except UnknownTaskError:
        return
    assert read_name(name_of(found)) == found


def test_of_much_that_is_under_way_a_client_is_told_the_first_and_how_much_more() -> None:
    awaited = awaiting(WaitRequest(thread_id="t"), since=0.0, limit=None)
    pending = [
        PendingExecution(execution_id=str(number), thread_id=f"t{number}", agent="dev", status="queued")
        for number in range(7)
    ]
    many = working(awaited, WaitResponse(found=False, thread_id="t", pending=tuple(pending)))["statusMessage"]
    assert many.startswith("dev is queued in thread t0, ")
    assert many.endswith(" and 2 more")
    assert "t5" not in many
    none = working(awaited, WaitResponse(found=False, thread_id="t"))["statusMessage"]
    assert none == "nothing is under way in thread t"
