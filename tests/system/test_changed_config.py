"""A config file that is saved, broken, removed and corrected under a running compas, as every client sees it."""

import json
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.kit.ceiling import CEILING
from tests.kit.system.terminal import Terminal
from tests.kit.system.workshop import Workshop

pytestmark = pytest.mark.system

DASHBOARD = (sys.executable, "-P", "-m", "compas", "dashboard")
NOT_IN_FORCE = "the config file cannot be used as it is now"


@pytest.fixture
def staffed(workshop: Workshop) -> Workshop:
    """Return a workshop with a supervisor at rest and one agent, that waits at a gate."""
    gate = str(workshop.fifo("gate"))
    workshop.configure([workshop.agent("dev", [{"block": gate}, {"reply": "Done."}])])
    workshop.supervise()
    workshop.ask("reload")
    return workshop


def head(workshop: Workshop) -> int:
    """Return the position of the newest event."""
    return int(workshop.ask("health", "--brief")["events"])


def after_a_save(workshop: Workshop, save: Callable[[], object]) -> list[dict[str, Any]]:
    """Save the config file, wait until that is taken up, and return the events that came of it."""
    after = head(workshop)
    save()
    workshop.until_logged("config.loaded", after)
    workshop.ask("reload")
    return [one for one in workshop.events("--after", str(after)) if one["type"].startswith("config.")]


def with_model(text: str, model: str) -> str:
    """Give the agent a model."""
    return text.replace('"alias": "dev"', f'"alias": "dev", "model": "{model}"')


# proves: c-config-dashboard 46
def test_each_way_of_saving_is_read_once_and_with_its_last_content(staffed: Workshop) -> None:
    plain, beside = staffed.config.read_text(), staffed.config.with_name("beside")

    def rewrite(text: str) -> None:
        staffed.config.write_text(text)

    def rename(text: str) -> None:
        beside.write_text(text)
        beside.rename(staffed.config)

    def twice(text: str) -> None:
        staffed.config.write_text(text + " ")
        staffed.config.write_text(text)

    for save in (rewrite, rename, twice):
        events = after_a_save(staffed, partial(save, with_model(plain, save.__name__)))
        assert [one["data"]["changed"] for one in events][:1] == [["agents.dev.model"]]
        # How many come of two saves depends on the time between them: the tests in virtual time count those.
        assert len(events) == 1 or save is twice
        assert staffed.ask("list-agents")["agents"][0]["model"] == save.__name__
        assert len(after_a_save(staffed, partial(rewrite, plain))) == 1


def orch_health(workshop: Workshop) -> dict[str, Any]:
    """Ask as an editor does, over MCP."""
    pipe = {"stdin": -1, "stdout": -1}
    gateway = workshop.begin("mcp-server", **pipe)
    assert gateway.stdin is not None
    assert gateway.stdout is not None
    client = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    call = {"name": "orch_health", "arguments": {}}
    for message in (
        {"id": 1, "method": "initialize", "params": client},
        {"method": "notifications/initialized"},
        {"id": 2, "method": "tools/call", "params": call},
    ):
        gateway.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
    gateway.stdin.flush()
    for line in gateway.stdout:
        answer = json.loads(line)
        if answer.get("id") == 2:
            gateway.stdin.close()
            assert gateway.wait(CEILING) == 0
            found: dict[str, Any] = answer["result"]["structuredContent"]
            return found
    raise AssertionError("the gateway ended without an answer")


