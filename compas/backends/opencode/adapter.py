"""OpenCode as a backend: how its CLI is started, and what its output comes to."""

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
from compas.backends.failures import CANNOT_GO_ON
from compas.backends.generic import find_command
from compas.backends.opencode.outcome import category_of, given_up, is_used_up, without_end
from compas.backends.opencode.profile import PROFILE
from compas.backends.opencode.stream import (
    Broke,
    Fact,
    Failed,
    NoProfile,
    Opened,
    RequestFailed,
    Said,
    StepBegan,
    StepEnded,
    ToolUsed,
    read_error,
    read_output,
)
from compas.backends.progress import SUMMARY_CHARACTERS, as_summary, in_json, progress
from compas.backends.remains import Remains
from compas.backends.usage import plus
from compas.domain.events import Category, Usage
from compas.domain.specs import AgentSpec

COMMAND = PROFILE.command
AUTO = PROFILE.bypass_flag
MOST_FAILURES = 3
"""Requests that may fail in a row. The CLI has no limit of its own, prints nothing meanwhile, and looks like a hang."""

_MODEL = re.compile(r"(?:-m|--model)(?:=.*)?")
_PROFILE = re.compile(r"\S+")
_FINISHED = frozenset({"stop", "other", "unknown"})
"""Why the last answer of a turn that is whole ends; some providers do not say it as they should."""


class OpenCodeBackend:
    """Runs `opencode run`.

    `safety_mode: auto_approve` gives `--auto`. Without it the CLI's own permissions hold, which let it work in its
    directory; what they would ask for is refused, since nobody could answer. Its log of errors is asked for, because
    nothing else tells of requests that are sent again. A conversation is bound to its directory: continued from
    another one, the CLI works in the old one and never ends.
    """

    name = PROFILE.name
    resumes_elsewhere = False
    tells_steps = True

    def command_line(self, agent: AgentSpec, task: Task) -> CommandLine:
        """The task goes over standard input: as an argument it would be quoted anew.

        A prompt of one word chooses a profile of the operator's; any other stands before the task (a-core 89).
        """
        argv = [COMMAND, "run", "--format", "json", "--print-logs", "--log-level", "ERROR"]
        if task.session is not None:
            argv += ["-s", task.session]
        if agent.model is not None and not any(_MODEL.fullmatch(each) for each in agent.backend_args):
            argv += ["-m", agent.model]  # the CLI takes no second one
        instruction = task.instruction
        if task.prompt and _PROFILE.fullmatch(task.prompt):
            argv.append(f"--agent={task.prompt}")
        elif task.prompt:
            instruction = f"{task.prompt}\n\n{instruction}"
        if agent.safety_mode == "auto_approve" and AUTO not in agent.backend_args:
            argv.append(AUTO)
        return CommandLine(
            argv=(*argv, *agent.backend_args),
            stdin=instruction,
            env_defaults={"OPENCODE_DISABLE_AUTOUPDATE": "1"},
        )

    def open_reader(self, resumed: Resumed | None) -> "OpenCodeReader":
        """Return a reader for one run's output."""
        return OpenCodeReader()

    def resume_command(self, session: str) -> tuple[str, ...]:
        """Go on with it in the CLI's own screen."""
        return (COMMAND, "--session", session)

    def availability(self, path: str) -> Availability:
        """Look for the command."""
        return find_command(COMMAND, path, PROFILE.install)


def build() -> Backend:
    """Return the backend."""
    return OpenCodeBackend()


class OpenCodeReader:
    """Reads one run. A turn is whole when the model's last answer ended as one; exit status 0 alone proves nothing.

    The reply is the text of the last answer. A run is one turn, however many requests it takes.
    """

    def __init__(self) -> None:
        self._session: str | None = None
        self._texts: list[str] = []
        self._reason = ""
        self._failed: Failed | None = None
        self._broke = ""
        self._profile: str | None = None
        self._failures = 0
        self._given_up = ""
        self._usage = Usage()
        self._remains = Remains()

    @property
    def is_done(self) -> bool:
        """Whether the last answer has ended as one; after an error the CLI may go on."""
        return self._reason in _FINISHED

    def feed(self, stream: StreamName, line: str) -> tuple[Progress, ...]:
        """Take a line; one that cannot be read is counted."""
        if stream == "stderr":
            fact, words = read_error(line)
            if words:
                self._remains.keep_error(words)
            return () if fact is None else self._take(fact)
        return self._remains.feed(line, read_output, self._take)

    def finish(self, status: ExitStatus) -> Answer:
        """Judge by how the turn ended, not by how the process went away."""
        reply = "\n\n".join(self._texts) or None
        if self._failed is None and self._reason in _FINISHED and self._profile is None:
            return Answer(success=True, reply=reply, session=self._session, usage=self._usage)
        category, error = self._failure(status)
        session = None if category in CANNOT_GO_ON else self._session
        return Answer(success=False, error=error, category=category, session=session, usage=self._usage)

    def _failure(self, status: ExitStatus) -> tuple[Category, str]:
        if self._profile is not None:
            known = f"opencode has no agent called {self._profile!r}, and worked as its own instead"
            return "agent_error", f"{known}; define it in opencode's settings, or write the prompt as a sentence"
        if self._failed is not None:
            why = f" ({self._broke})" if self._broke else ""
            return category_of(self._failed), f"{self._failed.text}{why}"
        if self._given_up:
            return given_up(self._given_up), self._given_up
        return without_end(status, self._reason, self._remains)

    def _take(self, fact: Fact) -> tuple[Progress, ...]:
        """Keep what a fact means for the outcome, and return what it tells whoever watches."""
        match fact:
            case Opened():
                return self._name_session(fact.session)
            case StepBegan():
                self._texts.clear()
                self._reason = ""
            case Said():
                self._texts.append(fact.text)
                return (progress("message", as_summary(fact.text), fact.text),)
            case ToolUsed():
                how = "error" if fact.failed else "completed"
                returned = progress("tool_result", f"{fact.name}: {how}", fact.output, fact.name)
                called = progress("tool_call", fact.summary, fact.detail, fact.name)
                return (called, msgspec.structs.replace(returned, failed=fact.failed))
            case StepEnded():
                return self._end_step(fact)
            case Failed():
                self._failed = fact
                return (progress("error", fact.text[:SUMMARY_CHARACTERS], fact.text),)
            case RequestFailed():
                return self._request_failed(fact)
            case Broke():
                self._broke = fact.text
            case NoProfile():
                self._profile = fact.name
        return ()

    def _name_session(self, session: str) -> tuple[Progress, ...]:
        if not session or session == self._session:
            return ()
        self._session = session
        return (progress("session", session),)

    def _end_step(self, fact: StepEnded) -> tuple[Progress, ...]:
        self._reason = fact.reason
        self._failures = 0
        self._usage = msgspec.structs.replace(plus(self._usage, fact.spent), turns=1)
        spent = progress("usage", "usage", in_json(self._usage))
        return (spent, progress("turn_complete", "turn complete")) if fact.reason in _FINISHED else (spent,)

    def _request_failed(self, fact: RequestFailed) -> tuple[Progress, ...]:
        self._failures += 1
        named = self._name_session(fact.session)
        told = progress("retrying", f"request failed: {fact.text}"[:SUMMARY_CHARACTERS], fact.text)
        if self._failures < MOST_FAILURES and not is_used_up(fact.text):
            return (*named, told)
        self._given_up = f"the model could not be asked, {self._failures} times in a row: {fact.text}"
        end = progress("error", self._given_up[:SUMMARY_CHARACTERS], self._given_up)
        return (*named, msgspec.structs.replace(end, ends_run=True))
