"""Operations that sum up: `metrics` and `tool_stats`."""

from typing import Annotated

import msgspec
from msgspec import Meta

from compas.api.operation import Operation, Request


class MetricsRequest(Request, frozen=True, kw_only=True):
    """Whose figures are wanted."""

    agent: Annotated[str | None, Meta(description="only this agent's")] = None


class NewestRun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The execution of an agent that ended last, at UTC seconds."""

    execution_id: str
    thread_id: str
    status: str
    ended_at: float
    duration_ms: int | None = None
    error: str = ""


class AgentMetrics(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an agent did on one backend. Every execution is counted once, by its status.

    `queued` may start now, `scheduled` is queued for a later time; `failed` has those that timed out or crashed too.
    `retries` are executions that repeat an earlier attempt. Durations are of processes that have ended. Sums are over
    what the backend told: `priced` executions told their cost. `newest` is left out until one has ended.
    """

    agent: str
    backend: str
    executions: int
    queued: int
    scheduled: int
    running: int
    done: int
    failed: int
    cancelled: int
    retries: int
    average_ms: int | None = None
    longest_ms: int | None = None
    total_ms: int = 0
    priced: int = 0
    cost_usd: float | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    turns: int = 0
    newest: NewestRun | None = None


class CostMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """What executions cost in all, as far as their backends tell."""

    total_cost_usd: float
    total_tokens_in: int
    total_tokens_out: int
    executions_with_cost: int


class MetricsResponse(msgspec.Struct, frozen=True, kw_only=True):
    """Totals. `thread_counts` and `total_messages` are of everything; what follows is of the agents asked for.

    `queue_depth` counts what is queued, for a later time too.
    """

    thread_counts: dict[str, int]
    total_messages: int
    queue_depth: int
    running: int
    scheduled: int
    done: int
    failed: int
    cancelled: int
    retries: int
    active_by_agent: dict[str, int]
    cost: CostMetrics
    agents: tuple[AgentMetrics, ...]


METRICS = Operation(
    name="metrics",
    request=MetricsRequest,
    response=MetricsResponse,
    doc="Sum up what is queued, running and done, how long it took and what it cost.",
    kind="read",
    positional=("agent",),
)


class ToolStatsRequest(Request, frozen=True, kw_only=True):
    """Whose tools are counted."""

    agent: Annotated[str | None, Meta(description="only this agent's")] = None


class ToolStat(msgspec.Struct, frozen=True, kw_only=True):
    """How often a tool was called, and how often it came back with an error; `error_rate` is between 0 and 1."""

    tool_name: str
    call_count: int
    error_count: int
    error_rate: float


class AgentToolStat(ToolStat, frozen=True, kw_only=True):
    """The same of one agent."""

    agent_alias: str


class AgentCost(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an agent's executions cost; `total_cost_usd` is left out where no backend tells."""

    agent_alias: str
    execution_count: int
    total_tokens_in: int
    total_tokens_out: int
    total_cost_usd: float | None = None


class ToolStatsResponse(msgspec.Struct, frozen=True, kw_only=True):
    """Tools, the most used first, over what telemetry still holds. `missed` counts what agents did and nobody kept."""

    tool_stats: tuple[ToolStat, ...]
    tool_usage_by_agent: tuple[AgentToolStat, ...]
    cost_by_agent: tuple[AgentCost, ...]
    missed: int


TOOL_STATS = Operation(
    name="tool_stats",
    request=ToolStatsRequest,
    response=ToolStatsResponse,
    doc="Count which tools agents called, and how often that failed.",
    kind="read",
    positional=("agent",),
)


class CostsRequest(Request, frozen=True, kw_only=True):
    """How far back to look."""

    days: Annotated[int, Meta(ge=1, le=90, description="days to look back, today included")] = 14
    limit: Annotated[int, Meta(ge=1, le=1000, description="batches and threads to list at most")] = 20


class Spending(msgspec.Struct, frozen=True, kw_only=True):
    """What executions that have ended cost. `priced` of them told it; what none of them told is None, never zero."""

    name: str
    executions: int
    failed: int
    priced: int
    cost_usd: float | None
    tokens_in: int | None
    tokens_out: int | None
    duration_ms: int


class Span(Spending, frozen=True, kw_only=True):
    """A day, or an hour; `began` is UTC seconds."""

    began: float


class CostsResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What was spent since `since` (UTC seconds), the dearest first; `total` is its sum.

    `by_day` are the days of the supervisor's local time and `by_hour` the last 24 hours, the newest last; both have a
    row for a span in which nothing ended. `titles` says what the threads are about.
    """

    since: float
    total: Spending
    by_day: tuple[Span, ...]
    by_hour: tuple[Span, ...]
    by_agent: tuple[Spending, ...]
    by_batch: tuple[Spending, ...]
    by_thread: tuple[Spending, ...]
    titles: dict[str, str] = {}


COSTS = Operation(
    name="costs",
    request=CostsRequest,
    response=CostsResponse,
    doc="Show what was spent, by day, agent, batch and thread.",
    kind="read",
    details="Costs are what the agents' CLIs tell. What they do not tell is shown as unknown, never as nothing.",
)
