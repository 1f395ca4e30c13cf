"""Operations on the supervisor itself: `health` and `stop`."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from compas.api.operation import Operation

StopMode = Literal["drain", "now", "detach", "restart"]
"""drain: agents at work finish; now: they are ended; detach, restart: they are left to the next supervisor."""


class HealthRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing to say."""


class AgentHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One agent: whether its backend can be started, and how busy it is."""

    alias: str
    backend: str
    role: str
    usable: bool
    detail: str
    circuit_state: str
    active: int
    queued: int
    available: int


class HealthResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The supervisor and its agents. `since` is UTC seconds; an active thread is stale after `stale_active_secs`."""

    state: str
    pid: int
    epoch: int
    version: str
    since: float
    config: str
    state_dir: str
    events: int
    active: int
    queued: int
    clients: int
    git_worker: str
    log: str
    warnings: tuple[str, ...] = ()
    agents: tuple[AgentHealth, ...] = ()
    stale_active_secs: int = 3600


HEALTH = Operation(
    name="health",
    request=HealthRequest,
    response=HealthResponse,
    doc="Show how the supervisor and its agents are.",
    kind="read",
)


class StopRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of agents that are at work."""

    mode: Annotated[
        Literal["drain", "now", "detach", "restart"], Meta(description="what becomes of agents at work")
    ] = "drain"


class StopResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The supervisor has taken the word; `running` executions are finished, ended or left, by `mode`."""

    pid: int
    mode: str
    running: int


STOP = Operation(
    name="stop",
    request=StopRequest,
    response=StopResponse,
    doc="Stop the supervisor.",
    kind="write",
)