# proves: c-config-dashboard 47
def test_a_file_that_cannot_be_used_is_said_by_every_client_until_it_is_corrected(staffed: Workshop) -> None:
    good = staffed.config.read_text()
    with Terminal(staffed, DASHBOARD) as terminal:
        terminal.until("No agent has been given anything to do yet.")
        staffed.config.write_text("agents: [\n")
        terminal.until(NOT_IN_FORCE)
        terminal.type("q")
        assert terminal.finish() == 0
    for command in ("status", "health", "doctor"):
        assert NOT_IN_FORCE in staffed(command).out, command
    assert NOT_IN_FORCE in str(orch_health(staffed)["config_notices"])
    wrong = staffed("reload")
    assert wrong.code == 1
    assert "line 2, column 1: not valid YAML" in wrong.out
    staffed.ask("dispatch", "dev", "x", "--thread", "t1")
    staffed.until("execution.started")
    after_a_save(staffed, lambda: staffed.config.write_text(with_model(good, "m")))
    for command in ("status", "health", "doctor"):
        assert NOT_IN_FORCE not in staffed(command).out, command
    assert orch_health(staffed)["config_notices"] == []
    assert staffed("reload").code == 0
    (staffed.root / "gate").write_bytes(b"go")
    assert staffed.ask("wait", "--thread-id", "t1", "--timeout", str(CEILING))["body"] == "Done."


# proves: c-config-dashboard 48
def test_a_deleted_file_changes_nothing_and_is_read_when_it_is_back(staffed: Workshop) -> None:
    text, after = staffed.config.read_text(), head(staffed)
    staffed.config.unlink()
    staffed.until_logged("config.refused", after)
    assert [one["alias"] for one in staffed.ask("list-agents")["agents"]] == ["dev"]
    assert NOT_IN_FORCE in staffed("status").out
    after_a_save(staffed, lambda: staffed.config.write_text(with_model(text, "m")))
    assert staffed.ask("list-agents")["agents"][0]["model"] == "m"


# proves: c-config-dashboard 50, c-config-dashboard 51, c-config-dashboard 52
def test_what_takes_a_restart_is_named_and_the_agent_at_work_goes_on_without_its_place_in_the_file(
    staffed: Workshop,
) -> None:
    staffed.ask("dispatch", "dev", "x", "--thread", "t1")
    staffed.until("execution.started")
    two = {"max_concurrent_triggers": 2}
    staffed.configure([staffed.agent("rev", [{"reply": "Seen."}])], state_dir="elsewhere", orchestration=two)
    answer = staffed("reload")
    assert answer.code == 0
    for said in ("agents.dev removed", "agents.rev added", "waits for `compas restart`: state_dir", "'dev' is gone"):
        assert said in answer.out, said
    for command in ("status", "health", "doctor"):
        assert "waits for `compas restart`: state_dir" in staffed(command).out, command
    assert not (staffed.root / "elsewhere").exists()
    assert staffed.ask("dispatch", "rev", "y", "--thread", "t2", "--wait")["body"] == "Seen."
    assert "dev" in staffed("status").out
    (staffed.root / "gate").write_bytes(b"go")
    assert staffed.ask("wait", "--thread-id", "t1", "--timeout", str(CEILING))["body"] == "Done."
    assert "agents.dev removed" in staffed("why", "t1").out
    assert staffed("restart").code == 0
    assert (staffed.root / "elsewhere" / "compas.sqlite").exists()
    assert staffed.ask("health")["config_notices"] == []


def test_a_supervisor_is_not_replaced_while_the_next_one_could_not_start(staffed: Workshop) -> None:
    before, good = staffed.supervisor_pid(), staffed.config.read_text()
    staffed.config.write_text("agents: [\n")
    refused = staffed("restart")
    assert refused.code == 2
    assert "nothing was restarted" in refused.err
    assert "line 2, column 1: not valid YAML" in refused.err
    assert staffed.supervisor_pid() == before
    staffed.config.write_text(good)
    assert staffed("restart").code == 0
    assert staffed.supervisor_pid() != before


def test_reload_without_a_supervisor_starts_none(workshop: Workshop) -> None:
    workshop.configure([workshop.agent("dev", [{"reply": "Done."}])])
    answer = workshop("reload")
    assert (answer.code, answer.out) == (
        0,
        "no supervisor is running; the next one loads the config file as it starts\n",
    )
    assert not workshop.state.exists()
