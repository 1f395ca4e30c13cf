"""Which commands there are, and where each one's code is: nothing of it is loaded before it is called."""

from importlib import import_module

import msgspec

from compas.api.catalogue import OPERATIONS

_ONE_OPERATION = "compas.cli.operation_command:main"


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One command: its name, its line in the list, and the function that runs it as `module:function`."""

    name: str
    doc: str
    runs: str = _ONE_OPERATION


_OWN_CODE = {
    "dispatch": "compas.cli.dispatch_command:main",
    "wait": "compas.cli.wait_command:main",
    "wait-merge": "compas.cli.wait_command:main",
    "close": "compas.cli.close_command:main",
    "stop": "compas.cli.stop_command:main",
    "reload": "compas.cli.reload_command:main",
}
"""Commands that do more than their operation."""

_WITHOUT_OPERATION = (
    Command(name="run", doc="Run the supervisor.", runs="compas.cli.run:main"),
    Command(name="worker", doc="The same as `run`.", runs="compas.cli.run:main"),
    Command(name="restart", doc="Replace the supervisor while agents run on.", runs="compas.cli.stop_command:restart"),
    Command(name="dashboard", doc="Show what happens, live.", runs="compas.cli.dashboard_command:main"),
    Command(name="init", doc="Write a first config file.", runs="compas.cli.init_command:main"),
    Command(
        name="setup-mcp", doc="Make an editor know compas, or forget it.", runs="compas.cli.setup_mcp_command:main"
    ),
    Command(name="doctor", doc="Find what is wrong with this set-up.", runs="compas.cli.doctor_command:main"),
    Command(name="mcp-server", doc="Offer compas to an editor as MCP tools.", runs="compas.cli.mcp_command:main"),
    Command(name="demo", doc="Show it all on a throw-away repository.", runs="compas.cli.demo_command:main"),
)


def commands() -> dict[str, Command]:
    """Return every command by its name, in the order in which help lists them."""
    named = {
        name: Command(name=name, doc=operation.doc, runs=_OWN_CODE.get(name, _ONE_OPERATION))
        for operation in OPERATIONS
        for name in [operation.name.replace("_", "-")]
    }
    return named | {command.name: command for command in _WITHOUT_OPERATION}


def run_command(command: Command, args: list[str]) -> int:
    """Load the command's code and run it with its arguments."""
    module, _, function = command.runs.partition(":")
    return int(getattr(import_module(module), function)(command.name, args))
