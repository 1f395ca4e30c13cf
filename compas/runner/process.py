"""The life of a runner, from the lock to the recorded exit; at most one per execution gets past the first step."""

import fcntl
import os
import signal
import socket
from collections.abc import Callable
from types import FrameType

from compas import failpoints
from compas.clock import wall_clock
from compas.runner import files, machine
from compas.runner.agent import SpawnError, Stdio, WaitingAgent, find_program, fork_agent
from compas.runner.file_source import FileSource, open_output_file
from compas.runner.hosting import Hosting
from compas.runner.log import Log
from compas.runner.logformat import Stream
from compas.runner.messages import Exit, Spec, Started
from compas.runner.output import PipeSource, Recorder, Source
from compas.runner.processes import find_process
from compas.runner.redact import Redactor
from compas.runner.serve import bind_socket

LOCK_LIMIT_SECS = 5.0
"""A judge holds the lock for a moment; another runner holds it for good, and then there is nothing to do."""

STARTED = b"started"
PRESENT = b"present"

Report = Callable[[bytes], None]
"""Tells whoever launched: STARTED, PRESENT (ran, runs or ended already), or the text of a failure."""


def run(path: str, report: Report) -> None:
    """Host the execution in the directory `path`; to be called in a process of its own.

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
        machine.adopt_orphans()
        log = Log(directory, spec.log_limit_bytes)
        listener = bind_socket(directory, path)
        try:
            hosting = _start(directory, spec, log, listener, umask)
        except SpawnError as err:
            _record_spawn_failure(directory, str(err))
            report(STARTED)
            return
        report(STARTED)
        hosting.run(directory)


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


def _start(directory: int, spec: Spec, log: Log, listener: socket.socket, umask: int) -> Hosting:
    """Fork, record, release: in this order an agent without a record never ran."""
    program = find_program(spec)
    stdio, sources = _open_stdio(directory, spec, log)
    agent = fork_agent(spec, program, stdio, umask)
    for descriptor in {stdio.stdin, stdio.stderr} | ({stdio.stdout} if spec.stdout == "pipe" else set()):
        os.close(descriptor)
    started = _describe(spec, agent)
    files.write_new(directory, files.STARTED, started)
    failpoints.hit("runner.recorded")
    hosting = Hosting(spec, started, log, sources, listener)
    agent.release()
    failpoints.hit("runner.released")
    agent.confirm(spec)
    return hosting


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
    def recorder(stream: Stream) -> Recorder:
        redact = Redactor(spec.redaction_patterns).line if spec.redact else _unchanged
        return Recorder(stream, log, redact)

    sources: list[Source] = []
    if spec.stdout == "file":
        stdout = open_output_file(directory)
        sources.append(FileSource(stdout, recorder("stdout")))
    else:
        reading, stdout = os.pipe()
        sources.append(PipeSource(reading, recorder("stdout")))
    reading, stderr = os.pipe()
    sources.append(PipeSource(reading, recorder("stderr")))
    return Stdio(_open_stdin(directory, spec), stdout, stderr), sources


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


def _unchanged(text: str) -> str:
    return text


def _record_spawn_failure(directory: int, reason: str) -> None:
    now = wall_clock()
    files.write_new(directory, files.EXIT, Exit(kind="spawn_failed", reason=reason, ended_at=now))
