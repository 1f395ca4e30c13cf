"""Which commands there are, and where each one's code is: nothing of it is loaded before it is called."""

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
    "close": "compas.cli.commands.close:main",
    "stop": "compas.cli.commands.stop:main",
    "reload": "compas.cli.commands.reload:main",
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
