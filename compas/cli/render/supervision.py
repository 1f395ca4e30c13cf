"""Writes how the supervisor and its agents are, and what became of them when it was stopped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from compas.cli.render.configuration import with_notices
from compas.cli.render.table import Cell, pairs, table
from compas.cli.render.text import Colour, Style, counted

if TYPE_CHECKING:
    from compas.api.supervision import AgentHealth, HealthResponse, Ping, StopResponse


def health_text(response: HealthResponse, style: Style) -> str:
    """Write the supervisor's state, its agents, and what it warns of."""
    parts = [
        pairs(
            [
                ("supervisor", f"{response.state}, process {response.pid}, version {response.version}"),
                ("since", f"{style.time(response.since)} (epoch {response.epoch})"),
                ("config", response.config),
                ("state", response.state_dir),
                ("log", response.log),
                ("events", str(response.events)),
                ("work", f"{response.active} running{_places(response)}, {response.queued} queued"),
                ("clients", str(response.clients)),
                ("git worker", response.git_worker),
            ],
            style,
        )
    ]
    if response.agents:
        heads = ["AGENT", "BACKEND", "ROLE", "USABLE", "VERSION", "CREDENTIALS", "BREAKER", "RUNNING", "QUEUED", "FREE"]
        is_pinged = any(agent.ping for agent in response.agents)
        heads += ["PING", "DETAIL"] if is_pinged else ["DETAIL"]
        rows = [_agent(agent, is_pinged=is_pinged) for agent in response.agents]
        parts.append(table(heads, rows, style))
        parts += ["\n".join(lines)] if (lines := [*_remarks(response.agents, style)]) else []
    if response.warnings:
        parts.append("\n".join(style.paint(f"warning: {style.line(one)}", "yellow") for one in response.warnings))
    return with_notices("\n\n".join(parts), response.config_notices, style)


def _places(response: HealthResponse) -> str:
    return f" of at most {response.places}" if response.places else ""


def _agent(agent: AgentHealth, *, is_pinged: bool) -> list[Cell]:
    is_closed = agent.circuit_state.lower() == "closed"
    colours: dict[str, Colour] = {"present": "green", "absent": "yellow"}
    return [
        Cell(agent.alias),
        Cell(agent.backend),
        Cell(agent.role),
        Cell("yes", "green") if agent.usable else Cell("no", "red"),
        Cell(agent.version or "-"),
        Cell(agent.credentials, colours.get(agent.credentials)),
        Cell(agent.circuit_state, None if is_closed else "yellow"),
        Cell(str(agent.active)),
        Cell(str(agent.queued)),
        Cell(str(agent.available)),
        *([_ping(agent.ping)] if is_pinged else []),
        Cell(agent.detail),
    ]


def _ping(ping: Ping | None) -> Cell:
    if ping is None:
        return Cell("-")
    if ping.alive:
        return Cell(f"{ping.latency_ms} ms" + (" (remembered)" if ping.cached else ""), "green")
    return Cell(ping.category or "failed", "red")


def _remarks(agents: Sequence[AgentHealth], style: Style) -> Iterator[str]:
    """Say in sentences what a table has no room for: failed pings, missing credentials, and notes."""
    for agent in agents:
        who = f"{agent.alias} ({agent.backend}): "
        if agent.ping is not None and not agent.ping.alive:
            yield style.paint(style.line(f"{who}the ping failed: {agent.ping.detail}"), "red")
        if agent.credentials == "absent":
            yield style.paint(style.line(f"{who}no credentials were found: {agent.credentials_detail}"), "yellow")
        if agent.remedy:
            yield style.line(f"{who}{agent.remedy}")
        for note in agent.notes:
            yield style.line(who + note)


def stop_text(response: StopResponse) -> str:
    """Say what the supervisor does before it ends."""
    start = f"the supervisor (process {response.pid}) is stopping"
    if not response.running:
        return f"{start}; nothing runs"
    agents = counted(response.running, "execution")
    doing = {
        "drain": f"it waits for {agents} to end, and starts no more",
        "now": f"it ends {agents}",
        "detach": f"it leaves {agents} to the next supervisor",
        "restart": f"it leaves {agents} to the next supervisor",
    }
    return f"{start}; {doing.get(response.mode, f'{agents} at work')}"


def stopped_text(response: StopResponse) -> str:
    """Say that it has ended, and what became of the agents."""
    if not response.running:
        return "the supervisor has stopped"
    agents = counted(response.running, "execution")
    became = {
        "drain": f"{agents} finished before",
        "now": f"{agents} ended by it",
        "detach": f"{agents} left running for the next supervisor",
        "restart": f"{agents} left running for the next supervisor",
    }
    return f"the supervisor has stopped, {became.get(response.mode, f'{agents} at work')}"
