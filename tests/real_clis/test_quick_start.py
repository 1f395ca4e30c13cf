"""The quick start with Claude Code on both ends: as the editor that dispatches, and as the agent that works."""

import json
import os
import shlex
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.kit.ceiling import CEILING
from tests.kit.system.workshop import Workshop
from tests.model_server.model_http import ModelServer

pytestmark = pytest.mark.system

TASK = "SCENARIO:write path=health.py content='def health(): return True'\nSCENARIO:final text='A health check.'\n"
REVIEW = "SCENARIO:final text='Verdict: approve'\\nSCENARIO:end"


def whole_job(task: str) -> str:
    """Script an editor's turn: one tool of compas after another, then a word to the operator."""
    steps: list[tuple[str, dict[str, object]]] = [
        ("dispatch", {"to": "dev", "body": task, "thread_id": "health", "summary": "Add a health check"}),
        ("wait", {"thread_id": "health", "await_chain": True, "timeout_secs": 100}),
        ("diff", {"thread_id": "health"}),
        ("merge", {"thread_id": "health"}),
        ("wait_merge", {"op_id": "{{op_id}}"}),
        ("close", {"thread_id": "health"}),
    ]
    lines = [
        f"SCENARIO:tool name=mcp__compas__orch_{tool} args={shlex.quote(json.dumps(args))}" for tool, args in steps
    ]
    return "\n".join([*lines, "SCENARIO:final text='The change is on main.'"])


def set_up(claude: Workshop) -> None:
    """Follow the quick start: init, setup-mcp, doctor. The reviewer's answer is scripted into the config."""
    del claude.environ["COMPAS_CONFIG"]
    made = claude("init", "--non-interactive", "--backend", "claude", cwd=claude.repo)
    assert made.code == 0, made
    config = Path(claude.environ["HOME"]) / ".compas" / "config.yaml"
    text = config.read_text()
    assert "on_response: reviewer" in text
    asked = text.replace("on_response: reviewer", f'on_response: reviewer\n      handoff_prompt: "{REVIEW}"', 1)
    config.write_text(asked)
    registered = claude("setup-mcp", "--tool", "claude")
    assert registered.code == 0, registered
    examined = claude("doctor")
    assert examined.code == 0, examined


def begin_editing(claude: Workshop, prompt: str) -> "subprocess.Popen[bytes]":
    """Have Claude Code, as the operator's editor, begin a turn."""
    program = shutil.which("claude", path=claude.environ["PATH"])
    assert program is not None
    argv = [program, "-p", "--dangerously-skip-permissions", "--output-format", "json", "--", prompt]
    return claude.start(argv, env={"IS_SANDBOX": "1"}, cwd=claude.repo)


def said_at_the_end(editor: "subprocess.Popen[bytes]") -> str:
    """Return what the editor said to the operator when its turn was over."""
    out, err = editor.communicate(timeout=CEILING)
    assert editor.returncode == 0, (out, err)
    return str(json.loads(out)["result"])


def test_claude_code_dispatches_to_claude_code_and_the_change_is_merged(claude: Workshop, server: ModelServer) -> None:
    set_up(claude)
    assert said_at_the_end(begin_editing(claude, whole_job(TASK))) == "The change is on main."
    assert (claude.repo / "health.py").read_text() == "def health(): return True"
    assert claude.git("status", "--short", "--untracked-files=no") == ""
    assert claude.ask("status", "health")["threads"][0]["thread_status"] == "Completed"
    results = server.requests[-1].results
    assert len(results) == 6
    assert '"intent":"response"' in results[1].replace(" ", "")
    assert "+def health(): return True" in results[2]
    assert [run["agent"] for run in claude.ask("transcript", "health")["executions"]] == ["dev", "reviewer"]


def test_the_same_with_the_supervisor_killed_while_the_agent_works(claude: Workshop) -> None:
    set_up(claude)
    gate = claude.fifo("gate")
    editor = begin_editing(claude, whole_job(f"SCENARIO:shell cmd='cat {gate}'\n{TASK}"))
    # Opening a FIFO for writing waits for its reader, which is the agent's tool: the agent is at work now.
    with gate.open("w") as held:
        os.kill(claude.supervisor_pid(), signal.SIGKILL)
        held.write("go\n")
    assert said_at_the_end(editor) == "The change is on main."
    assert (claude.repo / "health.py").read_text() == "def health(): return True"
    executions = claude.ask("transcript", "health")["executions"]
    assert [(run["agent"], run["status"], run["attempt"]) for run in executions] == [
        ("dev", "completed", 0),
        ("reviewer", "completed", 0),
    ]
