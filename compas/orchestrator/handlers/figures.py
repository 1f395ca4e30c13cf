"""Handlers of `metrics` and `tool_stats`."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence

import msgspec

from actors.remote.errors import CallError
from compas.api import figures as api
from compas.domain.in_short import in_short
from compas.domain.tool_use import Uses
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import HandlerContext
from compas.orchestrator.last_spans import SPAN_SECS, last_days, last_hours
from compas.orchestrator.services import ASK_TIMEOUT_SECS, TELEMETRY
from compas.orchestrator.telemetry.actor import CountToolUses
from compas.store.connection import Reader
from compas.store.projections.costs import Spent, spent_by, spent_in_spans, together
from compas.store.projections.counters import cost_by_agent
from compas.store.projections.figures import Figures, NewestRow, figures, newest_runs
from compas.store.projections.messages import count_messages
from compas.store.projections.thread_details import details_of
from compas.store.projections.threads import count_by_status

MOST_AGENTS = 100


async def metrics(context: HandlerContext, call: ResolvedCall) -> api.MetricsResponse:
    """Sum everything up, from one consistent reading."""
    request = call.decode(api.MetricsRequest)
    now = context.services.clock()

    def read(reader: Reader) -> api.MetricsResponse:
        rows, newest = figures(reader, now, request.agent), newest_runs(reader, request.agent)
        found = _metrics(count_by_status(reader), count_messages(reader), rows)
        agents = tuple(
            msgspec.structs.replace(one, newest=_newest(newest.get((one.agent, one.backend)))) for one in found.agents
        )
        return msgspec.structs.replace(found, agents=agents)

    return await context.services.store.query(read)


def _metrics(threads: dict[str, int], messages: int, rows: tuple[Figures, ...]) -> api.MetricsResponse:
    active: dict[str, int] = {}
    for row in rows:
        if row.running:
            active[row.agent] = active.get(row.agent, 0) + row.running
    return api.MetricsResponse(
        thread_counts=threads,
        total_messages=messages,
        queue_depth=sum(row.queued + row.scheduled for row in rows),
        running=sum(row.running for row in rows),
        scheduled=sum(row.scheduled for row in rows),
        done=sum(row.done for row in rows),
        failed=sum(row.failed for row in rows),
        cancelled=sum(row.cancelled for row in rows),
        retries=sum(row.retries for row in rows),
        active_by_agent=active,
        cost=api.CostMetrics(
            total_cost_usd=sum(row.cost_usd or 0.0 for row in rows),
            total_tokens_in=sum(row.tokens_in for row in rows),
            total_tokens_out=sum(row.tokens_out for row in rows),
            executions_with_cost=sum(row.priced for row in rows),
        ),
        agents=tuple(_agent(row) for row in rows),
    )


def _agent(row: Figures) -> api.AgentMetrics:
    return api.AgentMetrics(
        agent=row.agent,
        backend=row.backend,
        executions=row.executions,
        queued=row.queued,
        scheduled=row.scheduled,
        running=row.running,
        done=row.done,
        failed=row.failed,
        cancelled=row.cancelled,
        retries=row.retries,
        average_ms=_milliseconds(row.average_secs),
        longest_ms=_milliseconds(row.longest_secs),
        total_ms=round(row.total_secs * 1000),
        priced=row.priced,
        cost_usd=row.cost_usd,
        tokens_in=row.tokens_in,
        tokens_out=row.tokens_out,
        tokens_cached=row.tokens_cached,
        turns=row.turns,
    )


def _newest(row: NewestRow | None) -> api.NewestRun | None:
    if row is None:
        return None
    return api.NewestRun(
        execution_id=row.execution,
        thread_id=row.thread,
        status=row.status,
        ended_at=row.ended_at,
        duration_ms=_milliseconds(row.duration_secs),
        error=row.error,
    )


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


async def costs(context: HandlerContext, call: ResolvedCall) -> api.CostsResponse:
    """Sum up what was spent, from one consistent reading."""
    request = call.decode(api.CostsRequest)
    days, hours = last_days(context.services.clock(), request.days), last_hours(context.services.clock())
    since = min(days[0], hours[0])

    def read(reader: Reader) -> api.CostsResponse:
        spans = spent_in_spans(reader, since=since, seconds=SPAN_SECS)
        timed = {since + number * SPAN_SECS: row for number, row in spans.items()}
        by_thread = spent_by(reader, "thread", since=days[0], limit=request.limit)
        told = details_of(reader, [one.name for one in by_thread])
        return api.CostsResponse(
            since=days[0],
            total=_spending(together("", (row for at, row in timed.items() if at >= days[0]))),
            by_day=_spans(days, timed),
            by_hour=_spans(hours, timed),
            by_agent=tuple(_spending(one) for one in spent_by(reader, "agent", since=days[0], limit=MOST_AGENTS)),
            by_batch=tuple(_spending(one) for one in spent_by(reader, "batch", since=days[0], limit=request.limit)),
            by_thread=tuple(_spending(one) for one in by_thread),
            titles={name: one.summary or in_short(one.opening or "") for name, one in told.items()},
        )

    return await context.services.store.query(read)


def _spending(row: Spent) -> api.Spending:
    return api.Spending(
        name=row.name,
        executions=row.executions,
        failed=row.failed,
        priced=row.priced,
        cost_usd=row.cost_usd,
        tokens_in=row.tokens_in,
        tokens_out=row.tokens_out,
        duration_ms=round(row.seconds * 1000),
    )


def _spans(edges: Sequence[float], timed: Mapping[float, Spent]) -> tuple[api.Span, ...]:
    """Gather what was spent from each of these times to the next; the last goes on to the end."""
    within: list[list[Spent]] = [[] for _ in edges]
    for at, row in timed.items():
        number = bisect_right(edges, at) - 1
        if number >= 0:
            within[number].append(row)
    return tuple(
        api.Span(began=began, **msgspec.structs.asdict(_spending(together("", rows))))
        for began, rows in zip(edges, within, strict=True)
    )


async def tool_stats(context: HandlerContext, call: ResolvedCall) -> api.ToolStatsResponse:
    """Count tools over what telemetry holds, and add what the agents cost."""
    request = call.decode(api.ToolStatsRequest)
    telemetry = await context.actor(TELEMETRY)
    found = await telemetry.ask(CountToolUses(agent=request.agent), timeout=ASK_TIMEOUT_SECS)
    if isinstance(found, str):
        raise CallError("telemetry_unavailable", found)
    costs = await context.services.store.query(cost_by_agent)
    by_tool: dict[str, Uses] = {}
    for use in found.uses:
        by_tool[use.tool] = by_tool.get(use.tool, Uses()).plus(Uses(calls=use.calls, errors=use.errors))
    return api.ToolStatsResponse(
        tool_stats=tuple(
            api.ToolStat(tool_name=tool, call_count=uses.calls, error_count=uses.errors, error_rate=uses.error_rate)
            for tool, uses in sorted(by_tool.items(), key=lambda item: (-item[1].calls, item[0]))
        ),
        tool_usage_by_agent=tuple(
            api.AgentToolStat(
                agent_alias=use.agent,
                tool_name=use.tool,
                call_count=use.calls,
                error_count=use.errors,
                error_rate=Uses(calls=use.calls, errors=use.errors).error_rate,
            )
            for use in found.uses
        ),
        cost_by_agent=tuple(
            api.AgentCost(
                agent_alias=cost.agent,
                execution_count=cost.executions,
                total_tokens_in=cost.tokens_in,
                total_tokens_out=cost.tokens_out,
                total_cost_usd=cost.cost_usd,
            )
            for cost in costs
            if request.agent is None or cost.agent == request.agent
        ),
        missed=found.missed,
    )
