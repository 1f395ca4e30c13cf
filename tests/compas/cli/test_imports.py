"""Light commands load nothing slow: what a process has loaded at its end is asked of the process itself."""

import json
import subprocess
import sys

import pytest

from tests.kit.ceiling import CEILING
from tests.kit.cli.command_line import CommandLine
from tests.kit.client.scripted_supervisor import Scripted

pytestmark = pytest.mark.system

SLOW = ("trio", "yaml", "mcp", "urwid", "pygit2", "apsw", "asyncio", "compas.orchestrator", "compas.config.decode")

LIGHT = ("msgspec", "compas.api", "dataclasses", "inspect", "importlib.metadata", "lzma")
"""What takes milliseconds to load, and what scripts and agents call a hundred times an hour does without."""

REPORT = """
import json, sys
from compas.cli.entry import main
code = main()
sys.stderr.write("\\n" + json.dumps([code, sorted(sys.modules)]))
"""

ANSWERS = {
    "dispatch": {"reply": {"thread_id": "T", "message_id": 1, "reference": "db:1", "next_step": "wait"}},
    "wait": {"reply": {"found": True, "thread_id": "T", "body": "done"}},
    "status": {"reply": {"threads": [], "total": 0}},
    "transcript": {"reply": {"thread_id": "T"}},
    "events": {"push": [], "reply": {"next_after": 0}},
    "log": {"push": [], "reply": {"execution_id": "X", "next_offset": 0, "status": "completed"}},
    "executions": {
        "reply": {
            "thread_id": "T",
            "chosen": 1,
            "executions": [
                {
                    "number": 1,
                    "execution_id": "X",
                    "agent": "dev",
                    "backend": "claude",
                    "status": "completed",
                    "queued_at": 0,
                    "has_steps": True,
                }
            ],
        }
    },
    "execution_events": {
        "push": [{"execution_id": "X", "index": 0, "at": 0, "kind": "message", "summary": "done"}],
        "reply": {"execution_id": "X", "next_after": 0, "missed": 0, "status": "completed"},
    },
    "list_agents": {
        "reply": {
            "agents": [],
            "global_max_concurrent": 1,
            "global_active": 0,
            "global_available": 1,
            "execution_timeout_secs": 600,
        }
    },
    "poll": {
        "reply": {
            "thread_id": "T",
            "thread_status": "Active",
            "summary": None,
            "matched_messages": 0,
            "messages": [],
            "latest_message_id": None,
            "latest_message_ref": None,
            "latest_intent": None,
            "more": False,
            "latest_body_preview": None,
            "execution_status": None,
        }
    },
    "tasks": {"reply": {"tasks": []}},
    "schedules": {"reply": {"schedules": []}},
    "schedule_pause": {"reply": {"name": "n", "changed": True, "paused": True, "runs": 0, "max_runs": 1}},
    "batch_status": {"reply": {"batch_id": "b", "thread_count": 0, "counts": {}, "work": {}, "threads": []}},
    "close": {"reply": {"thread_id": "T", "status": "completed"}},
    "stop": {"reply": {"pid": 1, "mode": "drain", "running": 0}},
}


def loaded_by(compas: CommandLine, *args: str, given: bytes = b"") -> tuple[int, set[str]]:
    """Run a command and return its exit code and every module it loaded."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, "-c", REPORT, *args], env=compas.environ, stdin=pipe, stdout=pipe, stderr=pipe
    )
    _, err = process.communicate(given, timeout=CEILING)
    code, modules = json.loads(err.decode().splitlines()[-1])
    return code, set(modules)


def slow(modules: set[str], which: tuple[str, ...] = SLOW) -> set[str]:
    return {name for name in modules if any(name == one or name.startswith(one + ".") for one in which)}


@pytest.mark.parametrize(
    "args",
    [
        ["--version"],
        ["--help"],
        ["dispatch", "--help"],
        ["run", "--help"],
        ["mcp-server", "--help"],
        ["stop"],
        ["init", "--help"],
        ["doctor", "--help"],
        ["setup-mcp", "--remove", "--dry-run"],
    ],
)
def test_a_command_that_asks_nobody_loads_nothing_slow(compas: CommandLine, args: list[str]) -> None:
    code, modules = loaded_by(compas, *args)
    assert (code, slow(modules)) == (0, set())


def test_commands_that_ask_the_supervisor_load_nothing_slow(compas: CommandLine, scripted: Scripted) -> None:
    scripted.says(answers=ANSWERS)
    scripted.start()
    for args in (
        ["dispatch", "dev", "do it", "--wait"],
        ["wait", "--thread-id", "T"],
        ["status"],
        ["transcript", "T"],
        ["events"],
        ["log", "X"],
        ["log", "X", "--steps"],
        ["executions", "T"],
        ["list-agents"],
        ["poll", "T"],
        ["tasks"],
        ["batch-status", "b"],
        ["pending"],
        ["schedules"],
        ["schedules", "pause", "n"],
        ["close", "T"],
        ["stop"],
    ):
        code, modules = loaded_by(compas, *args)
        assert (args[0], code, slow(modules, SLOW + LIGHT)) == (args[0], 0, set())


def test_a_relay_that_lists_tools_loads_the_standard_library_and_little_of_ours(compas: CommandLine) -> None:
    listing = b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}\n'
    code, modules = loaded_by(compas, "mcp-server", given=listing)
    assert code == 0
    libraries = {name.partition(".")[0] for name in modules} - sys.stdlib_module_names
    assert libraries <= {"__main__", "actors", "compas", "_distutils_hack"}
    assert not modules & {"argparse", "subprocess", "typing_extensions", "compas.api", "compas.cli.main"}


def test_a_command_loads_only_its_own_code(compas: CommandLine) -> None:
    _, modules = loaded_by(compas, "stop")
    assert "compas.cli.commands.operation" not in modules
    assert "subprocess" not in modules


@pytest.mark.parametrize(
    "args", [["--version"], ["--help"], ["dispatch", "--help"], ["wait", "--help"], ["stop"], ["pending", "--quiet"]]
)
def test_a_light_command_that_asks_nobody_loads_nothing_that_takes_milliseconds(
    compas: CommandLine, args: list[str]
) -> None:
    code, modules = loaded_by(compas, *args)
    assert (code, slow(modules, LIGHT)) == (0, set())
