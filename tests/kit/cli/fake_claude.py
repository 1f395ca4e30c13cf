"""Stands in for Claude Code's `mcp` command: the same words, exit codes and file, and trouble on demand.

FAKE_CLAUDE_TROUBLE says which: `fail` refuses to add, `picky` refuses to add a config, `hang`
never ends, `lie` ends well without doing anything.
FAKE_CLAUDE_CALLS is a file that gets a line for each call.
"""

import json
import os
import signal
import sys
from pathlib import Path


def main() -> str | None:
    args = sys.argv[1:]
    if calls := os.environ.get("FAKE_CLAUDE_CALLS"):
        with Path(calls).open("a") as file:
            file.write(json.dumps(args) + "\n")
    match os.environ.get("FAKE_CLAUDE_TROUBLE"):
        case "hang":
            signal.pause()
        case "fail" if args[1].startswith("add"):
            return "no room for another server"
        case "picky" if "--config" in str(args):
            return "no arguments with dashes"
        case "lie":
            return None
    return serve(Path(os.environ.get("CLAUDE_CONFIG_DIR") or os.environ["HOME"], ".claude.json"), args)


def serve(path: Path, args: list[str]) -> str | None:
    settings = json.loads(path.read_text()) if path.exists() else {"firstStartVersion": "fake"}
    servers = settings.setdefault("mcpServers", {})
    match args:
        case ["mcp", "add", "--scope", "user", "--transport", "stdio", name, "--", command, *rest]:
            if name in servers:
                return f"MCP server {name} already exists in user config"
            servers[name] = {"type": "stdio", "command": command, "args": rest, "env": {}}
        case ["mcp", "add-json", "--scope", "user", name, entry]:
            if name in servers:
                return f"MCP server {name} already exists in user config"
            servers[name] = json.loads(entry)
        case ["mcp", "remove", name, "-s", "user"]:
            if name not in servers:
                return f'No MCP server named "{name}" in user scope'
            del servers[name]
        case _:
            return f"error: unknown command {args}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(settings, indent=2))
    return None


if __name__ == "__main__":
    sys.exit(main())
