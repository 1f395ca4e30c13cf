"""Which tools editors are told of: those that compas was built with, with what a config adds to them.

The supervisor leaves the list of its config beside its socket, and relays read it there. A tool is one line of JSON.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path

BUILT = Path(__file__).with_name("tools.json")
"""Every tool as the gateway describes it; `python -m compas.gateway.listed` writes it."""

DISPATCH = "orch_dispatch"
MOST_NAMES = 40
"""How many agents are named in a description: every model reads it, whatever it is about to do."""


def built_tools() -> bytes:
    """Return the tools that compas was built with, as a JSON list on one line."""
    return _on_one_line(BUILT.read_bytes())


def tools_for(agents: Iterable[str]) -> bytes:
    """Return the tools of a config with these agents, in its order, as a JSON list on one line."""
    names = list(agents)
    tools = json.loads(built_tools())
    if names:
        more = f" and {len(names) - MOST_NAMES} more, see orch_list_agents" if len(names) > MOST_NAMES else ""
        for tool in tools:
            if tool["name"] == DISPATCH:
                to = tool["inputSchema"]["properties"]["to"]
                to["description"] += f": {', '.join(names[:MOST_NAMES])}{more}"
    return json.dumps(tools, ensure_ascii=False, separators=(",", ":")).encode()


def read_tools(path: Path) -> bytes:
    """Return the list that a supervisor left at `path`, or the built one where none has or it cannot be used."""
    try:
        found = _on_one_line(path.read_bytes())
    except OSError:
        return built_tools()
    return found if found.startswith(b"[") and found.endswith(b"]") else built_tools()


def write_tools(path: Path, tools: bytes) -> None:
    """Put the list at `path`, whole or not at all, for this user alone. Raises OSError."""
    fresh = path.with_suffix(".new")  # one writer only, the supervisor that holds the lock
    with open(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600), "wb"
    ) as file:
        file.write(tools + b"\n")
    os.replace(fresh, path)


def _on_one_line(text: bytes) -> bytes:
    return text.replace(b"\n", b"")
