"""The coding CLIs as MCP clients: how each is told to call compas's tools, and started for one turn."""

import json
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from compas.backends.profiles import BY_NAME
from compas.setup.editors.catalogue import build_editor
from compas.setup.editors.registering import register
from compas.setup.registration import Entry
from tests.real_clis.job import SERVER, Job


@dataclass(frozen=True, slots=True)
class CodingCli:
    """One coding CLI without its screen.

    `tool` is what compas's tools are called there. `argv` begins its command line; the prompt comes behind it, or on
    standard input. `search` is the step by which its model finds tools that it is not shown at once. One that
    `cancels` tells the server that nobody waits for a call any more, before it ends.
    """

    name: str
    tool: str
    argv: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict)
    by_input: bool = False
    search: str | None = None
    cancels: bool = False

    def step(self, tool: str, **arguments: object) -> str:
        """Return the line of a script that calls a tool of compas."""
        return f"SCENARIO:tool name={self.tool.format(tool)} args={shlex.quote(json.dumps(arguments))}"

    def register(self, job: Job) -> Path:
        """Register compas with it as `compas setup-mcp` does, with the log of the wire between; return its settings."""
        wired = job.wire.command(*SERVER)
        # Claude Code's own command is left out: compas writes the same without it.
        editor = build_editor(BY_NAME[self.name], {**job.workshop.environ, "PATH": ""})
        editor.file.parent.mkdir(parents=True, exist_ok=True)
        register(editor, Entry(command=wired[0], args=tuple(wired[1:])))
        return editor.file

    def begin(self, job: Job, *steps: str) -> "subprocess.Popen[bytes]":
        """Begin a turn that plays these steps, in a process group of its own, as a terminal has it."""
        prompt = "\n".join([*steps, "SCENARIO:final text=Done."])
        program = shutil.which(self.argv[0], path=job.workshop.environ["PATH"])
        assert program is not None
        argv = [program, *self.argv[1:]]
        options = {"env": dict(self.environ), "cwd": job.workshop.repo, "start_new_session": True}
        if not self.by_input:
            return job.workshop.start([*argv, prompt], **options)
        given = job.workshop.root / "prompt"
        given.write_text(prompt)
        with given.open("rb") as file:
            return job.workshop.start(argv, stdin=file, **options)


def interrupt(process: "subprocess.Popen[bytes]") -> None:
    """Interrupt a program and what it has started, as a terminal does when somebody presses Ctrl-C."""
    os.killpg(process.pid, signal.SIGINT)


_FIND = {"query": "compas orch", "limit": 30}
CODING_CLIS: dict[str, CodingCli] = {
    one.name: one
    for one in (
        CodingCli(
            "claude",
            "mcp__compas__{}",
            ("claude", "-p", "--dangerously-skip-permissions", "--output-format", "json", "--"),
            {"IS_SANDBOX": "1"},
            search='SCENARIO:tool name=ToolSearch args=\'{"query": "compas orch", "max_results": 30}\'',
        ),
        CodingCli(
            "codex",
            "mcp__compas::{}",
            ("codex", "exec", "-m", "gpt-5.5", "-s", "workspace-write", "--skip-git-repo-check", "--json"),
            search=f"SCENARIO:tool name=tool_search args='{json.dumps(_FIND)}'",
        ),
        CodingCli(
            "gemini",
            "mcp_compas_{}",
            ("gemini", "--model", "gemini-2.5-pro", "--output-format", "stream-json", "--yolo", "--prompt"),
            {"GEMINI_CLI_TRUST_WORKSPACE": "true"},
        ),
        CodingCli(
            "opencode",
            "compas_{}",
            ("opencode", "run", "--format", "json", "-m", "fake/test-model", "--title", "x"),
            by_input=True,
        ),
    )
}
