"""Writes docs/mcp-tools.md from the tools: python -m compas.gateway.document [FILE], or - for standard output."""

import sys
from collections.abc import Iterator
from pathlib import Path

from compas.api.operation import Parameter
from compas.gateway.ceiling import CHAIN_FACTOR, PADDING_SECS
from compas.gateway.original import DIFFERENCES
from compas.gateway.parameters import IDS, SYNONYMS, offered
from compas.gateway.prompts import PROMPTS
from compas.gateway.resources import MOST_THREADS, TEMPLATES
from compas.gateway.schema import Schema, input_schema, output_schema
from compas.gateway.tool import Tool
from compas.gateway.tool_list import MOST_AGENTS
from compas.gateway.tools import TOOLS
from compas.gateway.tried_clients import tried_clients
from compas.relay.answers import TASKS
from compas.relay.instructions import INSTRUCTIONS

DOCUMENT = Path("docs/mcp-tools.md")

_OPENING = f"""# The MCP tools

<!-- Written by `python -m compas.gateway.document` from the tools; change those instead. -->

`compas mcp-server` offers compas to an editor or a coding CLI, over MCP on standard input and output. It speaks both
eras of the protocol: 2026-07-28, and the `initialize` handshake of the versions before. It lists its tools at once and
needs no supervisor for that; the first call starts one, unless it runs inside an agent or with `--no-start`.

## How an editor comes to know it

`compas setup-mcp` registers it in each of Claude Code, Codex, Gemini CLI and OpenCode that is installed, and with
`--tool claude` (or `codex`, `gemini`, `opencode`) in that one, also before it is installed. `--remove` takes it out
again, `--dry-run` only says what would be done, and `compas doctor` finds what is missing or out of date.

| editor | in all projects | with `--scope project`, at the root of the repository |
|---|---|---|
| Claude Code | by `claude mcp add`; without Claude Code in `~/.claude.json` (`CLAUDE_CONFIG_DIR`) | `.mcp.json` |
| Codex | `~/.codex/config.toml` (`CODEX_HOME`) | `.codex/config.toml`, once the directory is trusted |
| Gemini CLI | `~/.gemini/settings.json` (`GEMINI_CLI_HOME`) | `.gemini/settings.json` |
| OpenCode | `~/.config/opencode/opencode.json` or `.jsonc` (`XDG_CONFIG_HOME`) | `opencode.json` or `.jsonc` |

Nothing but the entry `compas` is changed in these files: comments, order and layout stay, and a copy of the file as it
was is kept beside it. The entry holds the absolute path of compas on this machine; think of that before you share the
file of a project.

An editor asks before it uses a tool that changes something, as it does for any other server. Codex runs the tools that
only read at once and asks for the others, and offers to remember the answer; where it must not ask
(`approval_policy = "never"`, `codex exec`), it refuses them. To allow one for good, write into its `config.toml`

```toml
[mcp_servers.compas.tools.orch_dispatch]
approval_mode = "approve"
```

or `default_tools_approval_mode = "approve"` into `[mcp_servers.compas]` for all, merging and abandoning too. The entry
for Codex gives a tool an hour (`tool_timeout_sec`), since `orch_wait` lasts as long as an agent works; by itself Codex
gives up after five minutes.

## How it behaves

It ends with the editor that started it, and takes along only the calls that are under way; the supervisor and its
agents go on. When the supervisor is killed or replaced, calls go on with the next one, and a task is dispatched once.
When the agents of the config change, the editor is told that the list of tools has: it names them.

- A parameter may be null, which counts as absent. A whole number, true and false, and an object may be written as
  strings, `"300"`, `"true"`, `"{{{{}}}}"`, and a `limit` above the most is lowered to it. A parameter that a tool does
  not know is refused, with the names it knows, and so is one that is given under two names. Names from elsewhere are
  understood, in `camelCase` and with hyphens too: {{synonyms}}; and `id`, where a tool needs one of {{ids}}.
- An answer is one JSON object, as structured content and as text. What has no value is left out of it. The list of
  tools does not describe answers; this page does.
- A name that nobody knows is refused, of a thread, an agent or a batch, so that an empty list means that there is
  nothing. Two tools answer about it all the same: `orch_transcript` without a status and with empty lists,
  `orch_batch_status` with a count of 0.
- What goes wrong is a result marked as an error, one sentence or two long: what was found, and what to do. Its `_meta`
  has `compas/code`, for programs.
- Before work is merged, given up or its worktree removed, the person is asked by a form (elicitation), where the client
  says that it can show one. Without a yes nothing is done, and the code is `declined`. Other clients are told in the
  tool's description to ask. Inside an agent's execution nobody is asked; there the config's `may` decides.
- `orch_wait` takes as long as the slowest agent may (`timeout_secs`, else `execution_timeout_secs`) and {PADDING_SECS}
  seconds more; with `await_chain` {CHAIN_FACTOR} times as long and {PADDING_SECS} seconds more. A longer time limit is
  lowered to that, and the answer says so with `clamped`. A client that gives up earlier, such as Gemini CLI
  after its `timeout` of ten minutes, loses nothing: the wait is called again.
- A client that asks for progress hears it every ten seconds of a wait. A call that it cancels ends at the supervisor
  too.
- A client of 2026-07-28 that declares the extension `{TASKS}` gets a task in place of a wait: from
  `orch_wait`, unless it is over already, and from `orch_dispatch` with `wait`. It looks at it with `tasks/get`; what
  the wait would have answered is the result. A task has no time limit unless `timeout_secs` names one, and outlives
  gateway and supervisor. `tasks/cancel` ends no work. Before 2026-07-28 there are no tasks here.

## Which tools a model is told of

Every model reads the whole list of tools in each conversation, whatever it is about to do. By default it gets the core
set, those of the daily work: {{core}}. `tools: all` in the config, or `compas mcp-server --tools all` for one editor,
lists every tool. One that is not listed works all the same; where compas advises it, a model that is not told of it
reads the command instead.

The description of `orch_dispatch` names the agents of the config in force, {MOST_AGENTS} of them at most, and how many
tasks each takes at once. Each tool has a title for people, and says whether it changes something, ends or removes
something, and may be repeated.

## What people find in the menus of an editor

An editor that shows resources offers the transcripts of the {MOST_THREADS} newest threads and the diffs of those with a
branch; the others are reached by their addresses. They are read as far as the tools give them at once.

{{resources}}

An editor that shows prompts, mostly as slash commands, offers the usual ways of working:

{{prompts}}

Names of agents, threads, batches, merges and executions are completed where the editor asks for that. Lists and
completions start no supervisor: while none runs they are empty.

## Coming from the original

All 26 tools of the original are here, under their names and with its parameters and defaults; `from`, `intent` and
`status` may be left out. What it answered with is there too, under the names it had, with these differences:

{{differences}}

Times are seconds since 1970, with fractions, but for names that end in `_ms` and `_rfc3339`.

{{tried_clients}}

## What a model is told when it connects

{INSTRUCTIONS}"""

