"""Any command as a backend, by the config's `backend_definitions`."""

import os
import re
import shutil
from collections import deque

from compas.backends.backend import Answer, Availability, CommandLine, ExitStatus, Progress, Resumed, StreamName, Task
from compas.backends.failures import classify
from compas.backends.json_values import decode_value
from compas.backends.progress import as_summary, progress
from compas.domain.events import Category
from compas.domain.remedies import to_install
from compas.domain.specs import AgentSpec, BackendSpec, OutputSpec
from compas.errors import CompasError

_VARIABLE = re.compile(r"\{\{(instruction|model|session_id)\}\}")
_OPTION = re.compile(r"--?[A-Za-z][\w-]*")
INSTRUCTION_FILE = "instruction"
"""What the file with the task is called; its directory is the execution's own."""
LONGEST_ARGUMENT = 131_071
"""Bytes that Linux takes for one argument, whatever the others are (MAX_ARG_STRLEN, with the end mark)."""

_ERROR_TAIL = 200
"""Lines of error output that a failure is judged by and shown with."""
_KEPT_CHARACTERS = 8 * 1024 * 1024
"""How much output is kept to read the result from: the end of it, however much there was."""


class TaskRefusedError(CompasError):
    """A task cannot travel the way that its backend's definition says; the text says which way does."""


class GenericBackend:
    """A backend that the config defines."""

    resumes_elsewhere = True

    def __init__(self, spec: BackendSpec) -> None:
        self.name = spec.name
        self.tells_steps = _tells_steps(spec.output)
        self._spec = spec

    @property
    def command(self) -> str:
        """The program."""
        return self._spec.command

    @property
    def ping(self) -> tuple[str, ...]:
        """The command that tells whether the CLI works: the definition's own, or the question for its version."""
        ping = self._spec.ping
        return (self._spec.command, "--version") if ping is None else (ping.command, *ping.args)

    @property
    def env_remove(self) -> tuple[str, ...]:
        """The variables that none of its commands may see."""
        return self._spec.env_remove

    def command_line(self, agent: AgentSpec, task: Task) -> CommandLine:
        """Fill in the templates. The instruction travels as the definition says; a prompt is put before it.

        Raises TaskRefusedError when an argument becomes one that no program can be given.
        """
        instruction = _compose(task)
        is_file = self._spec.prompt == "file"
        told = os.path.join(task.files, INSTRUCTION_FILE) if is_file else instruction
        values = {"instruction": told, "model": agent.model, "session_id": task.session}
        resume: list[str] = []
        if task.session is not None and self._spec.resume is not None:
            resume = [part for part in (self._spec.resume.flag, self._spec.resume.session_id_arg) if part]
        argv = [self._spec.command, *fill(tuple(resume) + self._spec.args, values), *agent.backend_args]
        for arg in argv:
            _check_argument(arg, self.name)
        takes_argument = any("{{instruction}}" in arg for arg in self._spec.args)
        return CommandLine(
            argv=tuple(argv),
            stdin=None if takes_argument else instruction,
            env_remove=self._spec.env_remove,
            files={INSTRUCTION_FILE: instruction} if is_file else {},
        )

    def open_reader(self, resumed: Resumed | None) -> "GenericReader":
        """Return a reader for the definition's output format."""
        return GenericReader(self._spec.output)

    def resume_command(self, session: str) -> tuple[str, ...] | None:
        """Resume as the definition says, without a task."""
        if self._spec.resume is None:
            return None
        resume = tuple(part for part in (self._spec.resume.flag, self._spec.resume.session_id_arg) if part)
        values = {"instruction": None, "model": None, "session_id": session}
        return (self._spec.command, *fill(resume, values))

    def availability(self, path: str) -> Availability:
        """Look for the command."""
        return find_command(self._spec.command, path)


def _check_argument(argument: str, backend: str) -> None:
    length = len(argument.encode(errors="surrogatepass"))
    instead = f"set `prompt: file` or `prompt: stdin` for {backend!r} in backend_definitions"
    if length > LONGEST_ARGUMENT:
        found = f"the task is too long for {backend!r}, which takes it as an argument: {length} bytes"
        raise TaskRefusedError(f"{found}, and {LONGEST_ARGUMENT} are possible; {instead}")
    if "\0" in argument:
        raise TaskRefusedError(f"an argument for {backend!r} has a NUL character in it, which none can; {instead}")


def find_command(command: str, path: str, install: str = "") -> Availability:
    """Say where a command is found, or what to do about it; `install` is the command that installs it."""
    found = shutil.which(command, path=path)
    if found is not None:
        return Availability(usable=True, detail=found)
    if (file := _named(command, path)) is not None:
        return Availability(usable=False, detail=f"{file} is not executable", remedy="make it so, or install it again")
    if "/" in command:
        return Availability(usable=False, detail=f"there is no {command}", remedy="install it or correct its path")
    remedy = to_install(install) if install else "install it or correct its name"
    return Availability(usable=False, detail=f"{command!r} is not on PATH ({path})", remedy=remedy)


