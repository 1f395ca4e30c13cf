"""Starts an agent in two steps: a child that waits at a gate, then exec once its start has been recorded."""

import errno
import fcntl
import os
import resource
from typing import NamedTuple, NoReturn

from compas.errors import CompasError
from compas.runner.messages import Spec
from compas.runner.processes import CALLER_VARIABLE, EXECUTION_VARIABLE, TOKEN_VARIABLE
from compas.runner.signals import reset_own_signals

_AT_GATE = b"a"
_GO = b"g"
_FIRST_SAFE_DESCRIPTOR = 16
_DESCRIPTORS_IF_UNLIMITED = 65536


class SpawnError(CompasError):
    """The agent's program cannot be started; the text says what was tried and what was found."""


class Stdio(NamedTuple):
    """The agent's three standard descriptors."""

    stdin: int
    stdout: int
    stderr: int

    def close(self) -> None:
        """Close this process's copies, once the agent has its own."""
        for descriptor in self:
            os.close(descriptor)


class WaitingAgent(NamedTuple):
    """A forked child that has not yet become the agent. It ends by itself when this process dies."""

    pid: int
    gate: int
    failure: int
    """Readable: one byte when the child is at the gate, then why it could not become the agent, if so."""

    def release(self) -> None:
        """Let the child become the agent."""
        os.write(self.gate, _GO)
        os.close(self.gate)

    def confirm(self, spec: Spec) -> None:
        """Wait until the program runs.

        Raises:
            SpawnError: The system refused to run it; the child has ended or is about to.
        """
        with open(self.failure, "rb") as file:
            report = file.read()
        if report:
            step, _, number = report.decode().partition(":")
            raise SpawnError(_refusal(spec, step, int(number)))


def find_program(spec: Spec) -> str:
    """Find the file that `argv[0]` names, on the agent's own PATH.

    Raises:
        SpawnError: The working directory or the program is missing or unusable.
    """
    name = spec.argv[0]
    if not os.path.isdir(spec.cwd):
        found = "it is not a directory" if os.path.exists(spec.cwd) else "there is no such directory"
        raise SpawnError(f"cannot start {name!r} in {spec.cwd!r}: {found}")
    if "/" in name:
        path = os.path.join(spec.cwd, name)
        if not os.path.exists(path):
            raise SpawnError(f"cannot start {name!r}: there is no such file")
        if not _is_program(path):
            raise SpawnError(f"cannot start {name!r}: it is not an executable file")
        return path
    search = spec.env.get("PATH", os.defpath)
    for folder in search.split(os.pathsep):
        path = os.path.join(spec.cwd, folder, name)
        if _is_program(path):
            return path
    raise SpawnError(
        f"cannot start {name!r}: no executable file of that name on the agent's PATH ({search}); "
        "install it, or give its full path"
    )


def fork_agent(spec: Spec, program: str, stdio: Stdio, umask: int) -> WaitingAgent:
    """Fork a child and return when it waits at the gate. The caller still owns the descriptors in `stdio`.

    By then the child has closed all that it inherited: nobody but the runner holds the lock.
    """
    gate_out, gate_in = os.pipe()
    failure_out, failure_in = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(gate_in)
            _become_agent(spec, program, stdio, umask, gate_out, failure_in)
        finally:
            os._exit(127)
    os.close(gate_out)
    os.close(failure_in)
    if os.read(failure_out, 1) != _AT_GATE:
        raise SpawnError(f"cannot start {spec.argv[0]!r}: its process ended before it began")
    return WaitingAgent(pid, gate_in, failure_out)


def _become_agent(spec: Spec, program: str, stdio: Stdio, umask: int, gate: int, failure: int) -> NoReturn:
    os.setsid()
    reset_own_signals()
    gate = fcntl.fcntl(gate, fcntl.F_DUPFD_CLOEXEC, _FIRST_SAFE_DESCRIPTOR)
    failure = fcntl.fcntl(failure, fcntl.F_DUPFD_CLOEXEC, _FIRST_SAFE_DESCRIPTOR)
    moved = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _FIRST_SAFE_DESCRIPTOR) for descriptor in stdio]
    for number, descriptor in enumerate(moved):
        os.dup2(descriptor, number)
    _close_all_but(gate, failure)
    marks = {TOKEN_VARIABLE: spec.token, CALLER_VARIABLE: spec.token, EXECUTION_VARIABLE: spec.execution}
    environment = {**spec.env, **marks}
    os.write(failure, _AT_GATE)
    if os.read(gate, 1) != _GO:
        os._exit(0)
    step = "cwd"
    try:
        os.umask(umask)
        os.chdir(spec.cwd)
        step = "exec"
        os.execve(program, list(spec.argv), environment)
    except OSError as err:
        os.write(failure, f"{step}:{err.errno}".encode())
    except ValueError:
        os.write(failure, b"exec:0")
    os._exit(127)


def _close_all_but(*kept: int) -> None:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit == resource.RLIM_INFINITY:
        limit = _DESCRIPTORS_IF_UNLIMITED
    start = 3
    for descriptor in (*sorted(kept), limit):
        os.closerange(start, descriptor)
        start = descriptor + 1


def _is_program(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _refusal(spec: Spec, step: str, number: int) -> str:
    what = f"cannot start {spec.argv[0]!r}"
    if step == "cwd":
        return f"{what} in {spec.cwd!r}: {os.strerror(number)}"
    match number:
        case 0:
            return f"{what}: one of its arguments or variables holds a NUL character"
        case errno.ENOENT:
            return f"{what}: the interpreter that its first line names does not exist"
        case errno.ENOEXEC:
            return f"{what}: it is neither a program of this system nor a script with a #! line"
        case errno.E2BIG:
            return f"{what}: its arguments and environment are longer than the system allows; use stdin for the prompt"
        case _:
            return f"{what}: {os.strerror(number)}"
