"""Writes figures: what agents did, how long it took, what it cost, and how their tools fared."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from compas.cli.render.table import Cell, pairs, table
from compas.cli.render.text import Style, counted, duration

if TYPE_CHECKING:
    from compas.api.figures import AgentMetrics, CostsResponse, MetricsResponse, Spending, ToolStat, ToolStatsResponse


def metrics_text(response: MetricsResponse, style: Style) -> str:
    """Write the totals, then a line for each agent and backend."""
    threads = ", ".join(f"{count} {status}" for status, count in response.thread_counts.items())
    later = f" ({response.scheduled} for a later time)" if response.scheduled else ""
    cost = response.cost
    head = pairs(
        [
            ("threads", threads or "0"),
            ("messages", str(response.total_messages)),
            ("queued", f"{response.queue_depth}{later}"),
            ("running", str(response.running)),
            ("done", str(response.done)),
            ("failed", str(response.failed)),
            ("cancelled", str(response.cancelled)),
            ("retries", str(response.retries)),
            ("cost", f"${cost.total_cost_usd:.4f}" if cost.executions_with_cost else None),
            ("tokens", f"{cost.total_tokens_in} in, {cost.total_tokens_out} out"),
        ],
        style,
    )
    if not response.agents:
        return head
    heads = ("AGENT", "BACKEND", "QUEUED", "RUNNING", "DONE", "FAILED", "RETRIES", "AVERAGE", "LONGEST", "COST")
    return f"{head}\n\n" + table(heads, [list(_agent(agent)) for agent in response.agents], style)


def _agent(agent: AgentMetrics) -> Iterator[Cell]:
    yield Cell(agent.agent)
    yield Cell(agent.backend)
    yield Cell(str(agent.queued + agent.scheduled))
    yield Cell(str(agent.running), "cyan" if agent.running else None)
    yield Cell(str(agent.done))
    yield Cell(str(agent.failed), "red" if agent.failed else None)
    yield Cell(str(agent.retries))
    yield Cell(duration(agent.average_ms))
    yield Cell(duration(agent.longest_ms))
    yield Cell("-" if agent.cost_usd is None else f"${agent.cost_usd:.4f}")


def costs_text(response: CostsResponse, style: Style) -> str:
    """Write what was spent in all, then by day, agent, batch and thread."""
    total = response.total
    if not total.executions:
        return f"nothing has ended since {style.time(response.since)}"
    unknown = total.executions - total.priced
    rest = f" ({counted(unknown, 'execution')} did not tell)" if unknown else ""
    head = f"since {style.time(response.since)}: {_money(total)}{rest}, {counted(total.executions, 'execution')}"
    parts = [head]
    groups: list[tuple[str, list[tuple[str, Spending]]]] = [
        (
            "DAY",
            [(time.strftime("%Y-%m-%d", time.localtime(day.began)), day) for day in response.by_day if day.executions],
        ),
        ("AGENT", [(one.name, one) for one in response.by_agent]),
        ("BATCH", [(one.name, one) for one in response.by_batch]),
        ("THREAD", [(one.name, one) for one in response.by_thread]),
    ]
    for name, rows in groups:
        if rows:
            heads = (name, "RUNS", "FAILED", "TOKENS IN", "TOKENS OUT", "TOOK", "COST")
            parts.append(table(heads, [list(_spent(label, one)) for label, one in rows], style))
    return "\n\n".join(parts)


def _spent(label: str, one: Spending) -> Iterator[Cell]:
    yield Cell(label)
    yield Cell(str(one.executions))
    yield Cell(str(one.failed), "red" if one.failed else None)
    yield Cell("-" if one.tokens_in is None else str(one.tokens_in))
    yield Cell("-" if one.tokens_out is None else str(one.tokens_out))
    yield Cell(duration(one.duration_ms))
    yield Cell(_money(one))


def _money(one: Spending) -> str:
    if one.cost_usd is None:
        return "unknown"
    return f"${one.cost_usd:.4f}" + ("" if one.priced == one.executions else " and more")


def tool_stats_text(response: ToolStatsResponse, style: Style) -> str:
    """Write the tools of all agents together, then those of each."""
    if not response.tool_stats:
        return "no agent was seen calling a tool" + _missed(response)
    heads = ("TOOL", "CALLS", "ERRORS", "RATE")
    parts = [table(heads, [_tool(stat) for stat in response.tool_stats], style)]
    rows = [[Cell(stat.agent_alias), *_tool(stat)] for stat in response.tool_usage_by_agent]
    parts.append(table(("AGENT", *heads), rows, style))
    return "\n\n".join(parts) + _missed(response)


def _tool(stat: ToolStat) -> list[Cell]:
    return [
        Cell(stat.tool_name),
        Cell(str(stat.call_count)),
        Cell(str(stat.error_count), "red" if stat.error_count else None),
        Cell(f"{stat.error_rate:.0%}"),
    ]


def _missed(response: ToolStatsResponse) -> str:
    return f"\n{counted(response.missed, 'event')} could not be kept" if response.missed else ""