def _named(command: str, path: str) -> str | None:
    """Return the first file of this name, whether or not it can be run."""
    places = [command] if "/" in command else [os.path.join(folder, command) for folder in path.split(os.pathsep)]
    return next((place for place in places if os.path.isfile(place)), None)


def _compose(task: Task) -> str:
    """Put the agent's prompt before its task, since a generic command has no other channel for it."""
    return f"{task.prompt}\n\n{task.instruction}" if task.prompt else task.instruction


def fill(args: tuple[str, ...], values: dict[str, str | None]) -> list[str]:
    """Replace `{{name}}` once, from left to right; what a value contains is not replaced again.

    An argument that is only an absent variable is dropped together with an option before it; one that merely contains
    it stays, with nothing in its place (a-core 91, c-config-dashboard 42, 43). Only what the template itself has as
    an option is one: a task that begins with a dash is never dropped.
    """
    filled: list[str] = []
    before = ""
    for arg in args:
        previous, before = before, arg
        whole = _VARIABLE.fullmatch(arg)
        if whole is not None and values[whole.group(1)] is None:
            if _OPTION.fullmatch(previous):
                filled.pop()
            continue
        filled.append(_VARIABLE.sub(lambda match: values[match.group(1)] or "", arg))
    return filled


class GenericReader:
    """Collects output and reads the result from it, by format: plain text, one JSON object, or JSON lines."""

    def __init__(self, output: OutputSpec) -> None:
        self._output = output
        self._out: deque[str] = deque()
        self._kept = 0
        self._left_out = 0
        self._err: list[str] = []

    @property
    def is_done(self) -> bool:
        """Never: what else such a command may print is not known."""
        return False

    def feed(self, stream: StreamName, line: str) -> tuple[Progress, ...]:
        """Keep the line; only a command that writes JSON lines tells on the way what it has to say."""
        if stream == "stderr":
            self._err.append(line)
            del self._err[:-_ERROR_TAIL]
            return ()
        self._keep(line)
        said = _field(decode_value(line), self._output.result_field) if _tells_steps(self._output) else None
        return () if said is None else (progress("message", as_summary(said), said),)

    def _keep(self, line: str) -> None:
        self._out.append(line)
        self._kept += len(line) + 1
        while self._kept > _KEPT_CHARACTERS and len(self._out) > 1:
            left_out = len(self._out.popleft()) + 1
            self._kept -= left_out
            self._left_out += left_out

    def finish(self, status: ExitStatus) -> Answer:
        """Read the result; success is exit status 0."""
        text, session, has_result = self._result()
        if status.code == 0:
            return Answer(success=True, reply=text, session=session)
        errors = "\n".join(self._err).strip()
        shown = errors or (text or "").strip()
        return Answer(
            success=False,
            reply=text if has_result else None,
            error=f"the command ended with {status.in_words()}" + (f":\n{shown}" if shown else " and printed nothing"),
            category=self._category(errors, has_result=has_result),
            session=session,
        )

    def _category(self, errors: str, *, has_result: bool) -> Category:
        """Of a failed command, plain text is what it printed on its way; only a format can tell an answer from that."""
        is_answer = has_result and self._output.format != "plaintext"
        found = classify(errors, has_result=is_answer)
        return "agent_error" if found == "unknown" and has_result else found

    def _result(self) -> tuple[str | None, str | None, bool]:
        raw = "".join(f"{line}\n" for line in self._out)
        if self._left_out:
            raw = f"[{self._left_out} characters before this are left out; `compas log` shows more]\n{raw}"
        if self._output.format == "plaintext":
            return raw, None, bool(raw.strip())
        found = _last_object(self._out) if self._output.format == "jsonl" else decode_value(raw)
        if found is None:
            return raw, None, False
        text = _field(found, self._output.result_field)
        session = _field(found, self._output.session_id_field)
        return text or "", session, text is not None


def _tells_steps(output: OutputSpec) -> bool:
    """Say whether lines of the output say something by themselves."""
    return output.format == "jsonl" and output.result_field is not None


def _last_object(lines: deque[str]) -> object | None:
    """Return the last line that is an object; other JSON values have no fields to answer with (a-core 93)."""
    for line in reversed(lines):
        found = decode_value(line)
        if isinstance(found, dict):
            return found
    return None


def _field(found: object, path: str | None) -> str | None:
    """Follow a dotted path; a key that is literally that text comes second. Only texts count (a-core 92)."""
    if path is None or not isinstance(found, dict):
        return None
    value: object = found
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if value is None:
        value = found.get(path)
    return value if isinstance(value, str) else None
