"""A backend that plays a transcript: for demos, tests and benchmarks. It really edits files."""

import sys
from collections import deque

import msgspec

from compas.backends.backend import Answer, Availability, CommandLine, ExitStatus, Progress, Resumed, StreamName, Task
from compas.backends.json_values import mend_halves
from compas.domain.events import Category, Usage
from compas.domain.specs import SCRIPTED_BACKEND, AgentSpec


class SessionLine(msgspec.Struct, frozen=True, tag_field="type", tag="session"):
    """The conversation's name, which also says how many turns it has had."""

    id: str


class ToolLine(msgspec.Struct, frozen=True, tag_field="type", tag="tool"):
    """A step was played."""

    name: str
    summary: str
    failed: bool = False


class MessageLine(msgspec.Struct, frozen=True, tag_field="type", tag="message"):
    """The agent says something on the way."""

    text: str


class ResultLine(msgspec.Struct, frozen=True, tag_field="type", tag="result", omit_defaults=True):
    """The turn is over. `category` is empty for a success."""

    text: str
    category: Category = ""
    usage: Usage = Usage()


_ERROR_TAIL = 50
"""Lines of error output that are shown when there is no result."""

Line = SessionLine | ToolLine | MessageLine | ResultLine

_decoder = msgspec.json.Decoder(Line)


class ScriptedBackend:
    """Runs the agent's `script` with the Python that compas itself runs on."""

    name = SCRIPTED_BACKEND
    resumes_elsewhere = True
    tells_steps = True

    def command_line(self, agent: AgentSpec, task: Task) -> CommandLine:
        """Start the player; the task reaches it over standard input."""
        argv = [sys.executable, "-P", "-m", "compas.backends.scripted_agent", agent.script or ""]
        if task.session is not None:
            argv += ["--resume", task.session]
        return CommandLine(argv=(*argv, *agent.backend_args), stdin=task.instruction)

    def open_reader(self, resumed: Resumed | None) -> "ScriptedReader":
        """Return a reader for the player's lines."""
        return ScriptedReader()

    def resume_command(self, session: str) -> None:
        """A script has nobody to talk to."""
        return

    def availability(self, path: str) -> Availability:
        """It comes with compas."""
        return Availability(usable=True, detail=f"plays transcripts with {sys.executable}")


class ScriptedReader:
    """Reads what the player prints."""

    def __init__(self) -> None:
        self._session: str | None = None
        self._result: ResultLine | None = None
        self._errors: deque[str] = deque(maxlen=_ERROR_TAIL)

    @property
    def is_done(self) -> bool:
        """Whether the result line has come."""
        return self._result is not None

    def feed(self, stream: StreamName, line: str) -> tuple[Progress, ...]:
        """Decode a line; what is no line of the player's is left to the log."""
        if stream == "stderr":
            self._errors.append(line)
            return ()
        try:
            found = _decoder.decode(mend_halves(line))
        except (msgspec.DecodeError, RecursionError):
            return ()
        match found:
            case SessionLine(id=session):
                self._session = session
                return (Progress(kind="session", summary=session),)
            case ToolLine(name=tool):
                told = Progress(kind="tool_call", summary=found.summary, tool=tool, detail=line, failed=found.failed)
                return (told,)
            case MessageLine(text=text):
                return (Progress(kind="message", summary=text),)
            case ResultLine():
                self._result = found
        return (Progress(kind="turn_complete", summary="turn complete"),)

    def finish(self, status: ExitStatus) -> Answer:
        """A turn is a success when its result line says so; without one it failed, whatever the exit status."""
        if self._result is None:
            errors = "\n".join(self._errors)
            ended = status.in_words()
            error = f"the scripted agent ended ({ended}) without a result" + (f":\n{errors}" if errors else "")
            return Answer(success=False, error=error, category="unknown", session=self._session)
        if self._result.category:
            return Answer(
                success=False,
                error=self._result.text,
                category=self._result.category,
                session=self._session,
                usage=self._result.usage,
            )
        return Answer(success=True, reply=self._result.text, session=self._session, usage=self._result.usage)
