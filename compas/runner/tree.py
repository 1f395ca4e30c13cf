"""The process tree of an execution as it was recorded, and its end without asking its runner (docs/decisions/0025)."""

import hashlib
import os
import signal
import time
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from compas.runner import machine, processes
from compas.runner.messages import Started
from compas.runner.processes import EXECUTION_VARIABLE, TOKEN_VARIABLE, Process
from compas.runner.strays import KILL_LIMIT_SECS, signal_and_wait


class RecordedTree(msgspec.Struct, frozen=True, kw_only=True):
    """What names the processes of one execution, for good: pids with start times, and the mark in their environment.

    `mark` is `mark_of` its token, so that it can be kept where secrets cannot; where it is unknown, as a pid of 0 is,
    the name of the execution alone has to do.
    """

    execution: str
    mark: str = ""
    boot_id: str = ""
    runner_pid: int = 0
    runner_start_time: int = 0
    agent_pid: int = 0
    agent_start_time: int = 0


class Swept(NamedTuple):
    """What a sweep found: how many processes it ended, the runner not counted, and whether all are gone.

    `was_at_work` says that the agent lived, or anything below a living runner.
    """

    ended: int
    nothing_left: bool
    was_at_work: bool


class _Found(NamedTuple):
    members: list[Process]
    runner: Process | None
    was_at_work: bool


def mark_of(token: str) -> str:
    """Return what shows that a process carries this token, and does not tell the token."""
    return hashlib.sha256(token.encode()).hexdigest()[:32]


def recorded_tree(execution: str, started: Started) -> RecordedTree:
    """Return the tree that a runner says it has."""
    return RecordedTree(
        execution=execution,
        mark=mark_of(started.token),
        boot_id=started.boot_id,
        runner_pid=started.runner_pid,
        runner_start_time=started.runner_start_time,
        agent_pid=started.agent_pid,
        agent_start_time=started.agent_start_time,
    )


def end_tree(tree: RecordedTree, *, grace_secs: float = 0.0, linger_secs: float = 0.0) -> Swept:
    """End all of it until none is left: SIGTERM, `grace_secs`, SIGKILL. Blocks: run it in a worker thread.

    The runner comes last, after `linger_secs` to leave by itself: as long as it lives, orphans stay below it, where
    they are found. Stopped processes end as well. After `KILL_LIMIT_SECS` of killing it gives up.
    """
    found = _find(tree)
    was_at_work = found.was_at_work
    seen = _names(found.members)
    if found.members and grace_secs > 0:
        signal_and_wait(found.members, (signal.SIGTERM, signal.SIGCONT), time.monotonic() + grace_secs)
        found = _find(tree)
    limit = time.monotonic() + KILL_LIMIT_SECS
    while found.members or found.runner is not None:
        if time.monotonic() >= limit:
            break
        seen |= _names(found.members)
        if found.members:
            signal_and_wait(found.members, (signal.SIGKILL,), limit)
        elif found.runner is not None:
            _end_runner(found.runner, linger_secs, limit)
        found = _find(tree)
    return Swept(len(seen), not found.members and found.runner is None, was_at_work)


def end_orphans(named: Sequence[tuple[int, int]]) -> int:
    """Kill processes that a dead runner left, with all below them; return how many. Blocks like `end_tree`."""
    limit = time.monotonic() + KILL_LIMIT_SECS
    seen: set[tuple[int, int]] = set()
    wanted = set(named)
    while time.monotonic() < limit:
        living = [process for process in processes.list_processes() if not process.is_zombie]
        found = {process.pid: process for process in living if (process.pid, process.start_time) in wanted}
        for process in list(found.values()):
            found.update((below.pid, below) for below in processes.descendants(process.pid, living))
        if not found:
            break
        seen |= _names(list(found.values()))
        wanted |= seen
        signal_and_wait(list(found.values()), (signal.SIGKILL,), limit)
    return len(seen)


def _end_runner(runner: Process, linger_secs: float, limit: float) -> None:
    if linger_secs > 0:
        signal_and_wait([runner], (), time.monotonic() + linger_secs)
    signal_and_wait([runner], (signal.SIGKILL,), limit)


def _names(found: list[Process]) -> set[tuple[int, int]]:
    return {(process.pid, process.start_time) for process in found}


def _find(tree: RecordedTree) -> _Found:
    """Look for what is alive of it: what is recorded, what carries the mark, their sessions, and all below these."""
    rows = {process.pid: process for process in processes.list_processes()}
    protected = _own_line(rows)
    living = [process for process in rows.values() if not process.is_zombie and process.pid not in protected]
    is_this_boot = tree.boot_id in ("", machine.boot_id())
    # What a record says is never a reason to end ourselves, or what we have started.
    others = {pid: row for pid, row in rows.items() if pid not in protected and row.parent != os.getpid()}
    runner = _recorded(others, tree.runner_pid, tree.runner_start_time) if is_this_boot else None
    agent = _recorded(others, tree.agent_pid, tree.agent_start_time) if is_this_boot else None
    oldest = tree.agent_start_time if is_this_boot else 0
    marked = [process for process in living if process.start_time >= oldest and _carries(process.pid, tree)]
    below_runner = [] if runner is None else processes.descendants(runner.pid, living)
    # The agent has a session of its own, so nobody else's process is in there; its leader may have ended.
    sessions = {process.session for process in (*marked, *([] if agent is None else [agent]))} - {0}
    found = {process.pid: process for process in (*marked, *below_runner)}
    found.update((process.pid, process) for process in living if process.session in sessions)
    if agent is not None and not agent.is_zombie:
        found[agent.pid] = agent
    for process in list(found.values()):
        found.update((below.pid, below) for below in processes.descendants(process.pid, living))
    runner = None if runner is None or runner.is_zombie else runner
    members = [process for process in found.values() if runner is None or process.pid != runner.pid]
    return _Found(members, runner, bool(below_runner) or (agent is not None and not agent.is_zombie))


def _recorded(rows: dict[int, Process], pid: int, start_time: int) -> Process | None:
    process = rows.get(pid)
    return process if process is not None and process.start_time == start_time else None


def _own_line(rows: dict[int, Process]) -> set[int]:
    """Return this process and all that it descends from."""
    line: set[int] = {1}
    pid = os.getpid()
    while pid not in line and pid in rows:
        line.add(pid)
        pid = rows[pid].parent
    return line


def _carries(pid: int, tree: RecordedTree) -> bool:
    """Tell whether a process has both the execution's name and its token in its environment.

    Both: the token may come from a file that its agent has written, and must not lead to another execution.
    """
    environment = processes.environment(pid)
    if f"{EXECUTION_VARIABLE}={tree.execution}".encode() not in environment:
        return False
    if not tree.mark:
        return True
    name = f"{TOKEN_VARIABLE}=".encode()
    tokens = [entry.removeprefix(name) for entry in environment if entry.startswith(name)]
    return any(hashlib.sha256(token).hexdigest()[:32] == tree.mark for token in tokens)
