"""Which handler serves which operation."""

from compas.orchestrator.handlers import (
    activity,
    agents,
    dispatching,
    explaining,
    history,
    merging,
    supervision,
    threads,
    waiting,
    worktrees,
)
from compas.orchestrator.handlers.desk import Handler

HANDLERS: dict[str, Handler] = {
    "dispatch": dispatching.dispatch,
    "wait": waiting.wait,
    "status": threads.status,
    "transcript": threads.transcript,
    "diff": history.diff,
    "merge": merging.merge,
    "wait_merge": waiting.wait_merge,
    "close": threads.close,
    "abandon": threads.abandon,
    "worktrees": worktrees.worktrees,
    "worktree_remove": worktrees.worktree_remove,
    "commit": worktrees.commit,
    "why": explaining.why,
    "events": history.events,
    "log": history.log,
    "execution_events": activity.execution_events,
    "list_agents": agents.list_agents,
    "health": supervision.health,
    "stop": supervision.stop,
}
