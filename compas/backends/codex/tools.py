"""How the tools of Codex are told in a few words: what was called, and what came back."""

import re
from typing import Any

import msgspec

from compas.backends.json_values import object_of, text_of

COMMAND_CHARACTERS = 60
SHELL = "shell"

_WRAPPED = re.compile(r"""(?:/\S*/)?(?:ba|z|da)?sh -l?c (?P<quote>['"])(?P<command>.*)(?P=quote)""", re.DOTALL)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A call or a result of a tool: its name, a few words, and all of it."""

    name: str
    summary: str
    detail: str = ""
    failed: bool = False


def call_of(item: dict[str, Any]) -> Told | None:
    """Return the call that an item tells of; None for one that is no tool's."""
    name = _name(item)
    if name is None:
        return None
    match text_of(item, "type"):
        case "command_execution":
            command = text_of(item, "command")
            return Told(name=name, summary=f"{SHELL}: {_bare(command)[:COMMAND_CHARACTERS]}", detail=command)
        case "file_change":
            places = ", ".join(_places(item))
            return Told(name=name, summary=f"{name}: {places[:COMMAND_CHARACTERS]}", detail=places)
        case "web_search":
            query = text_of(item, "query")
            return Told(name=name, summary=f"{name}: {query[:COMMAND_CHARACTERS]}", detail=query)
        case _:
            return Told(name=name, summary=name, detail=msgspec.json.encode(item.get("arguments")).decode())


def result_of(item: dict[str, Any]) -> Told | None:
    """Return what came of a tool; None for an item that is no tool's."""
    name = _name(item)
    if name is None:
        return None
    failed = text_of(item, "status") in ("failed", "declined")
    match text_of(item, "type"):
        case "command_execution":
            code = item.get("exit_code")
            shown = code if isinstance(code, int) and not isinstance(code, bool) else "?"
            failed = failed or shown not in (0, "?")
            output = text_of(item, "aggregated_output")
            return Told(name=name, summary=f"{SHELL}: exit {shown}", detail=output, failed=failed)
        case "file_change":
            detail = ", ".join(_places(item))
        case "web_search":
            detail = text_of(item, "query")
        case _:
            detail = _said(item)
            failed = failed or bool(object_of(item, "error"))
    return Told(name=name, summary=f"{name}: {'error' if failed else 'completed'}", detail=detail, failed=failed)


def _name(item: dict[str, Any]) -> str | None:
    match text_of(item, "type"):
        case "command_execution":
            return SHELL
        case "file_change" | "web_search" as kind:
            return kind
        case "mcp_tool_call" | "collab_tool_call":
            server, tool = text_of(item, "server"), text_of(item, "tool") or "?"
            return f"{server}::{tool}" if server else tool
        case "function_call":
            return text_of(item, "name") or "?"
        case _:
            return None


def _said(item: dict[str, Any]) -> str:
    error = text_of(object_of(item, "error"), "message")
    content = object_of(item, "result").get("content")
    parts = content if isinstance(content, list) else []
    return error or "\n".join(text_of(part, "text") for part in parts if isinstance(part, dict))


def _bare(command: str) -> str:
    """Return a command without the shell that Codex wraps it in."""
    wrapped = _WRAPPED.fullmatch(command)
    return wrapped["command"] if wrapped else command


def _places(item: dict[str, Any]) -> list[str]:
    """Return the last three parts of each path: worktrees lie deep, and their names are known."""
    changes = item.get("changes")
    found = [change for change in changes if isinstance(change, dict)] if isinstance(changes, list) else []
    return [f"{text_of(each, 'kind')} {'/'.join(text_of(each, 'path').split('/')[-3:])}".strip() for each in found]
