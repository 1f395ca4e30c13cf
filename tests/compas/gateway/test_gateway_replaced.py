"""Gateways die or hang, supervisors are replaced, configs change: editors hear every answer, and hear it once."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import trio
from mcp import Client, StdioServerParameters

from compas.client.place import Place
from compas.relay.silence import PATIENCE_VARIABLE
from tests.kit.ceiling import CEILING
from tests.kit.client.scripted_supervisor import Scripted
from tests.kit.gateway.editor_process import GATEWAY, Editor, gateway_pids, kill, of, until, until_seen, wait_gone
from tests.kit.gateway.in_process import ERAS, called
from tests.kit.gateway.scripts import HANGING
from tests.kit.gateway.task_client import Patient, Task, ask

pytestmark = pytest.mark.system


class Serving(NamedTuple):
    """Who serves an editor."""

    place: Place
    environ: dict[str, str]
    gateway: int
    supervisor: int


def restart(serving: Serving) -> None:
    """Replace the supervisor in good order."""
    command = [sys.executable, "-P", "-m", "compas", "restart", "--config", str(serving.place.config)]
    process = subprocess.Popen(command, env=serving.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    _, err = process.communicate(timeout=CEILING)
    assert process.returncode == 0, err


WAYS: dict[str, Callable[[Serving], None]] = {
    "a killed gateway": lambda serving: kill(serving.gateway),
    "a stopped gateway": lambda serving: os.kill(serving.gateway, signal.SIGSTOP),
    "a killed supervisor": lambda serving: kill(serving.supervisor),
    "a restarted supervisor": restart,
}


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("what", WAYS)
async def test_a_wait_outlives_whoever_serves_it_and_its_work_is_done_once(
    place: Place, config: Path, environ: dict[str, str], era: str, what: str
) -> None:
    patience = {} if "supervisor" in what else {PATIENCE_VARIABLE: "1"}
    server = StdioServerParameters(command=GATEWAY[0], args=GATEWAY[1:], env=of(place, environ) | patience)
    answers: list[dict[str, Any]] = []
    with trio.fail_after(CEILING):
        async with Client(server, mode=era) as client:
            posted = await called(client, "orch_dispatch", to="dev", body="the task")
            thread, since = posted["thread_id"], posted["reference"]

            async def wait() -> None:
                answers.append(await called(client, "orch_wait", thread_id=thread, since_reference=since))

            async with trio.open_nursery() as nursery:
                nursery.start_soon(wait)
                gate = await trio.to_thread.run_sync(open, config / "gate", "w")  # opens once the agent works
                (first,) = gateway_pids(config)
                supervisor = (await called(client, "orch_health"))["pid"]
                await trio.to_thread.run_sync(WAYS[what], Serving(place, environ, first, supervisor))
                health = await called(client, "orch_health")
                assert (health["pid"] == supervisor) == ("gateway" in what)
                assert wait_gone(first)
                gate.close()
            assert (answers[0]["found"], answers[0]["body"]) == (True, "line one\ndone\n")
            executions = (await called(client, "orch_transcript", thread_id=thread))["executions"]
            assert [run["status"] for run in executions] == ["completed"]
            assert "the task" in (await called(client, "orch_diff", thread_id=thread))["text"]
    log = (config / "state/supervisor.log").read_text()
    assert (f"the gateway (pid {first}) hangs: it has let nobody in for 1 s" in log) == (what == "a stopped gateway")


async def test_a_task_outlives_whoever_began_it(place: Place, config: Path, environ: dict[str, str]) -> None:
    server = StdioServerParameters(command=GATEWAY[0], args=GATEWAY[1:], env=of(place, environ))
    patient = Patient()
    with trio.fail_after(CEILING):
        async with Client(server, extensions=[patient]) as client:
            asked = {"to": "dev", "body": "the task", "wait": True}
            begun = await client.session.call_tool("orch_dispatch", asked, allow_claimed=True)
            assert isinstance(begun, Task)
            gate = await trio.to_thread.run_sync(open, config / "gate", "w")  # opens once the agent works
            kill(gateway_pids(config)[-1])
            assert (await ask(client.session, "get", begun.task_id))["status"] == "working"
            kill((await called(client, "orch_health"))["pid"])
            assert (await ask(client.session, "get", begun.task_id))["status"] == "working"
        async with Client(server, extensions=[patient]) as another:
            gate.close()
            await called(
                another, "orch_wait", thread_id=(await called(another, "orch_status"))["threads"][0]["thread_id"]
            )
            found = (await ask(another.session, "get", begun.task_id))["result"]["structuredContent"]
            assert found["answer"]["body"] == "line one\ndone\n"
            executions = (await called(another, "orch_transcript", thread_id=found["thread_id"]))["executions"]
            assert [run["status"] for run in executions] == ["completed"]


def test_what_changes_something_is_put_again_under_its_name(scripted: Scripted, environ: dict[str, str]) -> None:
    scripted.says(answers={"dispatch": {"hang": True}})
    scripted.start()
    with Editor(of(scripted.place, environ)) as editor:
        editor.shake_hands()
        editor.call("orch_dispatch", to="dev", body="x")
        until_seen(scripted, "hanging")
        (first,) = dispatches(scripted)
        kill(first["peer"])
        until(scripted, lambda: len(dispatches(scripted)) == 2)
        again = dispatches(scripted)[1]
        assert again["peer"] != first["peer"]
        assert (again["request_id"], again["args"]) == (first["request_id"], first["args"])
        assert first["request_id"]


def test_a_call_that_kills_each_gateway_is_answered_in_the_end(scripted: Scripted, environ: dict[str, str]) -> None:
    scripted.says(answers={"dispatch": {"hang": True}})
    scripted.start()
    with Editor(of(scripted.place, environ)) as editor:
        editor.shake_hands()
        editor.call("orch_dispatch", to="dev", body="x")
        for count in range(1, 5):
            until(scripted, lambda count=count: len(dispatches(scripted)) == count)  # type: ignore[misc]
            kill(dispatches(scripted)[-1]["peer"])
        answer = editor.receive()["result"]
        assert answer["isError"]
        assert "went away 4 times" in answer["content"][0]["text"]
        editor.send("ping", {})
        assert editor.receive()["result"] == {}


def test_a_cancelled_call_ends_at_the_supervisor_and_is_not_answered(
    scripted: Scripted, environ: dict[str, str]
) -> None:
    scripted.says(answers=HANGING)
    scripted.start()
    with Editor(of(scripted.place, environ)) as editor:
        editor.shake_hands()
        number = editor.call("orch_wait", thread_id="T")
        until_seen(scripted, "hanging")
        editor.send("notifications/cancelled", {"requestId": number}, is_request=False)
        until_seen(scripted, "cancelled")
        pinged = editor.send("ping", {})
        assert editor.receive()["id"] == pinged


def test_pings_are_answered_while_a_supervisor_starts(place: Place, config: Path, environ: dict[str, str]) -> None:
    with Editor(of(place, environ)) as editor:
        editor.shake_hands()
        called = editor.call("orch_status")
        pinged = editor.send("ping", {})
        assert [editor.receive()["id"], editor.receive()["id"]] == [pinged, called]


def test_an_editor_is_told_when_its_config_has_other_agents(
    place: Place, config: Path, environ: dict[str, str]
) -> None:
    with Editor(of(place, environ)) as editor:
        editor.shake_hands()
        assert "Agents" not in names(editor)
        call = editor.call("orch_status")
        heard = [editor.receive(), editor.receive()]
        assert {one.get("id", one.get("method")) for one in heard} == {call, "notifications/tools/list_changed"}
        assert names(editor).endswith("at once: wordy 1, dev 1.")
        more = "  - {alias: late, backend: wordy, workspace: shared, safety_mode: auto_approve}\n"
        place.config.write_text(place.config.read_text() + more)
        assert editor.receive() == {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
        assert names(editor).endswith("at once: wordy 1, dev 1, late 1.")
    with Editor(of(place, environ), "--no-start") as editor:
        editor.shake_hands()
        assert names(editor).endswith("at once: wordy 1, dev 1, late 1.")


def test_an_idle_editor_keeps_no_supervisor_and_its_next_call_starts_another(
    place: Place, config: Path, environ: dict[str, str]
) -> None:
    with Editor(of(place, environ) | {"COMPAS_IDLE_SECS": "2"}) as editor:
        editor.shake_hands()
        pids = []
        for _ in range(2):
            editor.call("orch_health")
            pids.append(editor.receive()["result"]["structuredContent"]["pid"])
            assert wait_gone(pids[-1])
    assert len(set(pids)) == 2


def names(editor: Editor) -> str:
    """List the tools, and return what is said of who there is to be given a task."""
    editor.send("tools/list", {})
    (dispatch,) = [tool for tool in editor.receive()["result"]["tools"] if tool["name"] == "orch_dispatch"]
    return str(dispatch["description"])


def dispatches(scripted: Scripted) -> list[dict[str, Any]]:
    """Return the dispatches that came to the stand-in."""
    return [record for record in scripted.seen if record["op"] == "dispatch"]
