"""What a backend is: it turns an agent's task into a command line, and the command's output into an outcome."""

from typing import Literal, Protocol

import msgspec

from compas.domain.events import Category, Usage
from compas.domain.specs import AgentSpec

StreamName = Literal["stdout", "stderr"]
ProgressKind = Literal["tool_call", "tool_result", "message", "turn_complete", "usage", "retrying", "error", "session"]


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent is to do. `prompt` is its system prompt, `session` the CLI's conversation to go on with.

    `files` is the absolute path of the directory in which `CommandLine.files` will stand.
    """

    instruction: str
    workdir: str
    files: str
    prompt: str | None = None
    session: str | None = None


class CommandLine(msgspec.Struct, frozen=True, kw_only=True):
    """What to start. `stdin` is delivered byte for byte; None is an empty input.

    `stdout` is "file" for CLIs that lose the tail of a pipe when they exit (design §5). `env_defaults` are set where
    neither what is inherited nor the agent's own `env` sets them. `files` are written for this run alone, before it
    starts: texts by name, readable by their owner only.
    """

    argv: tuple[str, ...]
    stdin: str | None = None
    stdout: Literal["pipe", "file"] = "pipe"
    env_remove: tuple[str, ...] = ()
    env_defaults: dict[str, str] = {}
    files: dict[str, str] = {}


class Resumed(msgspec.Struct, frozen=True, kw_only=True):
    """The conversation that a run was told to go on with, and what its CLI had counted for it until then."""

    session: str
    counted: Usage = Usage()


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Something an agent did, for whoever watches. Telemetry, not a fact: it may be lost, and is then counted.

    `failed` marks a tool result that is an error, or a call that is told together with it. The `detail` of a `usage`
    is a `Usage` in JSON. `ends_run` says that nothing can come of the run any more, though its CLI goes on: it is to be
    ended, and the reader's answer counts.
    """

    kind: ProgressKind
    summary: str
    detail: str = ""
    tool: str | None = None
    failed: bool = False
    ends_run: bool = False


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
    """What the output came to. `reply` is None when there was none; `error` says why `success` is false.

    `usage` is what this run spent. A CLI that counts whole conversations has its count in `counted` as well, for the
    next run to begin from. `resets_at` is when an exhausted allowance is there again, in UTC seconds, if it says so.
    """

    success: bool
    reply: str | None = None
    error: str = ""
    category: Category = ""
    session: str | None = None
    usage: Usage = Usage()
    counted: Usage = Usage()
    resets_at: float | None = None


class OutputReader(Protocol):
    """Reads one execution's output, line by line, from its beginning. Lines that make no sense are not an error."""

    @property
    def is_done(self) -> bool:
        """Whether the result is told, and nothing since says that the work goes on: now the CLI should end."""
        ...

    def feed(self, stream: StreamName, line: str) -> tuple[Progress, ...]:
        """Take one line without its line end, and say what it tells about the work."""
        ...

    def finish(self, status: ExitStatus) -> Answer:
        """Say what it all came to; also after an end that the process did not choose."""
        ...


class Availability(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a backend can be started, found out without a model call; where not, `remedy` says what to do."""

    usable: bool
    detail: str
    remedy: str = ""

    @property
    def in_words(self) -> str:
        """Return what was found and what to do."""
        return f"{self.detail}; {self.remedy}" if self.remedy else self.detail


class Backend(Protocol):
    """An adapter to one kind of agent CLI. Pure but for `availability`, which looks for the command.

    `resumes_elsewhere` says whether a conversation can be continued in another directory than its own,
    `tells_steps` whether its output tells what the agent does, step by step.
    """

    name: str
    resumes_elsewhere: bool
    tells_steps: bool

    def command_line(self, agent: AgentSpec, task: Task) -> CommandLine:
        """Build what to start for a task."""
        ...

    def open_reader(self, resumed: Resumed | None) -> OutputReader:
        """Return a reader for one execution's output; `resumed` is the conversation it was told to go on with."""
        ...

    def resume_command(self, session: str) -> tuple[str, ...] | None:
        """Return the command with which a person goes on with a conversation at a terminal; None where none does."""
        ...

    def availability(self, path: str) -> Availability:
        """Say whether the command is found on `path`, a list of directories as in $PATH."""
        ...
