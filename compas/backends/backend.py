"""What a backend is: it turns an agent's task into a command line, and the command's output into an outcome."""

from typing import Literal, Protocol

import msgspec

from compas.domain.events import Category, Usage
from compas.domain.specs import AgentSpec

StreamName = Literal["stdout", "stderr"]
ProgressKind = Literal["tool_call", "tool_result", "message", "turn_complete", "error", "session"]


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent is to do. `prompt` is its system prompt, `session` the CLI's conversation to go on with."""

    instruction: str
    workdir: str
    prompt: str | None = None
    session: str | None = None


class CommandLine(msgspec.Struct, frozen=True, kw_only=True):
    """What to start. `stdin` is delivered byte for byte; None is an empty input.

    `stdout` is "file" for CLIs that lose the tail of a pipe when they exit (design §5). `env_defaults` are set where
    neither what is inherited nor the agent's own `env` sets them.
    """

    argv: tuple[str, ...]
    stdin: str | None = None
    stdout: Literal["pipe", "file"] = "pipe"
    env_remove: tuple[str, ...] = ()
    env_defaults: dict[str, str] = {}


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Something an agent did, for whoever watches. Telemetry, not a fact: it may be lost, and is then counted."""

    kind: ProgressKind
    summary: str
    detail: str = ""
    tool: str | None = None


class ExitStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How the process that was started ended, as far as it decided that itself."""

    code: int | None = None
    signal: int | None = None

    def in_words(self) -> str:
        """Say it in a sentence's words."""
        if self.code is not None:
            return f"exit status {self.code}"
        return "no exit status" if self.signal is None else f"signal {self.signal}"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the output came to. `reply` is None when there was none; `error` says why `success` is false."""

    success: bool
    reply: str | None = None
    error: str = ""
    category: Category = ""
    session: str | None = None
    usage: Usage = Usage()


class OutputReader(Protocol):
    """Reads one execution's output, line by line, from its beginning. Lines that make no sense are not an error."""

    def feed(self, stream: StreamName, line: str) -> tuple[Progress, ...]:
        """Take one line without its line end, and say what it tells about the work."""
        ...

    def finish(self, status: ExitStatus) -> Answer:
        """Say what it all came to; also after an end that the process did not choose."""
        ...


class Availability(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a backend can be started, found out without a model call."""

    usable: bool
    detail: str


class Backend(Protocol):
    """An adapter to one kind of agent CLI. Pure but for `availability`, which looks for the command."""

    name: str

    def command_line(self, agent: AgentSpec, task: Task) -> CommandLine:
        """Build what to start for a task."""
        ...

    def open_reader(self) -> OutputReader:
        """Return a reader for one execution's output."""
        ...

    def availability(self, path: str) -> Availability:
        """Say whether the command is found on `path`, a list of directories as in $PATH."""
        ...
