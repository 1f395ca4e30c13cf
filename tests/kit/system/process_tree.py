"""Every process below this one: orphans come back to us, so that nothing a test starts can hide."""

import contextlib
import ctypes
import os
import select
import signal
from pathlib import Path
from typing import NamedTuple

from tests.kit.ceiling import CEILING

_PR_SET_CHILD_SUBREAPER = 36


class Row(NamedTuple):
    """One living process; pid and start time together name it."""

    pid: int
    parent: int
    start: int
    command: str


def adopt_orphans(*, on: bool) -> None:
    """Become, or stop being, the process that orphaned descendants are given to."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, int(on), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def row(pid: int) -> Row | None:
    """Return the row of a living process, or None for one that is gone or a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat[stat.rindex(")") + 2 :].split()
    if fields[0] in "ZX":
        return None
    shown = command.replace(b"\0", b" ").decode(errors="replace").strip()
    return Row(pid, int(fields[1]), int(fields[19]), shown)


def is_alive(pid: int) -> bool:
    """Tell whether the process lives; a zombie does not."""
    return row(pid) is not None


def below(root: int) -> list[Row]:
    """Return the living descendants of a process."""
    rows = [found for name in os.listdir("/proc") if name.isdecimal() and (found := row(int(name))) is not None]
    wanted, result = {root}, []
    while True:
        new = [one for one in rows if one.parent in wanted and one.pid not in {found.pid for found in result}]
        if not new:
            return result
        result += new
        wanted |= {one.pid for one in new}


def find(root: int, text: str) -> list[Row]:
    """Return the descendants of a process whose command line contains a text."""
    return [one for one in below(root) if text in one.command]


def wait_gone(pid: int, seconds: float) -> bool:
    """Wait for the end of a process, whoever its parent is; False when it lives on."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(seconds * 1000))
    finally:
        os.close(descriptor)


def kill(pid: int) -> None:
    """End a process that is ours, at once, and wait for its end."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    assert wait_gone(pid, CEILING)


def signal_group(leader: int, number: int) -> None:
    """Send a signal to the group that a process of ours leads."""
    os.killpg(leader, number)


def reap_adopted(keep: set[int]) -> None:
    """Collect ended orphans that were given to us; `keep` are children that somebody else waits for."""
    for name in filter(str.isdecimal, os.listdir("/proc")):
        try:
            fields = Path(f"/proc/{name}/stat").read_text(errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields[0] == "Z" and int(fields[1]) == os.getpid() and int(name) not in keep:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(int(name), os.WNOHANG)
