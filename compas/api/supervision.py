"""Operations on the supervisor itself: `health` and `stop`."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from compas.api.operation import Operation, Request

"""drain: agents at work finish; now: they are ended; detach, restart: they are left to the next supervisor."""


class HealthRequest(Request, frozen=True, kw_only=True):
    """Whose health is asked for, and how thoroughly. `is_brief` runs no command, not even for a version."""

    agent: Annotated[str | None, Meta(description="only this agent")] = None
    ping: Annotated[
        bool, Meta(description="ask each agent's model for one word, which costs what a small call costs")
    ] = False
    is_brief: Annotated[bool, Meta(description="run nothing; tell what is known")] = False


class Ping(msgspec.Struct, frozen=True, kw_only=True):
    """How an agent's model answered. `category` is the class of a failure, empty for an answer.

    `cached` says that it had been asked before, and was not again.
    """

    alive: bool
    latency_ms: int
    detail: str
    category: str = ""
    cached: bool = False


class WorkerHeartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """The supervisor where the original had a worker: it answers, so its last sign of life is now. UTC seconds."""

    worker_id: str
    last_beat_at: float
    started_at: float
    version: str


class AgentHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One agent: whether its backend can be started, and how busy it is.

    `version` is empty when it could not be told. `credentials` are present, absent, or "cannot be told"; whether they
    are accepted only a ping tells, which is there when it was asked for. `cached` says that its CLI had been looked at
    before, and was not again. While its backend's circuit breaker is open, nothing is started on it until
    `circuit_until`, in UTC seconds; half open, one execution tries it. `circuit_failures` are the backend's failures
    in a row.

    `ping_alive` is whether the model answered the ping, and where none was asked for, whether the CLI can be started;
    `ping_detail` says which, unless a model answered.
    """

    alias: str
    backend: str
    role: str
    usable: bool
    detail: str
    circuit_state: Literal["closed", "open", "half_open"]
    active: int
    queued: int
    available: int
    version: str = ""
    credentials: str = "cannot be told"
    credentials_detail: str = ""
    remedy: str = ""
    notes: tuple[str, ...] = ()
    cached: bool = False
    circuit_until: float | None = None
    circuit_detail: str = ""
    circuit_failures: int = 0
    ping: Ping | None = None
    ping_alive: bool | None = None
    ping_latency_ms: int | None = None
    ping_detail: str | None = None


class HealthResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The supervisor and its agents. `since` is UTC seconds; an active thread is stale after `stale_active_secs`.

    `queue_depth` is `queued` by the original's name. `places` is how many executions may run at once. `config_notices`
    says what of the config file is not in force, and why; it is empty while the file is. A supervisor that was
    started for a client `ends_when_idle`; one that was started by hand or by a service does not. `repositories` are
    those that the config lists, where these are several. With `takes_variables` agents get the keys of operators'
    shells, else those that the supervisor was started with.
    """

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
    places: int = 0
    config_notices: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    agents: tuple[AgentHealth, ...] = ()
    stale_active_secs: int = 3600
    worker_heartbeat: WorkerHeartbeat | None = None
    queue_depth: int = 0
    ends_when_idle: bool = False
    repositories: tuple[str, ...] = ()
    takes_variables: bool = False


HEALTH = Operation(
    name="health",
    request=HealthRequest,
    response=HealthResponse,
    doc="Show how the supervisor and its agents are.",
    kind="read",
    positional=("agent",),
    flags={"is_brief": "--brief"},
    details="Without --ping no model is asked anything. With it each agent's CLI is run once, in an empty directory; "
    "that costs what a small call costs, and the answer is remembered for a while (ping_cache_ttl_secs).",
)


class StopRequest(Request, frozen=True, kw_only=True):
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
