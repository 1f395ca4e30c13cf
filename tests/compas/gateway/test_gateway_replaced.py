"""The gateway dies, its supervisor is replaced, its config changes: editors hear every answer, and hear it once."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import trio
from mcp import Client, StdioServerParameters

from compas.client.place import Place
from tests.kit.ceiling import CEILING
from tests.kit.client.scripted_supervisor import Scripted
from tests.kit.gateway.editor_process import GATEWAY, Editor, is_alive, kill, of, until, until_seen, wait_gone
from tests.kit.gateway.in_process import ERAS, called
from tests.kit.gateway.task_client import Patient, Task, ask

pytestmark = pytest.mark.system

LISTED = {
    "agents": [],
    "global_max_concurrent": 1,
    "global_active": 0,
    "global_available": 1,
    "execution_timeout_secs": 600,
}
RELAYS, WAITS = 50, 4
MOST_KB_AN_EDITOR = 1024


def gateway_pid(config: Path) -> int:
    """Return the number of the newest gateway."""
    return int(re.findall(r"editors are served \(pid (\d+)\)", (config / "state/supervisor.log").read_text())[-1])


def restart(place: Place, environ: dict[str, str]) -> None:
    """Replace the supervisor."""
    command = [sys.executable, "-P", "-m", "compas", "restart", "--config", str(place.config)]
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    _, err = process.communicate(timeout=CEILING)
    assert process.returncode == 0, err


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("what", ["gateway", "supervisor"])
async def test_a_wait_outlives_whoever_serves_it_and_its_work_is_done_once(
    place: Place, config: Path, environ: dict[str, str], era: str, what: str
) -> None:
    server = StdioServerParameters(command=GATEWAY[0], args=GATEWAY[1:], env=of(place, environ))
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
                first = gateway_pid(config)
                if what == "gateway":
                    kill(first)
                else:
                    await trio.to_thread.run_sync(restart, place, environ)
                await called(client, "orch_status")
                assert gateway_pid(config) != first
                gate.close()
            assert (answers[0]["found"], answers[0]["body"]) == (True, "line one\ndone\n")
            executions = (await called(client, "orch_transcript", thread_id=thread))["executions"]
            assert [run["status"] for run in executions] == ["completed"]


async def test_a_task_outlives_whoever_began_it(place: Place, config: Path, environ: dict[str, str]) -> None:
    server = StdioServerParameters(command=GATEWAY[0], args=GATEWAY[1:], env=of(place, environ))
    patient = Patient()
    with trio.fail_after(CEILING):
        async with Client(server, extensions=[patient]) as client:
            asked = {"to": "dev", "body": "the task", "wait": True}
            begun = await client.session.call_tool("orch_dispatch", asked, allow_claimed=True)
            assert isinstance(begun, Task)
            gate = await trio.to_thread.run_sync(open, config / "gate", "w")  # opens once the agent works
            kill(gateway_pid(config))
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
    scripted.says(answers={"wait": {"hang": True}, "list_agents": {"reply": LISTED}})
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


def test_many_editors_with_many_waits_share_one_gateway_and_leave_nothing_behind(
    scripted: Scripted, environ: dict[str, str]
) -> None:
    scripted.says(answers={"wait": {"hang": True}, "list_agents": {"reply": LISTED}})
    scripted.start()
    with Editor(of(scripted.place, environ)) as first:
        first.shake_hands()
        first.call("orch_wait", thread_id="T")
        until_seen(scripted, "hanging")
        gateway = next(record["peer"] for record in scripted.seen if record["op"] == "wait")
        alone = resident_kb(gateway)
        editors = [Editor(of(scripted.place, environ)) for _ in range(RELAYS - 1)]
        try:
            for editor in editors:
                editor.shake_hands()
                for _ in range(WAITS):
                    editor.call("orch_wait", thread_id="T")
            total = 1 + (RELAYS - 1) * WAITS
            until(scripted, lambda: sum(record["op"] == "hanging" for record in scripted.seen) == total)
            assert {record["peer"] for record in scripted.seen if record["op"] == "wait"} == {gateway}
            assert resident_kb(gateway) - alone < RELAYS * MOST_KB_AN_EDITOR
            for editor in editors:
                pinged = editor.send("ping", {})
                assert editor.receive()["id"] == pinged
            for editor in editors:
                assert editor.hang_up()[0] == 0
        finally:
            for editor in editors:
                editor.__exit__()
        until(scripted, lambda: sum(record["op"] == "cancelled" for record in scripted.seen) == total - 1)
        first.send("ping", {})
        assert first.receive()["result"] == {}
    assert is_alive(gateway)


def names(editor: Editor) -> str:
    """List the tools, and return what is said of who there is to be given a task."""
    editor.send("tools/list", {})
    (dispatch,) = [tool for tool in editor.receive()["result"]["tools"] if tool["name"] == "orch_dispatch"]
    return str(dispatch["description"])


def dispatches(scripted: Scripted) -> list[dict[str, Any]]:
    """Return the dispatches that came to the stand-in."""
    return [record for record in scripted.seen if record["op"] == "dispatch"]


def resident_kb(pid: int) -> int:
    """Return how much memory a process has."""
    shown = subprocess.Popen(["ps", "-o", "rss=", "-p", str(pid)], stdout=subprocess.PIPE)
    return int(shown.communicate(timeout=CEILING)[0])
