"""Which handler serves which operation."""

from compas.orchestrator.handlers import (
    activity,
    agents,
    batches,
    dispatching,
    explaining,
    history,
    looking,
    merging,
    reopening,
    supervision,
    tasks,
    threads,
    waiting,
)
from compas.orchestrator.handlers.desk import Handler

HANDLERS: dict[str, Handler] = {
    "dispatch": dispatching.dispatch,
    "wait": waiting.wait,
    "status": threads.status,
    "transcript": threads.transcript,
    "poll": looking.poll,
    "read": looking.read,
    "diff": history.diff,
    "merge": merging.merge,
    "wait_merge": waiting.wait_merge,
    "close": threads.close,
    "abandon": threads.abandon,
    "reopen": reopening.reopen,
    "batch_status": batches.batch_status,
    "abandon_batch": batches.abandon_batch,
    "why": explaining.why,
    "events": history.events,
    "log": history.log,
    "tasks": tasks.tasks,
    "execution_events": activity.execution_events,
    "list_agents": agents.list_agents,
    "health": supervision.health,
    "stop": supervision.stop,
}