_KINDS = {"read": "reads", "wait": "reads, and blocks", "stream": "reads", "write": "changes something"}


def document() -> str:
    """Return the text of docs/mcp-tools.md."""
    synonyms = "; ".join(" = ".join(f"`{name}`" for name in sorted(group)) for group in SYNONYMS)
    core = _names([tool.name for tool in TOOLS if tool.is_core])
    rows = (("tool", "the original", "here"), ("---",) * 3, *DIFFERENCES)
    opening = _OPENING.format(
        synonyms=synonyms,
        ids=_names(list(IDS)),
        core=core,
        resources=_resources(),
        prompts=_prompts(),
        tried_clients=tried_clients(),
        differences="\n".join(f"| {' | '.join(row)} |" for row in rows),
    )
    return "\n\n".join([opening, *map(_section, TOOLS)]) + "\n"


def _resources() -> str:
    rows = [f"| `{one.uri_template}` | {one.description} |" for one in TEMPLATES]
    return "\n".join(["| address | |", "|---|---|", *rows])


def _prompts() -> str:
    rows = [f"| `{one.name}` | {_names([each.name for each in one.arguments])} | {one.doc} |" for one in PROMPTS]
    return "\n".join(["| prompt | takes | |", "|---|---|---|", *rows])


def _section(tool: Tool) -> str:
    lines = [
        f"## `{tool.name}`",
        "",
        tool.doc,
        "",
        f"{tool.title}: it {_hints(tool)}.",
        "",
        *_parameters(tool),
        *_answer(tool),
    ]
    return "\n".join(lines).rstrip()


def _hints(tool: Tool) -> str:
    hints = [_KINDS[tool.operation.kind]]
    if tool.destructive:
        hints.append("ends running work")
    if tool.idempotent:
        hints.append("may be repeated")
    return "; ".join(hints)


def _parameters(tool: Tool) -> Iterator[str]:
    given = offered(tool)
    if not given:
        yield "It takes no parameters."
    else:
        yield "| parameter | type | default | |"
        yield "|---|---|---|---|"
        schema = input_schema(tool)["properties"]
        yield from (_parameter(one, schema[one.wire_name]) for one in given)
    yield ""


def _parameter(parameter: Parameter, schema: Schema) -> str:
    default = "required" if parameter.required else _default(schema)
    return f"| `{parameter.wire_name}` | {_type(schema)} | {default} | {parameter.doc} |"


def _type(schema: Schema) -> str:
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if schema["type"] == "object":
        return f"object of {_names(list(schema['properties']))}"
    words = {"integer": "whole number", "boolean": "true or false", "string": "text"}
    return words[schema["type"]]


def _default(schema: Schema) -> str:
    if schema["type"] == "boolean":
        return "false"
    return f"`{schema['default']}`" if "default" in schema else ""


def _answer(tool: Tool) -> Iterator[str]:
    schema = output_schema(tool)
    always = schema.get("required", ())
    sometimes = [name for name in schema["properties"] if name not in always]
    yield f"It answers with {_names(always)}" + (
        f", and where they have a value {_names(sometimes)}." if sometimes else "."
    )


def _names(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def main(arguments: list[str]) -> int:
    """Write the document where the only argument says, else to docs/mcp-tools.md below the current directory."""
    target = arguments[0] if arguments else str(DOCUMENT)
    if target == "-":
        sys.stdout.write(document())
    else:
        Path(target).write_text(document(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
