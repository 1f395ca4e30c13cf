"""Claude Code as a backend: how its CLI is started, and what its output comes to."""

import os
import re
import shutil

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
from compas.backends.claude.outcome import REFUSED_COMMANDS, with_result, without_result
from compas.backends.claude.profile import PROFILE
from compas.backends.claude.stream import (
    CommandTaken,
    Consumed,
    Ended,
    Fact,
    InBackground,
    Limited,
    Opened,
    RequestFailed,
    Retried,
    Said,
    ToolCalled,
    ToolReturned,
    read_line,
)
from compas.backends.claude.tools import summarize
from compas.backends.failures import CANNOT_GO_ON
from compas.backends.generic import find_command
from compas.backends.progress import SUMMARY_CHARACTERS, as_summary, in_json, progress
from compas.backends.remains import Remains
from compas.backends.usage import plus
from compas.domain.events import Usage
from compas.domain.specs import AgentSpec

COMMAND = PROFILE.command
PROMPT_FILE = "system-prompt.md"
RETRIES = "3"
"""How often the CLI repeats a request by itself. Left alone it goes on for minutes, in which a limit looks like a hang;
repeating a whole execution is the config's `max_retries`."""

_VERSION = re.compile(r"\d+\.\d+\.\d+")
_OPEN_TOOLS = 1000


class ClaudeBackend:
    """Runs `claude -p` with permission prompts off, whatever `safety_mode` says: nobody could answer them.

    `as_root` tells whether agents run as root, where the CLI wants to be told that it is confined. What the operator
    acknowledges by `safety_mode: auto_approve` is passed on to it as that word.
    """

    name = PROFILE.name
    resumes_elsewhere = True
    tells_steps = True

    def __init__(self, *, as_root: bool) -> None:
        self._as_root = as_root

    def command_line(self, agent: AgentSpec, task: Task) -> CommandLine:
        """The task goes over standard input and the prompt in a file: no length and no first character matters."""
        argv = [COMMAND]
        if task.session is not None:
            argv += ["-r", task.session]
        argv += ["-p", PROFILE.bypass_flag, "--verbose", "--output-format", "stream-json"]
        if agent.model is not None:
            argv += ["--model", agent.model]
        files = {}
        if task.prompt:
            option = "--system-prompt-file" if task.session is None else "--append-system-prompt-file"
            argv += [option, f"{task.files}/{PROMPT_FILE}"]
            files[PROMPT_FILE] = task.prompt
        defaults = {"CLAUDE_CODE_MAX_RETRIES": RETRIES}
        if self._as_root and agent.safety_mode == "auto_approve":
            defaults["IS_SANDBOX"] = "1"
        argv += agent.backend_args
        return CommandLine(argv=tuple(argv), stdin=task.instruction, env_defaults=defaults, files=files)

    def open_reader(self, resumed: Resumed | None) -> "ClaudeReader":
        """Return a reader for one run's output."""
        return ClaudeReader()

    def resume_command(self, session: str) -> tuple[str, ...]:
        """Go on with it in the CLI's own screen."""
        return (COMMAND, "--resume", session)

    def availability(self, path: str) -> Availability:
        """Look for the command; the version is read from the name of the file behind it, where that has one."""
        found = find_command(COMMAND, path, PROFILE.install)
        place = shutil.which(COMMAND, path=path)
        version = None if place is None else _VERSION.fullmatch(os.path.basename(os.path.realpath(place)))
        return found if version is None else msgspec.structs.replace(found, detail=f"{found.detail} ({version[0]})")


def build() -> Backend:
    """Return the backend for agents that run as this process does."""
    return ClaudeBackend(as_root=os.geteuid() == 0)


