"""All operations, in the order in which help texts list them."""

from typing import Any

from compas.api.activity import EXECUTION_EVENTS
from compas.api.agents import LIST_AGENTS
from compas.api.batches import ABANDON_BATCH, BATCH_STATUS
from compas.api.configuration import RELOAD
from compas.api.diagnosis import DIAGNOSE, SESSION_INFO
from compas.api.dispatching import DISPATCH
from compas.api.figures import METRICS, TOOL_STATS
from compas.api.history import DIFF, EVENTS, LOG, WHY
from compas.api.looking import POLL, READ
from compas.api.merging import MERGE, MERGE_CANCEL, MERGE_STATUS
from compas.api.operation import Operation
from compas.api.reopening import REOPEN
from compas.api.supervision import HEALTH, STOP
from compas.api.tasks import TASKS
from compas.api.threads import ABANDON, CLOSE, STATUS, TRANSCRIPT
from compas.api.verdicts import APPROVE, REQUEST_CHANGES, VERDICT
from compas.api.waiting import WAIT, WAIT_MERGE
from compas.api.worktrees import COMMIT, WORKTREE_REMOVE, WORKTREES

OPERATIONS: tuple[Operation[Any, Any], ...] = (
    DISPATCH,
    WAIT,
    STATUS,
    TRANSCRIPT,
    POLL,
    READ,
    DIFF,
    COMMIT,
    APPROVE,
    REQUEST_CHANGES,
    MERGE,
    WAIT_MERGE,
    MERGE_STATUS,
    MERGE_CANCEL,
    CLOSE,
    ABANDON,
    REOPEN,
    VERDICT,
    BATCH_STATUS,
    ABANDON_BATCH,
    WORKTREES,
    WORKTREE_REMOVE,
    WHY,
    DIAGNOSE,
    SESSION_INFO,
    EVENTS,
    LOG,
    EXECUTION_EVENTS,
    TASKS,
    LIST_AGENTS,
    METRICS,
    TOOL_STATS,
    HEALTH,
    RELOAD,
    STOP,
)

BY_NAME: dict[str, Operation[Any, Any]] = {operation.name: operation for operation in OPERATIONS}
