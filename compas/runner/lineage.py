"""Whether a process is an agent's, whatever its environment says by now."""

from collections.abc import Collection

from compas.runner.processes import CALLER_VARIABLE, EXECUTION_VARIABLE, TOKEN_VARIABLE, environment, list_processes

_MARKS = tuple(f"{name}=".encode() for name in (EXECUTION_VARIABLE, TOKEN_VARIABLE, CALLER_VARIABLE))


def is_within(pid: int, root: int, agents: Collection[int]) -> bool:
    """Tell whether a process belongs to an agent: it, or one that it descends from, is marked as one, is one of
    `agents` or the runner of one, or is `root`, the supervisor itself.

    True also of a process that is gone: nothing can be told of it. Reads the process table; run it in a thread.
    """
    parents = {row.pid: row.parent for row in list_processes()}
    if pid not in parents:
        return True
    runners = {parents[agent] for agent in agents if agent in parents} - {0, 1}
    known = {root, *agents, *runners}
    seen: set[int] = set()
    while pid > 1 and pid not in seen:
        if pid in known or any(entry.startswith(_MARKS) for entry in environment(pid)):
            return True
        seen.add(pid)
        pid = parents.get(pid, 0)
    return False
