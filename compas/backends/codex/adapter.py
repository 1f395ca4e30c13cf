"""Codex as a backend: how its CLI is started, and what its output comes to."""

import json
import re

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
from compas.backends.codex.outcome import category_of, reset_in, without_result
from compas.backends.codex.profile import PROFILE
from compas.backends.codex.stream import (
    Ended,
    Fact,
    Failed,
    Noted,
    Opened,
    Retried,
    Said,
    ToolCalled,
    ToolReturned,
    TurnBegan,
    read_line,
)
from compas.backends.failures import CANNOT_GO_ON
from compas.backends.generic import find_command
from compas.backends.progress import as_summary, in_json, progress
from compas.backends.remains import Remains
from compas.clock import Clock, wall_clock
from compas.domain.events import Usage
from compas.domain.specs import AgentSpec

COMMAND = PROFILE.command
BYPASS = PROFILE.bypass_flag
OUTSIDE_GIT = "--skip-git-repo-check"

_SANDBOX = re.compile(
    rf"{BYPASS}|--yolo|--full-auto|--approve-for-me|--sandbox(=.*)?|-s.*"
    r"|(?:(?:-c|--config=)\s*)?(?:sandbox_mode|default_permissions)\s*=.*"
)
"""Arguments by which an operator chooses the sandbox himself."""
_LONGEST_ARGUMENT = 100_000
"""Bytes. Linux takes no argument of 128 KiB."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class CodexBackend:
    """Runs `codex exec --json`.

    `safety_mode: auto_approve` takes sandbox and approvals away. Without it the sandbox is `workspace-write`, the
    strictest in which work can be done: commands write below the working directory and the temporary ones only, have
    no network and cannot commit (`.git` is read-only; compas' `commit: auto` does it instead), and a tool of an MCP
    server is refused unless Codex's settings approve it (`default_tools_approval_mode`) or it says it only reads.
    `now` serves to read when an allowance is there again: the CLI says it without a day.
    """

    name = PROFILE.name
    resumes_elsewhere = True
    tells_steps = True

    def __init__(self, *, now: Clock) -> None:
        self._now = now

    def command_line(self, agent: AgentSpec, task: Task) -> CommandLine:
        """The task goes over standard input. All options stand before `resume`, which knows few of them itself.

        The agent's prompt is Codex's `developer_instructions`; one that no argument can hold stands before the task.
        """
        argv = [COMMAND, "exec", "--json", *_setting("features.unbounded_connection_retries", False)]
        instruction = task.instruction
        if agent.model is not None:
            argv += _setting("model", agent.model)
        if task.prompt and len(task.prompt.encode(errors="replace")) <= _LONGEST_ARGUMENT:
            argv += _setting("developer_instructions", task.prompt)
        elif task.prompt:
            instruction = f"{task.prompt}\n\n{instruction}"
        if not any(_SANDBOX.fullmatch(argument) for argument in agent.backend_args):
            argv += [BYPASS] if agent.safety_mode == "auto_approve" else _setting("sandbox_mode", "workspace-write")
        if OUTSIDE_GIT not in agent.backend_args:
            argv.append(OUTSIDE_GIT)
        argv += agent.backend_args
        if task.session is not None and _UUID.fullmatch(task.session):
            argv += ["resume", task.session]
        return CommandLine(argv=(*argv, "-"), stdin=instruction)

    def open_reader(self, resumed: Resumed | None) -> "CodexReader":
        """Return a reader for one run's output."""
        return CodexReader(resumed, now=self._now)

    def resume_command(self, session: str) -> tuple[str, ...]:
        """Go on with it in the CLI's own screen."""
        return (COMMAND, "resume", session)

    def availability(self, path: str) -> Availability:
        """Look for the command."""
        return find_command(COMMAND, path, PROFILE.install)


def build() -> Backend:
    """Return the backend."""
    return CodexBackend(now=wall_clock)


def _setting(key: str, value: str | bool) -> list[str]:
    """Give a setting by `-c`: unlike an option, a later one of the operator's replaces it. TOML's texts are JSON's."""
    written = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return ["-c", f"{key}={written}"]


class CodexReader:
    """Reads one run. What ends its last turn decides; the last of the agent's messages is the reply.

    Codex counts whole conversations, so this run's share is its last count without the one before the run. Where
    either is not known, as after a turn that failed or was stopped, the share is not known. `tokens_in` is without
    what was read from the cache or written to it; `turns` are the ones that were begun.
    """

    def __init__(self, resumed: Resumed | None, *, now: Clock) -> None:
        self._asked = resumed.session if resumed is not None and _UUID.fullmatch(resumed.session) else None
        self._before = (
            Usage(tokens_in=0, tokens_out=0, tokens_cached=0, turns=0) if resumed is None else resumed.counted
        )
        self._now = now
        self._session: str | None = None
        self._reply: str | None = None
        self._error = ""
        self._ended: Ended | Failed | None = None
        self._turns = 0
        self._remains = Remains()

    @property
    def is_done(self) -> bool:
        """Whether the last turn that began is over."""
        return self._ended is not None

    def feed(self, stream: StreamName, line: str) -> tuple[Progress, ...]:
        """Take a line; one that cannot be read is counted."""
        if stream == "stderr":
            self._remains.keep_error(line)
            return ()
        return self._remains.feed(line, read_line, self._take)

    def finish(self, status: ExitStatus) -> Answer:
        """The end of the last turn decides, not how the process went away; without one the run failed."""
        share, counted = self._share(), self._count()
        if isinstance(self._ended, Ended):
            return Answer(success=True, reply=self._reply, session=self._session, usage=share, counted=counted)
        stderr = self._remains.stderr
        if self._ended is not None:
            error = self._ended.text or self._error or stderr or "codex ended its turn without saying why"
            category = category_of(error)
        else:
            category, error = without_result(status, self._error, stderr, self._remains.rest)
        return Answer(
            success=False,
            error=error,
            category=category,
            session=None if category in CANNOT_GO_ON else self._session,
            usage=share,
            counted=counted,
            resets_at=reset_in(error, self._now()) if category == "quota_exhausted" else None,
        )

    def _take(self, fact: Fact) -> tuple[Progress, ...]:
        """Keep what a fact means for the outcome, and return what it tells whoever watches."""
        match fact:
            case Opened():
                return self._name_session(fact.session)
            case TurnBegan():
                self._turns += 1
                self._ended, self._error = None, ""
            case Said():
                self._reply = fact.text
                return (progress("message", as_summary(fact.text), fact.text),)
            case ToolCalled():
                return (progress("tool_call", fact.summary, fact.detail, fact.name),)
            case ToolReturned():
                told = progress("tool_result", fact.summary, fact.detail, fact.name)
                return (msgspec.structs.replace(told, failed=fact.failed),)
            case Retried():
                return (progress("retrying", fact.text, fact.text),)
            case Noted():
                if fact.is_failure:
                    self._error = fact.text
                return (progress("error", as_summary(fact.text), fact.text),)
            case Failed():
                self._ended = fact
                return (progress("error", as_summary(fact.text or self._error), fact.text),)
            case Ended():
                return self._end(fact)
        return ()

    def _name_session(self, session: str) -> tuple[Progress, ...]:
        """Take the name that the CLI gives. Another than was asked for is another conversation, whose count is new."""
        if not session or session == self._session:
            return ()
        self._session = session
        told = progress("session", session)
        if self._asked is None or session.lower() == self._asked.lower():
            return (told,)
        self._before = Usage()
        lost = f"codex was told to continue {self._asked}, and works in another conversation: {session}"
        return (told, progress("error", lost, lost))

    def _end(self, fact: Ended) -> tuple[Progress, ...]:
        self._ended = fact
        share = self._share()
        told = progress("usage", "usage", in_json(share))
        return (told, progress("turn_complete", "turn complete"))

    def _share(self) -> Usage:
        turns = self._turns or None
        if not isinstance(self._ended, Ended):
            return Usage(turns=turns)
        total, before = self._ended.total, self._before
        return Usage(
            tokens_in=_without(total.tokens_in, before.tokens_in),
            tokens_out=_without(total.tokens_out, before.tokens_out),
            tokens_cached=_without(total.tokens_cached, before.tokens_cached),
            turns=turns,
        )

    def _count(self) -> Usage:
        """Return the conversation's count. Of one that is not known the turns are told: that it has grown, is known."""
        turns = (self._before.turns or 0) + self._turns
        total = self._ended.total if isinstance(self._ended, Ended) else Usage()
        if not self._turns:
            return self._before if self._asked is not None else Usage()
        return msgspec.structs.replace(total, turns=turns)


def _without(total: int | None, before: int | None) -> int | None:
    """Return what came in addition; a count that went down was begun anew, and its share is not known."""
    return None if total is None or before is None or total < before else total - before
