"""Says which MCP clients are put through the whole job by the tests, for docs/mcp-tools.md."""

from typing import Final

CELLS: Final = ("list", "dispatch", "wait, with progress", "cancel", "diff", "merge", "close")
"""What each client is tried with: a table's columns behind the client, its version and the protocol it speaks."""

_REST = ("yes", "yes", "yes")
_FOUND = "yes, by its search for tools, in its first turn"
_SHOWN = "yes, from its first request on"
_ENDED = "Ctrl-C ends it, and with it the wait"

ROWS: Final[tuple[tuple[str, ...], ...]] = (
    (
        "the Python client (`mcp`)",
        "2.3.0",
        "2025-11-25",
        *("yes", "yes", "yes", "yes: the call is cancelled", *_REST),
    ),
    (
        "MCP Inspector, `--cli`",
        "2.12.0",
        "2025-11-25",
        *("yes", "yes", "yes, where it is told to ask for progress", _ENDED, *_REST),
    ),
    (
        "Claude Code, `claude -p`",
        "2.1.330",
        "2026-07-28",
        *(_FOUND, "yes", "yes", "yes: at Ctrl-C it cancels the call", *_REST),
    ),
    ("Codex, `codex exec`", "0.169.0", "2025-06-18", *(_FOUND, "yes", "yes", _ENDED, *_REST)),
    ("Gemini CLI, `--prompt`", "0.61.0", "2025-06-18", *(_SHOWN, "yes", "yes", _ENDED, *_REST)),
    ("OpenCode, `opencode run`", "1.18.33", "2025-11-25", *(_SHOWN, "yes", "yes", _ENDED, *_REST)),
)


def tried_clients() -> str:
    """Return the section about them."""
    columns = ("client", "version", "protocol", *CELLS)
    lines = (columns, ("---",) * len(columns), *ROWS)
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"""## Clients that are tried

The tests put each of these through one whole job: it lists the tools, dispatches a task, waits with progress, gives the
wait up, waits again, reads the diff, merges and closes. However a wait is given up, no waiter stays at the supervisor,
and the agent works on.

{table}

- The coding CLIs have compas registered as `compas setup-mcp` does it, and run without their screens; what they call is
  scripted. Codex has no `required` for the server, and its operator has allowed the tools
  (`default_tools_approval_mode`). Another turn waits again, in a process of its own.
- Claude Code and Codex do not show a model every tool at once: it finds them by their names and descriptions.
- `codex exec` and `claude -p` declare forms and close each by themselves, so that nobody is asked through them; what
  the operator has allowed there holds.
- A client that starts its servers with few variables, such as Inspector or one built on the SDKs, has to pass on what
  says where the supervisor is: `XDG_RUNTIME_DIR`, or `COMPAS_RUNTIME_DIR` and `COMPAS_CONFIG` where they are used.
  `compas setup-mcp` has Codex do so (`env_vars`).
- Inspector needs Node 22.19; the tests bring it one. In the era of 2026-07-28 it waits by a task, as is tried."""
