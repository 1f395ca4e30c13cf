"""Writes how the supervisor and its agents are, and what became of them when it was stopped."""

from compas.api.supervision import AgentHealth, HealthResponse, StopResponse
from compas.cli.render.table import Cell, pairs, table
from compas.cli.render.text import Style, counted


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
                ("work", f"{response.active} running, {response.queued} queued"),
                ("clients", str(response.clients)),
                ("git worker", response.git_worker),
            ],
            style,
        )
    ]
    if response.agents:
        heads = ("AGENT", "BACKEND", "ROLE", "USABLE", "BREAKER", "RUNNING", "QUEUED", "FREE", "DETAIL")
        parts.append(table(heads, [_agent(agent) for agent in response.agents], style))
    if response.warnings:
        parts.append("\n".join(style.paint(f"warning: {style.line(one)}", "yellow") for one in response.warnings))
    return "\n\n".join(parts)


def _agent(agent: AgentHealth) -> list[Cell]:
    is_closed = agent.circuit_state.lower() == "closed"
    return [
        Cell(agent.alias),
        Cell(agent.backend),
        Cell(agent.role),
        Cell("yes", "green") if agent.usable else Cell("no", "red"),
        Cell(agent.circuit_state, None if is_closed else "yellow"),
        Cell(str(agent.active)),
        Cell(str(agent.queued)),
        Cell(str(agent.available)),
        Cell(agent.detail),
    ]


def stopping_text(response: StopResponse) -> str:
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