class ClaudeReader:
    """Reads one run. A run may have several turns, each with a result line: the last one decides (a-core 78)."""

    def __init__(self) -> None:
        self._session: str | None = None
        self._ended: Ended | None = None
        self._failed: RequestFailed | None = None
        self._limited: Limited | None = None
        self._command: CommandTaken | None = None
        self._tools: dict[str, str] = {}
        self._usage = Usage()
        self._consumed: dict[str, Consumed] = {}
        self._remains = Remains()
        self._is_at_rest = False
        self._background = 0

    @property
    def is_done(self) -> bool:
        """Whether a result line was the last thing of weight, and no work of its own goes on in the background."""
        return self._is_at_rest and not self._background

    def feed(self, stream: StreamName, line: str) -> tuple[Progress, ...]:
        """Take a line; one that cannot be read is counted."""
        if stream == "stderr":
            self._remains.keep_error(line)
            return ()
        return self._remains.feed(line, read_line, self._take)

    def finish(self, status: ExitStatus) -> Answer:
        """The result line decides, not how the process went away; without one the run failed (a-core 76, 77)."""
        stderr = self._remains.stderr
        ended = self._ended
        if ended is not None and ended.success and self._command is None:
            return Answer(success=True, reply=ended.text, session=self._session, usage=self._spent())
        if ended is None:
            category, error = without_result(status, self._failed, stderr, self._remains.rest)
        else:
            category, error = with_result(ended, self._failed, self._limited, self._command, stderr)
        session = None if category in CANNOT_GO_ON else self._session
        limited = self._limited if category == "quota_exhausted" else None
        resets_at = None if limited is None or limited.resets_at is None else float(limited.resets_at)
        return Answer(
            success=False,
            error=error,
            category=category,
            session=session,
            usage=self._spent(),
            resets_at=resets_at,
        )

    def _take(self, fact: Fact) -> tuple[Progress, ...]:
        """Keep what a fact means for the outcome, and return what it tells whoever watches."""
        if not isinstance(fact, Limited | InBackground):
            self._is_at_rest = isinstance(fact, Ended)
        match fact:
            case Opened():
                return self._name_session(fact.session)
            case Said():
                self._failed = self._command = None
                return (progress("message", as_summary(fact.text), fact.text),)
            case ToolCalled():
                self._failed = self._command = None
                return (self._tool_called(fact),)
            case ToolReturned():
                return (self._tool_returned(fact),)
            case Retried():
                return (progress("retrying", _retry_in_words(fact)),)
            case RequestFailed():
                self._failed = fact
                return (progress("error", fact.text[:SUMMARY_CHARACTERS] or fact.code, fact.text),)
            case CommandTaken():
                self._command = fact if fact.kind in REFUSED_COMMANDS else None
                return (progress("message", fact.text[:SUMMARY_CHARACTERS], fact.text),)
            case Limited():
                self._limited = fact if fact.rejected else None
            case InBackground():
                self._background = fact.count
            case Consumed():
                self._consumed[fact.message] = fact
            case Ended():
                return self._end(fact)
        return ()

    def _name_session(self, session: str) -> tuple[Progress, ...]:
        if not session or session == self._session:
            return ()
        self._session = session
        return (progress("session", session),)

    def _tool_called(self, fact: ToolCalled) -> Progress:
        if len(self._tools) == _OPEN_TOOLS:
            del self._tools[next(iter(self._tools))]
        self._tools[fact.id] = fact.name
        given = msgspec.json.encode(fact.input).decode()
        return progress("tool_call", summarize(fact.name, fact.input), given, fact.name)

    def _tool_returned(self, fact: ToolReturned) -> Progress:
        how = "error" if fact.failed else "completed"
        told = progress("tool_result", f"tool_result: {fact.id} ({how})", fact.text, self._tools.pop(fact.id, None))
        return msgspec.structs.replace(told, failed=fact.failed)

    def _end(self, fact: Ended) -> tuple[Progress, ...]:
        self._name_session(fact.session)
        self._ended = fact
        self._usage = plus(self._usage, fact.spent)
        self._consumed.clear()
        spent = progress("usage", "usage", in_json(self._usage))
        return (spent, progress("turn_complete", "turn complete"))

    def _spent(self) -> Usage:
        """Return what the run spent. Without a result line for its last answers, only what they read is known."""
        if not self._consumed:
            return self._usage
        read = Usage(
            tokens_in=sum(each.tokens_in for each in self._consumed.values()),
            tokens_cached=sum(each.tokens_cached for each in self._consumed.values()),
            turns=len(self._consumed),
        )
        return plus(self._usage, read)


def _retry_in_words(fact: Retried) -> str:
    why = " ".join(part for part in ("" if fact.status is None else str(fact.status), fact.code) if part)
    return f"repetition {fact.attempt} of {fact.most} of a request in {fact.delay_ms / 1000:.1f} s: {why}"
