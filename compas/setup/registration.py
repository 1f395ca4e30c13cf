"""What it takes for an editor to start compas' MCP server, and how an entry that is there compares with it."""

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from compas.setup.config_place import is_default
from compas.setup.errors import SetupError

NAME = "compas"
SERVER = "mcp-server"

Standing = Literal["absent", "current", "outdated", "foreign"]
"""current: just what we would register; outdated: ours, with another command or config; foreign: somebody else's."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A server as an editor has it registered; `is_enabled` is false when a person has switched it off there.

    `lacks` names variables that the editor has to pass on to it and does not: an earlier compas has registered it.
    """

    command: str = ""
    args: tuple[str, ...] = ()
    is_enabled: bool = True
    lacks: tuple[str, ...] = ()

    def in_words(self) -> str:
        """Return the command line."""
        return shlex.join((self.command, *self.args)) if self.command else "a server without a command"


def wanted_entry(program: Sequence[str], config: Path, environ: Mapping[str, str]) -> Entry:
    """Return the entry for this config; the default one needs no name, which leaves it to the editor's HOME."""
    named = () if is_default(config, environ) else ("--config", str(config))
    return Entry(command=program[0], args=(*program[1:], SERVER, *named))


def standing(entry: Entry | None, wanted: Entry) -> Standing:
    """Say how an entry under our name compares with the one that is wanted."""
    if entry is None:
        return "absent"
    if (entry.command, entry.args) == (wanted.command, wanted.args):
        return "outdated" if entry.lacks else "current"
    is_ours = SERVER in entry.args and (Path(entry.command).name == NAME or NAME in entry.args)
    return "outdated" if is_ours else "foreign"


def own_program(called: str, python: str = sys.executable) -> tuple[str, ...]:
    """Return the absolute command that starts this compas; `called` is how it was started now.

    The name it was started by is kept, symbolic links and all: an upgrade may move what is behind it.
    Raises SetupError for a source tree without an installed command, which an editor could not start.
    """
    for candidate in (Path(called).absolute(), Path(python).with_name(NAME)):
        if candidate.name == NAME and candidate.is_file() and os.access(candidate, os.X_OK):
            return (str(candidate),)
    if Path(__file__).parents[2].name in ("site-packages", "dist-packages"):
        return (python, "-P", "-m", NAME)
    raise SetupError(
        "this compas runs from its source tree, and an editor cannot start it like that; install it "
        f"(`{shlex.quote(python)} -m pip install -e {shlex.quote(str(Path(__file__).parents[2]))}`) and try again"
    )
