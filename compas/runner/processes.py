"""The process table: who descends from whom, and who carries an execution's mark in its environment."""

import os
import sys
from collections.abc import Iterable
from typing import NamedTuple

TOKEN_VARIABLE = "COMPAS_RUN_TOKEN"
CALLER_VARIABLE = "COMPAS_CALLER"
"""The token once more: Gemini CLI hides variables with TOKEN in their name from the servers and commands it starts."""
EXECUTION_VARIABLE = "COMPAS_EXECUTION"

ORPHANS_ARE_ADOPTED = sys.platform != "darwin"
"""Whether `machine.adopt_orphans` works here."""


class Process(NamedTuple):
    """One row. Pid and start time together name a process of this boot for good."""

    pid: int
    parent: int
    group: int
    session: int
    start_time: int
    is_zombie: bool


def list_processes() -> list[Process]:
    """Return all processes that can be seen."""
    if sys.platform == "darwin":
        return _list_darwin()
    found = []
    for name in os.listdir("/proc"):
        if name.isdecimal():
            process = find_process(int(name))
            if process is not None:
                found.append(process)
    return found


def find_process(pid: int) -> Process | None:
    """Return the row of one process, or None when there is none."""
    if sys.platform == "darwin":
        return next((process for process in _list_darwin() if process.pid == pid), None)
    content = _read(f"/proc/{pid}/stat")
    if content is None:
        return None
    # The command name stands in parentheses and may itself hold blanks and parentheses.
    fields = content[content.rindex(b")") + 2 :].split()
    return Process(
        pid=pid,
        parent=int(fields[1]),
        group=int(fields[2]),
        session=int(fields[3]),
        start_time=int(fields[19]),
        is_zombie=fields[0] in (b"Z", b"X"),
    )


def descendants(root: int, processes: Iterable[Process]) -> list[Process]:
    """Return the living processes below `root`."""
    children: dict[int, list[Process]] = {}
    for process in processes:
        children.setdefault(process.parent, []).append(process)
    found: list[Process] = []
    open_ends = [root]
    while open_ends:
        below = children.get(open_ends.pop(), [])
        found.extend(below)
        open_ends.extend(process.pid for process in below)
    return [process for process in found if not process.is_zombie]


def environment(pid: int) -> list[bytes]:
    """Return the entries of the environment that a process was started with; none where that is closed to us."""
    if sys.platform == "darwin":
        return _environment_darwin(pid).split(b" ")
    content = _read(f"/proc/{pid}/environ")
    return [] if content is None else content.split(b"\0")


def carries_token(pid: int, token: str) -> bool:
    """Tell whether this process was started with the execution's mark in its environment."""
    return f"{TOKEN_VARIABLE}={token}".encode() in environment(pid)


def belonging(token: str) -> list[Process]:
    """Return the living processes of an execution whose runner is gone.

    Those that carry the mark, those in a session with one that does (the agent has a session of its own,
    so nobody else's process is in there), and all that descend from either.
    """
    processes = [process for process in list_processes() if not process.is_zombie]
    marked = [process for process in processes if carries_token(process.pid, token)]
    sessions = {process.session for process in marked} - {0}
    found = {process.pid: process for process in processes if process.session in sessions}
    found.update((process.pid, process) for process in marked)
    for process in list(found.values()):
        found.update((below.pid, below) for below in descendants(process.pid, processes))
    return list(found.values())


def _read(path: str) -> bytes | None:
    # A process may end at any moment, and the environment of other users' processes is closed to us.
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None


def _list_darwin() -> list[Process]:
    import subprocess
    import time

    text = subprocess.check_output(
        ["/bin/ps", "-A", "-o", "pid=,ppid=,pgid=,stat=,lstart="], text=True, env={"LC_ALL": "C"}
    )
    found = []
    for row in text.splitlines():
        pid, parent, group, state, started = row.split(None, 4)
        try:
            session = os.getsid(int(pid))
        except OSError:
            continue
        start_time = int(time.mktime(time.strptime(started.strip(), "%a %b %d %H:%M:%S %Y")))
        found.append(Process(int(pid), int(parent), int(group), session, start_time, state.startswith("Z")))
    return found


def _environment_darwin(pid: int) -> bytes:
    import subprocess

    # ps shows the environment of one's own processes after the command, separated by blanks.
    with subprocess.Popen(["/bin/ps", "-E", "-ww", "-o", "command=", "-p", str(pid)], stdout=subprocess.PIPE) as ps:
        return ps.communicate()[0].strip()
