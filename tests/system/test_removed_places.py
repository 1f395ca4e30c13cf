"""Files are removed under a living supervisor, as cleaners of /tmp do: it makes its door again, or ends without its
state."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import apsw
import pytest
import trio
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.kit.ceiling import CEILING
from tests.kit.system import process_tree
from tests.kit.system.workshop import Workshop

pytestmark = pytest.mark.system


def begun(workshop: Workshop) -> "subprocess.Popen[bytes]":
    """Start a supervisor with one agent."""
    workshop.configure([workshop.agent("dev", [{"reply": "Done."}], workspace="shared")])
    return workshop.supervise()


def said_by(workshop: Workshop) -> str:
    return (workshop.root / "run.log").read_text()


@pytest.mark.parametrize("what", ["socket", "files", "directory"])
def test_a_supervisor_whose_runtime_files_are_removed_is_found_all_the_same(workshop: Workshop, what: str) -> None:
    pid = begun(workshop).pid
    if what == "directory":
        _remove_at_once(workshop.runtime)
    for path in workshop.runtime.glob("*.sock" if what == "socket" else "*"):
        path.unlink()
    assert workshop.ask("health", "--no-start")["pid"] == pid
    assert workshop("dispatch", "dev", "Go.", "--thread", "t1", "--wait").code == 0
    assert workshop.supervisor_pid() == pid
    shown = workshop("doctor").out
    assert f"is ready: process {pid}" in shown
    stopped = workshop("stop")
    assert stopped.code == 0
    assert "no supervisor" not in stopped.out


def test_who_waits_while_the_runtime_directory_is_removed_is_not_cut_off(workshop: Workshop) -> None:
    gate = workshop.fifo("gate")
    workshop.configure([workshop.agent("dev", [{"block": str(gate)}, {"reply": "Done."}], workspace="shared")])
    workshop.supervise()
    waiting = workshop.begin("dispatch", "dev", "Go.", "--thread", "t1", "--wait")
    workshop.until("execution.started")
    _remove_at_once(workshop.runtime)
    assert workshop.ask("health", "--no-start")["state"] == "ready"
    gate.write_text("go")
    _, err = waiting.communicate(timeout=CEILING)
    assert (waiting.returncode, b"connecting again" in err) == (0, False)


@pytest.mark.parametrize("what", ["log", "contents", "directory", "moved"])
def test_a_supervisor_whose_state_is_removed_says_so_and_ends(workshop: Workshop, what: str) -> None:
    process = begun(workshop)
    _remove(workshop.state, what)
    assert process.wait(CEILING) == 2
    assert "compas.sqlite was removed, moved or replaced" in said_by(workshop)


def _remove_at_once(directory: Path) -> None:
    """Remove a directory before its supervisor can make anything in it again."""
    away = directory.with_name(f"{directory.name}-gone")
    directory.rename(away)
    shutil.rmtree(away, ignore_errors=True)


def _remove(state: Path, what: str) -> None:
    if what == "log":
        (state / "compas.sqlite").unlink()
    elif what == "moved":
        state.rename(state.with_name("elsewhere"))
    else:
        _remove_at_once(state)
        if what == "contents":
            state.mkdir()


def test_a_lock_that_is_removed_alone_is_held_again(workshop: Workshop) -> None:
    begun(workshop)
    (workshop.state / "compas.lock").unlink()
    for path in workshop.runtime.glob("*.lock"):
        path.unlink()
    assert workshop.ask("health", "--no-start")["state"] == "ready"
    assert os.listdir(workshop.runtime)
    assert (workshop.state / "compas.lock").exists()


def test_a_supervisor_of_another_runtime_directory_answers_and_none_is_started_beside_it(workshop: Workshop) -> None:
    pid = begun(workshop).pid
    with tempfile.TemporaryDirectory(prefix="cs-", dir="/tmp") as other:  # short enough for a socket
        elsewhere = {"COMPAS_RUNTIME_DIR": other}
        assert workshop.ask("health", env=elsewhere)["pid"] == pid
        assert f"is ready: process {pid}" in workshop("doctor", env=elsewhere).out
        stopped = workshop("stop", env=elsewhere)
    assert (stopped.code, "no supervisor" in stopped.out) == (0, False)
    assert workshop("health", "--no-start").code == 2


def test_who_names_another_state_directory_is_told_both(workshop: Workshop) -> None:
    begun(workshop)
    other = str(workshop.root / "other")
    for command in ("status", "stop"):
        said = workshop(command, env={"COMPAS_STATE_DIR": other})
        assert (said.code, said.out) == (2, "")
        for part in (other, str(workshop.state), "unset COMPAS_STATE_DIR"):
            assert part in said.err
    assert workshop("status", env={"COMPAS_STATE_DIR": str(workshop.state)}).code == 0


def test_who_names_the_config_by_a_link_is_refused_where_its_relative_paths_would_differ(workshop: Workshop) -> None:
    begun(workshop)
    link = workshop.root / "links" / "config.yaml"
    link.parent.mkdir()
    link.symlink_to(workshop.config)
    said = workshop("status", env={"COMPAS_CONFIG": str(link)})
    assert said.code == 2
    for part in (str(link), f"--config {workshop.config}", "relative paths"):
        assert part in said.err
    beside = workshop.config.with_name("same.yaml")
    beside.symlink_to(workshop.config)
    assert workshop("status", env={"COMPAS_CONFIG": str(beside)}).code == 0


def test_an_agent_finds_its_supervisor_where_xdg_runtime_dir_decided_its_place(workshop: Workshop) -> None:
    asking = f"{sys.executable} -P -m compas health --no-start --json > asked.json"
    alone = {"PATH": workshop.environ["PATH"], "PYTHONPATH": workshop.environ["PYTHONPATH"]}
    agent = workshop.agent("dev", [{"run": asking}, {"reply": "Done."}], workspace="shared", env_pass=[], env=alone)
    workshop.configure([agent])
    runtime = {"XDG_RUNTIME_DIR": workshop.environ.pop("COMPAS_RUNTIME_DIR"), "COMPAS_STATE_DIR": "./state"}
    workshop.environ |= runtime
    pid = workshop.supervise().pid
    assert workshop("dispatch", "dev", "Go.", "--thread", "t1", "--wait").code == 0
    assert json.loads((workshop.repo / "asked.json").read_text())["pid"] == pid


def test_a_supervisor_that_was_followed_by_another_ends_at_its_next_write(workshop: Workshop) -> None:
    process = begun(workshop)
    database = apsw.Connection(str(workshop.state / "compas.sqlite"))
    database.execute("INSERT INTO epochs (epoch, pid, boot_id, version, at) VALUES (99, 1, 'boot', '9', 0)")
    database.close()
    said = workshop("dispatch", "dev", "Go.", "--no-start")
    assert said.code == 2, said
    assert process.wait(CEILING) == 2
    assert "supervisor 99 took over" in said_by(workshop)


async def test_an_editor_is_served_on_after_the_runtime_directory_was_removed(workshop: Workshop) -> None:
    pid = begun(workshop).pid
    arguments = ["-P", "-m", "compas", "mcp-server"]
    server = StdioServerParameters(command=sys.executable, args=arguments, env=workshop.environ, cwd=workshop.repo)
    with trio.fail_after(CEILING):
        async with stdio_client(server) as (incoming, outgoing), ClientSession(incoming, outgoing) as session:
            await session.initialize()
            assert not (await session.call_tool("orch_health", {})).is_error
            _remove_at_once(workshop.runtime)
            for _ in range(2):
                answer = await session.call_tool("orch_health", {})
                assert not answer.is_error, answer.content
    assert workshop.supervisor_pid() == pid
    assert {".sock", ".mcp", ".tools", ".lock"} <= {path.suffix for path in workshop.runtime.iterdir()}


def test_a_supervisor_in_the_background_ends_with_its_workers_and_the_start_up_log_says_why(workshop: Workshop) -> None:
    workshop.configure([workshop.agent("dev", [{"reply": "Done."}], workspace="worktree")])
    assert workshop("dispatch", "dev", "Go.", "--thread", "t1", "--wait").code == 0
    pid = workshop.supervisor_pid()
    mine = [one.pid for one in workshop.processes() if pid in (one.pid, one.parent)]
    assert len(mine) > 1
    _remove_at_once(workshop.state)
    assert all(process_tree.wait_gone(one, CEILING) for one in mine)
    (log,) = workshop.runtime.glob("*.log")
    assert "compas.sqlite was removed, moved or replaced" in log.read_text()
