"""How a tool call of Claude Code is told in a few words."""

from typing import Any

COMMAND_CHARACTERS = 60
_ADDRESS_CHARACTERS = 50
_TASK_CHARACTERS = 40


def summarize(name: str, given: dict[str, Any]) -> str:
    """Say what a tool was called with (a-core 9.1 of its tables); what is missing shows as `?`."""
    match name:
        case "Write":
            return f"Write to {_place(given)}"
        case "Edit" | "Read":
            return f"{name} {_place(given)}"
        case "Bash":
            return f"Bash: {_said(given, 'command')[:COMMAND_CHARACTERS]}"
        case "Glob" | "Grep":
            return f"{name}: {_said(given, 'pattern')}"
        case "Task":
            return f"Task: {_said(given, 'description', 'sub-task')}"
        case "TodoWrite":
            return "TodoWrite: the list of tasks"
        case "WebFetch":
            return f"WebFetch: {_said(given, 'url')[:_ADDRESS_CHARACTERS]}"
        case "Agent":
            return f"Agent: {_said(given, 'prompt', 'sub-agent')[:_TASK_CHARACTERS]}"
        case _:
            return name or "?"


def _said(given: dict[str, Any], key: str, otherwise: str = "?") -> str:
    value = given.get(key)
    return value if isinstance(value, str) and value else otherwise


def _place(given: dict[str, Any]) -> str:
    """Return the last three parts of a path: worktrees lie deep, and their names are known."""
    return "/".join(_said(given, "file_path").split("/")[-3:])
