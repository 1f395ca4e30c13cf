"""Gemini CLI as a backend: how it is started, and what its output comes to."""

from typing import Any

import msgspec

from compas.backends.backend import (
    Answer,
    Availability,
    Backend,
    CommandLine,
    ExitStatus,
    Progress,
    Resumed,
    StreamName,
    Task,
)
from compas.backends.failures import CANNOT_GO_ON
from compas.backends.gemini.outcome import is_noise, judge, retry_in
from compas.backends.gemini.profile import PROFILE
from compas.backends.gemini.stream import (
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
from compas.backends.progress import SUMMARY_CHARACTERS, as_summary, in_json, progress
from compas.backends.remains import Remains
from compas.domain.events import Usage
from compas.domain.specs import AgentSpec

COMMAND = PROFILE.command
ATTEMPTS = 4
"""How often the CLI sends a request in all, so that a dead provider does not look like a hang."""
DEFAULTS = "gemini-defaults.json"

_OPEN_TOOLS = 1000


class GeminiBackend:
    """Runs `gemini --yolo`, whatever `safety_mode` says: nobody could answer a prompt, and without it no command runs.

    The system prompt stands in front of every task: the CLI has no channel for it that leaves its own prompt in place
    and keeps out of the worktree. A conversation belongs to its directory.
    """

    name = PROFILE.name
    resumes_elsewhere = False
    tells_steps = True

    def command_line(self, agent: AgentSpec, task: Task) -> CommandLine:
        """The task goes over standard input; output goes to a file, since the CLI cuts a pipe off at 64 KiB."""
        argv = [COMMAND]
        if task.session is not None:
            argv += ["-r", task.session]
        argv += ["--output-format", "stream-json", PROFILE.bypass_flag]
        if agent.model is not None:
            argv += ["--model", agent.model]
        text = f"{task.prompt}\n\n{task.instruction}" if task.prompt else task.instruction
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

    def resume_command(self, session: str) -> tuple[str, ...]:
        """Go on with it in the CLI's own screen."""
        return (COMMAND, "--resume", session)

    def availability(self, path: str) -> Availability:
        """Look for the command."""
        return find_command(COMMAND, path, PROFILE.install)


def build() -> Backend:
    """Return the backend."""
    return GeminiBackend()


class GeminiReader:
    """Reads one run. Without a result line the run failed, also with exit status 0: so it ends when terminated.

    A conversation is kept by the CLI once a tool was called in it, or a turn ended well; another one is not told of
    as one to go on with. The reply is what was said after the last tool call. `tokens_in` is without what was read
    from the cache; a run is one turn, however many requests it takes.
    """

    def __init__(self) -> None:
        self._session: str | None = None
        self._pieces: list[str] = []
        self._ended: Ended | None = None
        self._complaint = ""
        self._is_kept = False
        self._tools: dict[str, str] = {}
        self._remains = Remains()

    @property
    def is_done(self) -> bool:
        """Whether the result line has come."""
        return self._ended is not None

    def feed(self, stream: StreamName, line: str) -> tuple[Progress, ...]:
        """Take a line; one that cannot be read is counted."""
        if stream == "stderr":
            return self._take_error(line)
        return self._remains.feed(line, read_line, self._take)

    def finish(self, status: ExitStatus) -> Answer:
        """The result line decides. An empty answer behind a complaint is the loop guard's, and no success."""
        ended, spent = self._ended, self._spent()
        reply = "".join(self._pieces) or ("" if ended is None else ended.text)
        if ended is not None and ended.success and (reply or not self._complaint):
            return Answer(success=True, reply=reply, session=self._session, usage=spent)
        category, error = judge(status, ended, self._complaint, self._remains)
        session = None if category in CANNOT_GO_ON or not self._is_kept else self._session
        return Answer(success=False, error=error, category=category, session=session, usage=spent)

    def _take_error(self, line: str) -> tuple[Progress, ...]:
        if not is_noise(line):
            self._remains.keep_error(line)
        retry = retry_in(line)
        return () if retry is None else (progress("retrying", retry[:SUMMARY_CHARACTERS], retry),)

    def _take(self, fact: Fact) -> tuple[Progress, ...]:
        """Keep what a fact means for the outcome, and return what it tells whoever watches."""
        match fact:
            case Opened():
                if fact.session and fact.session != self._session:
                    self._session = fact.session
                    return (progress("session", fact.session),)
            case Said():
                self._pieces.append(fact.text)
            case ToolCalled():
                return (*self._said(), self._tool_called(fact))
            case ToolReturned():
                how = "error" if fact.failed else "completed"
                name = self._tools.pop(fact.id, None)
                told = progress("tool_result", f"tool_result: {fact.id} ({how})", fact.text, name)
                return (msgspec.structs.replace(told, failed=fact.failed),)
            case Complained():
                self._complaint = fact.text or "gemini reported an error without words"
                return (progress("error", self._complaint[:SUMMARY_CHARACTERS], self._complaint),)
            case Ended():
                return self._end(fact)
        return ()

    def _said(self) -> tuple[Progress, ...]:
        """Tell of a message once it is whole: it comes in pieces of a few words."""
        text = "".join(self._pieces)
        return (progress("message", as_summary(text), text),) if text.strip() else ()

    def _tool_called(self, fact: ToolCalled) -> Progress:
        self._pieces.clear()
        self._is_kept = True
        if len(self._tools) == _OPEN_TOOLS:
            del self._tools[next(iter(self._tools))]
        self._tools[fact.id] = fact.name
        return progress("tool_call", _summarize(fact.name, fact.input), in_json(fact.input), fact.name)

    def _end(self, fact: Ended) -> tuple[Progress, ...]:
        said = self._said()
        self._ended = fact
        return (*said, progress("usage", "usage", in_json(self._spent())), progress("turn_complete", "turn complete"))

    def _spent(self) -> Usage:
        spent = Usage() if self._ended is None else self._ended.spent
        return spent if spent == Usage() else msgspec.structs.replace(spent, turns=1)


def _summarize(name: str, given: dict[str, Any]) -> str:
    """Say what a tool was called with."""
    for key in ("command", "file_path", "absolute_path", "dir_path", "pattern", "query", "prompt"):
        value = given.get(key)
        if isinstance(value, str) and value:
            shown = "/".join(value.split("/")[-3:]) if key.endswith("path") else value
            return f"{name}: {shown[:SUMMARY_CHARACTERS]}"
    return name or "?"
