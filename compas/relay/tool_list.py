"""Which tools editors are told of: those that compas was built with, with what a config adds to them.

The supervisor leaves the list of its config beside its socket, and relays read it there. It is one object: `tools` are
all of them, `core` the names of those of the daily work, `which` the set that editors are told of unless their relay
was started for another.
"""

import json
import os
from pathlib import Path
from typing import Literal

ToolSet = Literal["core", "all"]

BUILT = Path(__file__).with_name("tools.json")
"""What no config adds to; `python -m compas.gateway.listed` writes it."""


BUILT_SET: ToolSet = "core"
"""Which of them editors are told of then."""


def tool_set(name: object) -> ToolSet | None:
    """Return the set of this name, or None when there is none."""
    match name:
        case "core" | "all":
            return name
        case _:
            return None


def built_tools(chosen: ToolSet | None = None) -> bytes:
    """Return the tools that compas was built with, those of the `chosen` set, as a JSON list on one line."""
    return tools_in(BUILT.read_bytes(), chosen)


def read_tools(path: Path, chosen: ToolSet | None = None) -> bytes:
    """Return the list that a supervisor left at `path`, or the built one where none has or it cannot be used."""
    try:
        return tools_in(path.read_bytes(), chosen)
    except (OSError, ValueError, TypeError, KeyError):
        return built_tools(chosen)


def read_set(path: Path, chosen: ToolSet | None = None) -> ToolSet:
    """Return which set `read_tools` returns for the same arguments."""
    if chosen is not None:
        return chosen
    try:
        return tool_set(json.loads(path.read_bytes())["which"]) or BUILT_SET
    except (OSError, ValueError, TypeError, KeyError):
        return BUILT_SET


def write_tools(path: Path, tools: bytes) -> None:
    """Put the list at `path`, whole or not at all, for this user alone. Raises OSError."""
    fresh = path.with_suffix(".new")  # one writer only, the supervisor that holds the lock
    with open(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600), "wb"
    ) as file:
        file.write(tools)
    os.replace(fresh, path)


def tools_in(text: bytes, chosen: ToolSet | None = None) -> bytes:
    """Return the tools of a list that an editor is told of, on one line.

    Raises ValueError, TypeError or KeyError where there are none.
    """
    found = json.loads(text)
    tools = found["tools"]
    if (chosen or found["which"]) != "all":
        core = frozenset(found["core"])
        tools = [tool for tool in tools if tool["name"] in core]
    return json.dumps(tools, ensure_ascii=False, separators=(",", ":")).encode()
