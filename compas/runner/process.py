"""The life of a runner, from the lock to the recorded exit; at most one per execution gets past the first step."""

import contextlib
import fcntl
import os
import signal
import socket
import traceback
from collections.abc import Callable, Mapping
from types import FrameType

import msgspec

from compas import failpoints
from compas.clock import wall_clock
from compas.output.redact import Redactor
from compas.runner import files, machine
from compas.runner.agent import SpawnError, Stdio, WaitingAgent, find_program, fork_agent
from compas.runner.file_source import FileSource, open_output_file
from compas.runner.hosting import Hosting
from compas.runner.log import Log
from compas.runner.logformat import Stream, format_line
from compas.runner.messages import Exit, Spec, Started
from compas.runner.output import PipeSource, Recorder, Source
from compas.runner.processes import find_process
from compas.runner.serve import bind_socket
from compas.runner.strays import end_strays

LOCK_LIMIT_SECS = 5.0
"""A judge holds the lock for a moment; another runner holds it for good, and then there is nothing to do."""

STARTED = b"started"
PRESENT = b"present"

Report = Callable[[bytes], None]
"""Tells whoever launched: STARTED, PRESENT (ran, runs or ended already), or the text of a failure.

Behind STARTED stands what `started.json` holds, if an agent runs: its agent can write that file, and not this pipe.
"""


def run(path: str, report: Report, withheld: Mapping[str, str]) -> None:
    """Host the execution in the directory `path`; to be called in a process of its own.

    `withheld` is what the agent's environment has beside what the spec says; it is written nowhere.

    Returns when all is recorded. A second runner for the same execution reports PRESENT and returns.
    """
    with files.open_directory(path) as directory:
        os.setsid()
        umask = os.umask(0o077)
        if not _take_lock(directory):
            report(PRESENT)
            return
        failpoints.hit("runner.locked")
        spec = files.read(directory, files.SPEC, Spec)
        if spec is None:
            report(f"{path} holds no {files.SPEC}".encode())
            return
        spec = msgspec.structs.replace(spec, env={**spec.env, **withheld})
        machine.adopt_orphans()
        files.reserve(directory, files.EXIT)
        log = Log(directory, spec.log_limit_bytes)
        listener = bind_socket(directory, path)
        try:
            hosting, started = _start(directory, spec, log, listener, umask)
        except SpawnError as err:
            _record(directory, Exit(kind="spawn_failed", reason=str(err), ended_at=wall_clock()))
            report(STARTED)
            return
        report(STARTED + msgspec.json.encode(started))
        try:
            hosting.run(directory)
        except Exception:
            _record_own_failure(directory, spec)
            raise


def _take_lock(directory: int) -> bool:
    """Hold the lock until this process ends; False when the execution has or had a runner."""
    descriptor = files.open_lock(directory)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if _has_run(directory) or not _wait_for_lock(descriptor):
            return False
    return not _has_run(directory)


def _has_run(directory: int) -> bool:
    return files.exists(directory, files.STARTED) or files.exists(directory, files.EXIT)


def _wait_for_lock(descriptor: int) -> bool:
    def give_up(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, LOCK_LIMIT_SECS)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except TimeoutError:
        return False
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
    return True


def _start(directory: int, spec: Spec, log: Log, listener: socket.socket, umask: int) -> tuple[Hosting, Started]:
    """Fork, record, release: in this order an agent without a record never ran."""
    program = find_program(spec)
    try:
        files.write_given(directory, spec.files)
        stdio, sources = _open_stdio(directory, spec, log)
        agent = fork_agent(spec, program, stdio, umask)
        stdio.close()
        started = _describe(spec, agent)
        hosting = Hosting(directory, spec, started, log, sources, listener)
        files.write_new(directory, files.STARTED, started)
    except OSError as err:
        # The child at the gate, if there is one, ends by itself together with this process.
        raise SpawnError(f"cannot start {spec.argv[0]!r}: {err}") from err
    failpoints.hit("runner.recorded")
    if files.exists(directory, files.EXIT):
        # Its supervisor could not wait for this. It looks for what is recorded after it has written that.
        raise SpawnError("the execution was ended before its agent was released")
    agent.release()
    failpoints.hit("runner.released")
    agent.confirm(spec)
    return hosting, started


def _describe(spec: Spec, agent: WaitingAgent) -> Started:
    own, child = find_process(os.getpid()), find_process(agent.pid)
    if own is None or child is None:
        raise SpawnError(f"cannot start {spec.argv[0]!r}: its process ended before it began")
    return Started(
        boot_id=machine.boot_id(),
        runner_pid=own.pid,
        runner_start_time=own.start_time,
        agent_pid=child.pid,
        agent_start_time=child.start_time,
        token=spec.token,
        started_at=wall_clock(),
    )


def _open_stdio(directory: int, spec: Spec, log: Log) -> tuple[Stdio, list[Source]]:
    out, err = _open_recorder(spec, log, "stdout"), _open_recorder(spec, log, "stderr")
    source: Source
    if spec.stdout == "file":
        stdout = open_output_file(directory)
        source = FileSource(os.dup(stdout), out)
    else:
        reading, stdout = os.pipe()
        source = PipeSource(reading, out)
    reading, stderr = os.pipe()
    return Stdio(_open_stdin(directory, spec), stdout, stderr), [source, PipeSource(reading, err)]


def _open_recorder(spec: Spec, log: Log, stream: Stream) -> Recorder:
    if not spec.redact:
        return Recorder(stream, log, _unchanged)
    redactor = Redactor(spec.redaction_patterns)
    if stream == "stdout":
        for problem in redactor.problems:
            log.append(format_line("compas", problem).encode())
    return Recorder(stream, log, redactor.lines)


def _open_stdin(directory: int, spec: Spec) -> int:
    """Give the prompt as a file without a name: no limit of length, no writer that could block or die."""
    if spec.stdin_text is None:
        return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    name = f".stdin.{os.getpid()}"
    writing = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600, dir_fd=directory)
    reading = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
    os.unlink(name, dir_fd=directory)
    with open(writing, "wb") as file:
        file.write(spec.stdin_text.encode())
    return reading


def _unchanged(texts: list[str]) -> list[str]:
    return texts


def _record_own_failure(directory: int, spec: Spec) -> None:
    """Leave nothing running when the loop itself has failed; an exit that is there already stays."""
    reason = f"the runner failed: {traceback.format_exc(limit=-8)}"
    count, nothing_left = end_strays(spec.token)
    log_bytes = os.stat(files.LOG, dir_fd=directory).st_size
    _record(
        directory,
        Exit(
            kind="lost",
            reason=reason,
            ended_at=wall_clock(),
            log_bytes=log_bytes,
            cut_at=log_bytes,
            leftovers_ended=count,
            nothing_left=nothing_left,
        ),
    )


def _record(directory: int, ended: Exit) -> None:
    with contextlib.suppress(FileExistsError):
        files.write_new(directory, files.EXIT, ended)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(files.SOCKET, dir_fd=directory)
