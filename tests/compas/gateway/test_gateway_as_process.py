"""What an editor starts: real pipes, real supervisors, and an editor that goes away in any way."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import trio
from mcp import Client, StdioServerParameters

from compas.client.place import Place
from compas.gateway.prompts import PROMPTS
from compas.gateway.resources import LOG
from compas.gateway.tools import TOOLS
from tests.kit.ceiling import CEILING
from tests.kit.client.scripted_supervisor import Scripted
from tests.kit.gateway.editor_process import GATEWAY, WRAPPER, Editor, is_alive, kill, of, until_seen, wait_gone
from tests.kit.gateway.in_process import ERAS, called, said
from tests.kit.gateway.person import NO, YES, Person
from tests.kit.gateway.scripts import HANGING, LISTED

pytestmark = pytest.mark.system

WAIT = {"operation": "wait", "arguments": {"thread_id": "T", "since_reference": "db:1"}}
SENT = {"thread_id": "T", "message_id": 1, "reference": "db:1", "next_step": {"parts": [WAIT]}}


# proves: b-mcp-cli-merge 127
async def test_of_a_long_log_a_thousand_lines_come_at_once_and_the_last_ones_have_their_place(
    place: Place, config: Path, environ: dict[str, str]
) -> None:
    server = StdioServerParameters(command=GATEWAY[0], args=GATEWAY[1:], env=of(place, environ))
    numbers = [f"{number}\n" for number in range(1, 1501)]
    with trio.fail_after(CEILING):
        async with Client(server) as client:
            posted = await called(client, "orch_dispatch", to="wordy", body="count", wait=True)
            log = {"execution_id": posted["execution_id"], "unit": "bytes"}
            first = await called(client, "orch_read_log", **log, limit=9999)
            assert (first["text"], first["offset"], first["has_more"]) == ("".join(numbers[:1000]), 0, True)
            rest = await called(client, "orch_read_log", **log, limit=1000, offset=first["next_offset"])
            assert (rest["text"], rest["has_more"]) == ("".join(numbers[1000:]), False)
            last = await called(client, "orch_read_log", **log, limit=3, tail=True)
            assert (last["text"], last["has_more"]) == ("1498\n1499\n1500\n", False)
            assert last["offset"] == len("".join(numbers[:1497]))
            again = await called(client, "orch_read_log", **log, offset=last["offset"])
            assert again["text"] == last["text"]
            (shown,) = (await client.read_resource(LOG.format(**log))).contents
            assert (shown.text, shown.mime_type) == ("".join(numbers[-1000:]), "text/plain")
            beyond = await called(client, "orch_read_log", **log, offset=last["next_offset"] + 1000)
            assert (beyond["text"], beyond["has_more"]) == ("", False)
            await read_by_lines(client, posted["execution_id"])


async def read_by_lines(client: Client, execution: str) -> None:
    """Read the same log as the original gave it out."""
    numbers = [str(number) for number in range(1, 1501)]
    first = await called(client, "orch_read_log", execution_id=execution, limit=9999)
    assert first == {
        "execution_id": execution,
        "offset": 0,
        "next_offset": 1000,
        "has_more": True,
        "lines": numbers[:1000],
        "returned_lines": 1000,
        "total_lines": 1500,
        "status": "completed",
        "source": "log_file",
    }
    rest = await called(client, "orch_read_log", execution_id=execution, offset=first["next_offset"], limit=1000)
    assert (rest["lines"], rest["offset"], rest["has_more"]) == (numbers[1000:], 1000, False)
    assert len((await called(client, "orch_read_log", execution_id=execution))["lines"]) == 200
    last = await called(client, "orch_read_log", execution_id=execution, limit=3, tail=True, offset=7)
    assert (last["lines"], last["offset"], last["has_more"]) == (["1498", "1499", "1500"], 1497, False)
    beyond = await called(client, "orch_read_log", execution_id=execution, offset=2000)
    assert (beyond["lines"], beyond["offset"], beyond["returned_lines"], beyond["has_more"]) == ([], 2000, 0, False)
    assert beyond["total_lines"] == 1500


# proves: b-mcp-cli-merge 38
def test_an_editor_that_closes_its_pipe_takes_its_gateway_along_and_nothing_else(
    scripted: Scripted, environ: dict[str, str]
) -> None:
    scripted.says(answers=HANGING)
    scripted.start()
    with Editor(of(scripted.place, environ)) as editor:
        assert editor.shake_hands()["serverInfo"]["name"] == "compas"
        waiting = editor.call("orch_wait", thread_id="T")
        until_seen(scripted, "hanging")
        code, out, _ = editor.hang_up()
    assert code == 0
    assert [msgspec.json.decode(line)["id"] for line in out.splitlines()] in ([], [waiting])
    until_seen(scripted, "cancelled")
    assert is_alive(scripted.seen[0]["pid"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_gateway_while_its_editor_holds_the_pipe(
    scripted: Scripted, environ: dict[str, str], number: signal.Signals
) -> None:
    scripted.says(answers=HANGING)
    scripted.start()
    with Editor(of(scripted.place, environ)) as editor:
        editor.shake_hands()
        editor.call("orch_wait", thread_id="T")
        until_seen(scripted, "hanging")
        editor.process.send_signal(number)
        assert editor.process.wait(CEILING) == 0
    until_seen(scripted, "cancelled")
    assert is_alive(scripted.seen[0]["pid"])


def test_an_editor_that_vanishes_takes_its_gateway_along_whoever_holds_the_pipe(
    scripted: Scripted, environ: dict[str, str]
) -> None:
    scripted.says(answers=HANGING)
    scripted.start()
    wrapped = [sys.executable, "-P", "-c", WRAPPER, *GATEWAY]
    with Editor(of(scripted.place, environ), command=wrapped) as editor:
        assert editor.process.stderr is not None
        gateway = int(editor.process.stderr.readline())
        editor.shake_hands()
        editor.call("orch_wait", thread_id="T")
        until_seen(scripted, "hanging")
        kill(editor.process.pid)
        assert wait_gone(gateway)
    until_seen(scripted, "cancelled")
    assert is_alive(scripted.seen[0]["pid"])


def test_a_gateway_is_there_without_a_supervisor_and_says_how_to_start_one(
    place: Place, environ: dict[str, str]
) -> None:
    with Editor(of(place, environ), "--no-start", "--tools", "all") as editor:
        editor.shake_hands()
        editor.send("tools/list", {})
        assert len(editor.receive()["result"]["tools"]) == len(TOOLS)
        editor.call("orch_status")
        answer = editor.receive()["result"]
        assert answer["isError"]
        assert "no supervisor is running" in answer["content"][0]["text"]
        assert "`compas run`" in answer["content"][0]["text"]


@pytest.mark.parametrize("era", ERAS)
async def test_the_person_at_an_editor_is_asked_before_work_is_given_up(
    place: Place, config: Path, environ: dict[str, str], era: str
) -> None:
    server = StdioServerParameters(command=GATEWAY[0], args=GATEWAY[1:], env=of(place, environ))
    person = Person(NO)
    with trio.fail_after(CEILING):
        async with Client(server, mode=era, elicitation_callback=person) as client:
            thread = (await called(client, "orch_dispatch", to="dev", body="x", summary="it"))["thread_id"]
            refused = await client.call_tool("orch_abandon", {"thread_id": thread})
            assert refused.is_error
            assert "the operator was asked and said no" in said(refused)
            person.answer = YES
            await called(client, "orch_abandon", thread_id=thread)
            (row,) = (await called(client, "orch_status", thread_id=thread))["threads"]
    assert row["thread_status"] == "Abandoned"
    assert len(person.questions) == 2
    assert all(asked.startswith(f'Give up thread {thread} ("it")?') for asked in person.questions)


def test_the_command_that_starts_an_editors_tools_says_which_it_is_told_of(
    place: Place, environ: dict[str, str]
) -> None:
    for options in (["--tools", "all"], ["--tools=all", "--no-start"]):
        with Editor(of(place, environ), *options) as editor:
            editor.shake_hands()
            editor.send("tools/list", {})
            assert [tool["name"] for tool in editor.receive()["result"]["tools"]] == [tool.name for tool in TOOLS]
    with Editor(of(place, environ), "--tools=none") as editor:
        status, _, err = editor.hang_up()
        assert status == 2
        assert b"core" in err


def test_an_editor_that_only_looks_what_there_is_starts_no_supervisor(place: Place, environ: dict[str, str]) -> None:
    with Editor(of(place, environ)) as editor:
        editor.shake_hands()
        editor.send("tools/list", {})
        assert [tool["name"] for tool in editor.receive()["result"]["tools"]] == [
            tool.name for tool in TOOLS if tool.is_core
        ]
        for menu, entries in (("prompts", len(PROMPTS)), ("resources", 0)):
            editor.send(f"{menu}/list", {})
            assert len(editor.receive()["result"][menu]) == entries
        assert editor.hang_up()[0] == 0
    assert not place.socket.exists()


def test_the_list_of_tools_is_made_without_the_sdk(environ: dict[str, str]) -> None:
    program = "import sys, compas.gateway.listed; sys.exit(bool({'mcp', 'trio', 'pydantic'} & sys.modules.keys()))"
    assert subprocess.Popen([sys.executable, "-P", "-c", program], env=environ).wait() == 0


def test_a_place_that_cannot_be_used_is_told_to_the_model_until_it_is_mended(
    scripted: Scripted, environ: dict[str, str]
) -> None:
    scripted.says(answers={"status": {"reply": {"threads": [], "total": 0}}})
    scripted.start()
    private = Path(environ["COMPAS_RUNTIME_DIR"])
    private.chmod(0o755)
    with Editor(of(scripted.place, environ)) as editor:
        editor.shake_hands()
        editor.call("orch_status")
        assert "nobody else may enter" in editor.receive()["result"]["content"][0]["text"]
        private.chmod(0o700)
        editor.call("orch_status")
        assert not editor.receive()["result"]["isError"]


def test_inside_an_execution_a_gateway_says_whose_it_is_and_starts_no_supervisor(
    scripted: Scripted, environ: dict[str, str]
) -> None:
    inside = of(scripted.place, environ) | {"COMPAS_EXECUTION": "X1", "COMPAS_RUN_TOKEN": "secret"}
    with Editor(inside) as editor:
        editor.shake_hands()
        editor.call("orch_status")
        assert "none is started from inside an execution" in editor.receive()["result"]["content"][0]["text"]
        scripted.says(answers={"status": {"reply": {"threads": [], "total": 0}}})
        scripted.start()
        editor.call("orch_status")
        assert not editor.receive()["result"]["isError"]
    said = scripted.seen[-1]["meta"]
    assert (said["execution"], said["token"], "origin" in said) == ("X1", "secret", False)
    assert (said["config"], said["cwd"]) == (str(scripted.place.config), os.getcwd())


def test_every_call_of_an_editor_says_that_it_comes_from_the_same_one(
    scripted: Scripted, environ: dict[str, str]
) -> None:
    scripted.says(answers={"status": {"reply": {"threads": [], "total": 0}}})
    scripted.start()
    origins = []
    for _ in range(2):
        with Editor(of(scripted.place, environ)) as editor:
            editor.shake_hands()
            for _ in range(2):
                editor.call("orch_status")
                assert not editor.receive()["result"]["isError"]
                origins.append(scripted.seen[-1]["meta"]["origin"])
    one, same, another, _ = origins
    assert one == same != another
    assert one.startswith("editor:")


def test_a_wait_that_fails_behind_its_dispatch_says_that_the_task_is_under_way(
    scripted: Scripted, environ: dict[str, str]
) -> None:
    answers = {"dispatch": {"reply": SENT}, "list_agents": {"reply": LISTED}, "wait": {"fail": "stopped"}}
    scripted.says(answers=answers)
    scripted.start()
    with Editor(of(scripted.place, environ)) as editor:
        editor.shake_hands()
        editor.call("orch_dispatch", to="dev", body="x", wait=True)
        answer = editor.receive()["result"]
    text = answer["content"][0]["text"]
    assert answer["isError"]
    assert "was dispatched (db:1 in thread T)" in text
    assert "do not dispatch it again" in text
    assert 'orch_wait(thread_id="T", since_reference="db:1")' in text


def test_every_dispatch_carries_a_name_of_the_gateways_own_making(scripted: Scripted, environ: dict[str, str]) -> None:
    scripted.says(answers={"dispatch": {"reply": SENT}})
    scripted.start()
    with Editor(of(scripted.place, environ)) as editor:
        editor.shake_hands()
        editor.call("orch_dispatch", to="dev", body="x", request_id="mine")
        assert "no parameter request_id" in editor.receive()["result"]["content"][0]["text"]
        for _ in range(2):
            editor.call("orch_dispatch", to="dev", body="x")
            assert not editor.receive()["result"]["isError"]
    names = [record["request_id"] for record in scripted.seen if record["op"] == "dispatch"]
    assert len(set(names)) == 2
    assert all(names)
