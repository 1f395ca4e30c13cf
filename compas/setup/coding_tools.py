"""Which coding CLIs compas knows, and which of them are installed here."""

import shutil

import msgspec


class CodingTool(msgspec.Struct, frozen=True, kw_only=True):
    """A coding CLI: the name of its command, which is also the backend's, and how to get it."""

    name: str
    install: str


TOOLS: tuple[CodingTool, ...] = (
    CodingTool(name="claude", install="npm install -g @anthropic-ai/claude-code"),
    CodingTool(name="codex", install="npm install -g @openai/codex"),
    CodingTool(name="gemini", install="npm install -g @google/gemini-cli"),
    CodingTool(name="opencode", install="npm install -g opencode-ai"),
)
"""In the order in which one is chosen when nobody says which."""

BY_NAME: dict[str, CodingTool] = {tool.name: tool for tool in TOOLS}


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A tool on this machine: `path` is its command's, None when it is not installed."""

    tool: CodingTool
    path: str | None


def detect(search_path: str) -> tuple[Found, ...]:
    """Look for the tools on `search_path`, a list of directories as in $PATH."""
    return tuple(Found(tool=tool, path=shutil.which(tool.name, path=search_path)) for tool in TOOLS)
