"""All operations, in the order in which help texts list them."""

from typing import Any

from compas.api.activity import EXECUTION_EVENTS
from compas.api.agents import LIST_AGENTS
from compas.api.dispatching import DISPATCH
from compas.api.history import DIFF, EVENTS, LOG, WHY
from compas.api.merging import MERGE
from compas.api.operation import Operation
from compas.api.supervision import HEALTH, STOP
from compas.api.threads import ABANDON, CLOSE, STATUS, TRANSCRIPT
from compas.api.waiting import WAIT, WAIT_MERGE
from compas.api.worktrees import COMMIT, WORKTREE_REMOVE, WORKTREES

OPERATIONS: tuple[Operation[Any, Any], ...] = (
    DISPATCH,
    WAIT,
    STATUS,
    TRANSCRIPT,
    DIFF,
    COMMIT,
    MERGE,
    WAIT_MERGE,
    CLOSE,
    ABANDON,
    WORKTREES,
    WORKTREE_REMOVE,
    WHY,
    EVENTS,
    LOG,
    EXECUTION_EVENTS,
    LIST_AGENTS,
    HEALTH,
    STOP,
)

BY_NAME: dict[str, Operation[Any, Any]] = {operation.name: operation for operation in OPERATIONS}
