"""Which handler serves which operation."""

from compas.orchestrator.handlers import (
    activity,
    agents,
    closing,
    dispatching,
    explaining,
    history,
    merge_states,
    merging,
    supervision,
    threads,
    waiting,
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
    "merge_status": merge_states.merge_status,
    "merge_cancel": merge_states.merge_cancel,
    "close": closing.close,
    "abandon": threads.abandon,
    "why": explaining.why,
    "events": history.events,
    "log": history.log,
    "execution_events": activity.execution_events,
    "list_agents": agents.list_agents,
    "health": supervision.health,
    "stop": supervision.stop,
}
