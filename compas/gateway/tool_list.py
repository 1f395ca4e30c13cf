"""Which tools a client is told of, and what it is told of each: plain dicts, as MCP writes them."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from compas.domain.specs import ToolSet
from compas.gateway.schema import input_schema
from compas.gateway.tool import Tool
from compas.gateway.tools import TOOLS

MOST_AGENTS: Final = 40
"""How many agents are named in a description: every model reads it, whatever it is about to do."""


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of an agent: its alias, and how many tasks it works on at once."""

    alias: str
    at_once: int


def tool_list(agents: Sequence[Agent], which: ToolSet) -> list[dict[str, Any]]:
    """Return the tools of a set, for a config with these agents.

    What a tool answers with is left out: it explains itself, and telling it takes more words than all the rest.
    """
    return [_listed(tool, agents) for tool in TOOLS if is_listed(tool, which)]


def is_listed(tool: Tool, which: ToolSet) -> bool:
    """Tell whether a set has this tool; one that it has not can be called all the same."""
    return tool.is_core or which == "all"


def describe(tool: Tool, agents: Sequence[Agent]) -> str:
    """Say what a tool does; where work is given away, also who there is to take it."""
    if tool.operation.name != "dispatch" or not agents:
        return tool.doc
    named = ", ".join(f"{agent.alias} {agent.at_once}" for agent in agents[:MOST_AGENTS])
    more = f" and {len(agents) - MOST_AGENTS} more, see orch_list_agents" if len(agents) > MOST_AGENTS else ""
    return f"{tool.doc} Agents, and how many tasks each takes at once: {named}{more}."


def _listed(tool: Tool, agents: Sequence[Agent]) -> dict[str, Any]:
    return {
        "name": tool.name,
        "title": tool.title,
        "description": describe(tool, agents),
        "inputSchema": input_schema(tool),
        "annotations": _annotations(tool),
    }


def _annotations(tool: Tool) -> dict[str, bool]:
    """Return the hints that differ from what a client assumes, and whether anything is changed.

    A tool that writes is never called closed to the world: Codex then runs it without asking.
    """
    if tool.is_read_only:
        return {"readOnlyHint": True} | ({} if tool.open_world else {"openWorldHint": False})
    hints = {"readOnlyHint": False, "destructiveHint": tool.destructive}
    return hints | ({"idempotentHint": True} if tool.idempotent else {})
