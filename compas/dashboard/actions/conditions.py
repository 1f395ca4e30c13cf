"""Why something cannot be done now: one sentence each, empty where it can. Pure."""

from compas.dashboard.selection import NO_THREAD
from compas.dashboard.situation import Situation

_OVER = ("Completed", "Failed", "Abandoned")


def always(_: Situation) -> str:
    """Nothing is in the way."""
    return ""


def connected(now: Situation) -> str:
    """A supervisor is there."""
    return "" if now.board.link == "connected" else "there is no supervisor to ask"


def some(now: Situation) -> str:
    """A thread is meant."""
    return "" if now.targets else NO_THREAD


def one(now: Situation) -> str:
    """Exactly one thread is meant."""
    if len(now.threads) > 1:
        return f"{len(now.threads)} rows are marked, and this can be done with one only"
    return some(now)


def not_abandoned(now: Situation) -> str:
    """Some thread is meant that was not given up."""
    return some(now) or _unless_all(now, ("Abandoned",), "was abandoned already")


def ended(now: Situation) -> str:
    """Some thread is meant that has ended."""
    if some(now) or any(target.row is None or target.row.thread_status in _OVER for target in now.targets):
        return some(now)
    return f"{now.names}: only a thread that has ended can be reopened"


def under_way(now: Situation) -> str:
    """Something runs, or waits to, that can be cancelled."""
    if some(now):
        return some(now)
    for target in now.targets:
        if target.merge is not None and target.merge.is_open:
            return ""
        if target.row is None or target.row.execution_status in ("queued", "picked_up", "executing"):
            return ""
    return f"{now.names}: nothing is queued or running there"


def has_run(now: Situation) -> str:
    """An execution has ended that can be run again."""
    if some(now) or any(target.row is None or target.row.execution_id for target in now.targets):
        return some(now)
    return f"{now.names}: nothing has been started there yet"


def has_agents(now: Situation) -> str:
    """There is somebody to give work to."""
    return "" if now.board.health is not None and now.board.health.agents else "no agent is known yet"


def _unless_all(now: Situation, statuses: tuple[str, ...], said: str) -> str:
    rows = [target.row for target in now.targets]
    if all(row is not None and row.thread_status in statuses for row in rows):
        return f"{now.names} {said}"
    return ""
