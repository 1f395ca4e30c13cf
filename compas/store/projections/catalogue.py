"""Every projection of compas, in the order they are applied."""

from compas.store.projections.executions import Executions
from compas.store.projections.fan_outs import FanOuts
from compas.store.projections.merges import Merges
from compas.store.projections.messages import Messages
from compas.store.projections.origins import Origins
from compas.store.projections.outbox import Outbox
from compas.store.projections.rulings import Rulings
from compas.store.projections.schedules import Schedules
from compas.store.projections.targets import Targets
from compas.store.projections.threads import Threads
from compas.store.projections.worktrees import Worktrees
from compas.store.projector import Projection

PROJECTIONS: tuple[Projection, ...] = (
    Threads(),
    Messages(),
    Executions(),
    Worktrees(),
    Merges(),
    Targets(),
    FanOuts(),
    Rulings(),
    Schedules(),
    Outbox(),
    Origins(),
)
