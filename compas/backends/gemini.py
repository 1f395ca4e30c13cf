"""Gemini CLI as a backend: how it is started, and what its output comes to."""

import msgspec

from compas.backends.backend import (
    Answer,
    Availability,
    CommandLine,
    ExitStatus,
    Progress,
    ProgressKind,
    Resumed,
    StreamName,
    Task,
)
from compas.backends.failures import classify, was_killed
from compas.backends.gemini_stream import (
    Complained,
    Ended,
    Fact,
    Opened,
    Said,
    ToolCalled,
    ToolReturned,
    read_line,
)
from compas.backends.generic import find_command
from compas.backends.remains import LONGEST_DETAIL, Remains
from compas.domain.events import Category, Usage
from compas.domain.specs import AgentSpec

COMMAND = "gemini"
ATTEMPTS = 4
"""How often the CLI sends a request in all, so that a dead provider does not look like a hang."""
DEFAULTS = "gemini-defaults.json"

_OPEN_TOOLS = 1000
_SUMMARY_CHARACTERS = 60
_EXITS: dict[int, Category] = {
    1: "unknown",
    41: "auth_failure",
    42: "stale_session",
    55: "agent_error",
    144: "agent_error",
    145: "auth_failure",
    146: "quota_exhausted",
    147: "auth_failure",
    173: "transient",
    244: "transient",
    246: "transient",
    247: "transient",
    248: "transient",
}
"""What its exit statuses mean; those above 143 are an HTTP status modulo 256."""


class GeminiBackend:
    """Runs `gemini --yolo`, whatever `safety_mode` says: nobody could answer a prompt, and without it no command runs.

    The system prompt stands in front of every task: the CLI has no channel for it that leaves its own prompt in place
    and keeps out of the worktree. A conversation belongs to its directory.
    """

    name = "gemini"
    resumes_elsewhere = False

    def command_line(self, agent: AgentSpec, task: Task) -> CommandLine:
        """The task goes over standard input; output goes to a file, since the CLI cuts a pipe off at 64 KiB."""
        argv = [COMMAND]
        if task.session is not None:
            argv += ["-r", task.session]
        argv += ["--output-format", "stream-json", "--yolo"]
        if agent.model is not None:
            argv += ["--model", agent.model]
        text = f"System: {task.prompt}\n\nUser: {task.instruction}" if task.prompt else task.instruction
        return CommandLine(
            argv=(*argv, *agent.backend_args),
            stdin=text,
            stdout="file",
            env_defaults={
                "GEMINI_CLI_NO_RELAUNCH": "true",
                "GEMINI_CLI_SYSTEM_DEFAULTS_PATH": f"{task.files}/{DEFAULTS}",
                "GEMINI_CLI_TRUST_WORKSPACE": "true",
            },
            files={DEFAULTS: msgspec.json.encode({"general": {"maxAttempts": ATTEMPTS}}).decode()},
        )

    def open_reader(self, resumed: Resumed | None) -> "GeminiReader":
        """Return a reader for one run's output."""
        return GeminiReader()

    def availability(self, path: str) -> Availability:
        """Look for the command."""
        return find_command(COMMAND, path)


class GeminiReader:
    """Reads one run. Without a result line the run failed, also with exit status 0: so it ends when terminated."""

    def __init__(self) -> None:
        self._session: str | None = None
        self._pieces: list[str] = []
        self._ended: Ended | None = None
        self._complaint = ""
        self._tools: dict[str, str] = {}
        self._remains = Remains()

    def feed(self, stream: StreamName, line: str) -> tuple[Progress, ...]:
        """Take a line; one that cannot be read is counted."""
        if stream == "stderr":
            self._remains.keep_error(line)
            return ()
        if not line.strip():
            return ()
        facts = read_line(line)
        if facts is None:
            return self._remains.count_unread(line)
        return tuple(progress for fact in facts for progress in self._take(fact))

    def finish(self, status: ExitStatus) -> Answer:
        """The result line decides. An empty answer behind a complaint is the loop guard's, and no success."""
        ended = self._ended
        spent = Usage() if ended is None else ended.spent
        reply = "".join(self._pieces) or ("" if ended is None else ended.text)
        if ended is not None and ended.success and (reply or not self._complaint):
            return Answer(success=True, reply=reply, session=self._session, usage=spent)
        category, error = self._failure(status)
        session = None if category == "stale_session" else self._session
        return Answer(success=False, error=error, category=category, session=session, usage=spent)

    def _failure(self, status: ExitStatus) -> tuple[Category, str]:
        ended = self._ended
        if ended is not None and ended.success:
            return "agent_error", self._complaint
        told = self._complaint if ended is None else ended.error or self._complaint
        told = told or self._remains.stderr or "\n".join(self._remains.rest)
        error = told or f"gemini ended with {status.in_words()} and without a result"
        if ended is None and was_killed(status):
            return "killed", error
        by_exit = _EXITS.get(status.code or 0, "unknown")
        by_words = classify(error, has_result=False)
        if by_exit in ("unknown", "transient") and by_words != "unknown":
            category: Category = "transient" if status.code == 173 and by_words == "auth_failure" else by_words
            return category, error
        return by_exit, error

    def _take(self, fact: Fact) -> tuple[Progress, ...]:
        """Keep what a fact means for the outcome, and return what it tells whoever watches."""
        match fact:
            case Opened():
                if fact.session and fact.session != self._session:
                    self._session = fact.session
                    return (_progress("session", fact.session),)
            case Said():
                self._pieces.append(fact.text)
                return (_progress("message", " ".join(fact.text.split())[:_SUMMARY_CHARACTERS], fact.text),)
            case ToolCalled():
                return (self._tool_called(fact),)
            case ToolReturned():
                how = "error" if fact.failed else "completed"
                name = self._tools.pop(fact.id, None)
                told = _progress("tool_result", f"tool_result: {fact.id} ({how})", fact.text, name)
                return (msgspec.structs.replace(told, failed=fact.failed),)
            case Complained():
                self._complaint = fact.text or "gemini reported an error without words"
                return (_progress("error", self._complaint[:_SUMMARY_CHARACTERS], self._complaint),)
            case Ended():
                self._ended = fact
                return (_progress("turn_complete", "turn complete"),)
        return ()

    def _tool_called(self, fact: ToolCalled) -> Progress:
        self._pieces.clear()
        if len(self._tools) == _OPEN_TOOLS:
            del self._tools[next(iter(self._tools))]
        self._tools[fact.id] = fact.name
        return _progress("tool_call", fact.name or "?", msgspec.json.encode(fact.input).decode(), fact.name)


def _progress(kind: ProgressKind, summary: str, detail: str = "", tool: str | None = None) -> Progress:
    return Progress(kind=kind, summary=summary, detail=detail[:LONGEST_DETAIL], tool=tool)
