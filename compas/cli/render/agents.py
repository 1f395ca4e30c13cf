"""Writes who there is to give work to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compas.cli.render.table import Cell, table
from compas.cli.render.text import Style, counted

if TYPE_CHECKING:
    from compas.api.agents import AgentListing, ListAgentsResponse


def list_agents_text(response: ListAgentsResponse, style: Style) -> str:
    """Write the agents as a table, then the places over all of them."""
    places = f"{response.global_active} of {counted(response.global_max_concurrent, 'place')} taken"
    if not response.agents:
        return "the config has no agents"
    dead = [f"{agent.alias} cannot be started: {agent.unusable}" for agent in response.agents if agent.unusable]
    remarks = "".join(f"\n{style.paint(style.line(line), 'red')}" for line in dead)
    heads = ("AGENT", "BACKEND", "ROLE", "RUNNING", "QUEUED", "FREE", "TIMEOUT", "REPLY GOES TO", "MODEL")
    return table(heads, [_agent(agent) for agent in response.agents], style) + f"\n\n{places}{remarks}"


def _agent(agent: AgentListing) -> list[Cell]:
    targets = (agent.handoff_to,) if isinstance(agent.handoff_to, str) else agent.handoff_to or ("-",)
    return [
        Cell(agent.alias),
        Cell(agent.backend),
        Cell(agent.role),
        Cell(str(agent.active)),
        Cell(str(agent.queued)),
        Cell(str(agent.available)),
        Cell(f"{agent.timeout_secs} s"),
        Cell(", ".join(targets)),
        Cell(agent.model or "-"),
    ]
