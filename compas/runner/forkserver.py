"""Forks runners from a process that has paid for their imports, and inherits what dead ones leave. One thread."""

import contextlib
import gc
import os
import signal
import socket
import traceback

import msgspec

from compas.runner import machine, process
from compas.runner.processes import find_process, list_processes
from compas.runner.signals import reset_all_signals

CHANNEL = 0
"""The descriptor of the socket to the supervisor."""
LENGTH_BYTES = 4
MOST_ORPHANS = 200
"""In one report, so that it fits a pipe; those that are ended make room for the next."""


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """A request for a runner: the execution's directory, and what its agent's environment has beside its spec."""

    path: bytes
    withheld: dict[str, str] = {}


def main() -> None:
    """Serve launch requests until the supervisor's end of the channel is closed."""
    channel = socket.socket(fileno=CHANNEL)
    reset_all_signals()
    # Ended runners vanish by themselves; every runner sets this back before it has children.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.collect()
    gc.disable()
    gc.freeze()
    # What a runner leaves that is killed comes to us: with an environment of its own, nobody else would find it.
    machine.adopt_orphans()
    runners: set[tuple[int, int]] = set()
    while True:
        request = _receive(channel)
        if request is None:
            return
        content, report = request
        if content:
            _launch(channel, msgspec.msgpack.decode(content, type=Launch), report, runners)
        else:
            _tell_orphans(report, runners)


def _tell_orphans(report: int, runners: set[tuple[int, int]]) -> None:
    """Write which children are no runners, as pairs of pid and start time. Nothing is forked meanwhile."""
    children = {
        (row.pid, row.start_time) for row in list_processes() if row.parent == os.getpid() and not row.is_zombie
    }
    runners &= children
    with contextlib.suppress(BrokenPipeError):
        os.write(report, msgspec.json.encode(sorted(children - runners)[:MOST_ORPHANS]))
    os.close(report)


def _receive(channel: socket.socket) -> tuple[bytes, int] | None:
    """Read one request: a `Launch`, empty to ask for orphans, and where to report. None at the end."""
    header, descriptors, _, _ = socket.recv_fds(channel, LENGTH_BYTES, 1)
    if len(header) < LENGTH_BYTES or not descriptors:
        return None
    wanted = int.from_bytes(header, "big")
    content = bytearray()
    while len(content) < wanted:
        data = channel.recv(wanted - len(content))
        if not data:
            return None
        content += data
    return bytes(content), descriptors[0]


def _launch(channel: socket.socket, launch: Launch, report: int, runners: set[tuple[int, int]]) -> None:
    try:
        pid = os.fork()
    except OSError as err:
        os.write(report, f"no process could be forked for a runner: {err}".encode())
        os.close(report)
        return
    if pid != 0:
        os.close(report)
        row = find_process(pid)
        if row is not None:
            runners.add((pid, row.start_time))
        return
    try:
        channel.detach()
        _become_runner(launch, report)
    finally:
        os._exit(1)


def _become_runner(launch: Launch, report: int) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.set_inheritable(report, False)
    # Also closes the channel: the supervisor must see its end when the fork server dies, not when we do.
    nowhere = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    gc.enable()

    has_told = False

    def tell(text: bytes) -> None:
        nonlocal has_told
        has_told = True
        # The supervisor may have died since it asked; the execution goes on regardless.
        with contextlib.suppress(BrokenPipeError):
            os.write(report, text)
        os.close(report)

    try:
        process.run(os.fsdecode(launch.path), tell, launch.withheld)
    except BaseException:
        # Once it has told, the number of its descriptor may be that of a client's connection.
        with contextlib.suppress(OSError):
            if not has_told:
                os.write(report, traceback.format_exc().encode()[-4000:])
        os._exit(1)
    os._exit(0)
