"""Which commands there are, and where each one's code is: nothing of it is loaded before it is called."""

from collections.abc import Iterable
from importlib import import_module
from typing import NamedTuple

from compas.cli.operations import docs

_ONE_OPERATION = "compas.cli.commands.operation:main"


class Command(NamedTuple):
    """One command: its name, its line in the list, and the function that runs it as `module:function`."""

    name: str
    doc: str
    runs: str = _ONE_OPERATION


_OWN_CODE = {
    "dispatch": "compas.cli.commands.dispatch:main",
    "wait": "compas.cli.commands.wait:main",
    "wait-merge": "compas.cli.commands.wait:main",
    "merge": "compas.cli.commands.merge:main",
    "close": "compas.cli.commands.close:main",
    "log": "compas.cli.commands.log:main",
    "stop": "compas.cli.commands.stop:main",
    "reload": "compas.cli.commands.reload:main",
    "schedules": "compas.cli.commands.schedules:main",
    "hooks": "compas.cli.commands.hooks:main",
    "hook-test": "compas.cli.commands.hooks:main",
}
"""Commands that do more than their operation."""

_WITHOUT_OPERATION = (
    Command(name="run", doc="Run the supervisor.", runs="compas.cli.commands.run:main"),
    Command(name="worker", doc="The same as `run`.", runs="compas.cli.commands.run:main"),
    Command(name="restart", doc="Replace the supervisor while agents run on.", runs="compas.cli.commands.stop:restart"),
    Command(name="pending", doc="Show the threads that wait for you.", runs="compas.cli.commands.pending:main"),
    Command(name="dashboard", doc="Show what happens, live.", runs="compas.cli.commands.dashboard:main"),
    Command(name="init", doc="Write a first config file.", runs="compas.cli.commands.init:main"),
    Command(
        name="setup-mcp", doc="Make an editor know compas, or forget it.", runs="compas.cli.commands.setup_mcp:main"
    ),
    Command(name="doctor", doc="Find what is wrong with this set-up.", runs="compas.cli.commands.doctor:main"),
    Command(name="mcp-server", doc="Offer compas to an editor as MCP tools.", runs="compas.cli.commands.mcp:main"),
    Command(name="demo", doc="Show it all on a throw-away repository.", runs="compas.cli.commands.demo:main"),
)


_GROUPS = {
    "every day": ("dispatch", "wait", "status", "diff", "merge", "close", "dashboard"),
    "read": (
        *(
            "pending",
            "transcript",
            "read",
            "poll",
            "log",
            "executions",
            "execution-events",
            "why",
            "diagnose",
            "events",
        ),
        *("tasks", "batch-status", "worktrees", "list-agents", "metrics", "costs", "tool-stats"),
        "session-info",
    ),
    "judge and end": (
        *("approve", "request-changes", "verdict", "commit", "wait-merge", "merge-status", "merge-cancel"),
        *("cancel", "abandon", "abandon-batch", "reopen", "worktree-remove"),
    ),
    "by itself": ("schedules", "hooks"),
    "set up": ("demo", "init", "setup-mcp", "doctor", "dashboard-commands"),
    "the supervisor": ("run", "worker", "stop", "restart", "reload", "settings", "health", "prune", "mcp-server"),
}
"""What help lists together, the everyday first."""
_OTHER_SPELLINGS = frozenset({"schedule-run", "schedule-pause", "schedule-resume", "schedule-reset", "hook-test"})
"""Commands that help names in the text of another one, such as `compas schedules run`."""


def groups(known: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Return the titles of help with the commands below each; what no group names comes last."""
    left = [name for name in known if name not in _OTHER_SPELLINGS]
    found = []
    for title, names in _GROUPS.items():
        found.append((title, [name for name in names if name in left]))
        left = [name for name in left if name not in names]
    return found + ([("more", left)] if left else [])


def commands() -> dict[str, Command]:
    """Return every command by its name, in the order in which help lists them."""
    named = {
        name: Command(name=name, doc=doc, runs=_OWN_CODE.get(name, _ONE_OPERATION))
        for operation, doc in docs().items()
        for name in [operation.replace("_", "-")]
    }
    return named | {command.name: command for command in _WITHOUT_OPERATION}


def run_command(command: Command, args: list[str]) -> int:
    """Load the command's code and run it with its arguments."""
    module, _, function = command.runs.partition(":")
    return int(getattr(import_module(module), function)(command.name, args))
