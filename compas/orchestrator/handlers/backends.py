"""Has the backends' actors look at the CLIs of agents, all at the same time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import trio

from actors.errors import ActorError
from actors.ref import ActorRef
from compas.api.supervision import Ping
from compas.domain.specs import AgentSpec
from compas.health.looking import Looked
from compas.orchestrator.handlers.desk import Desk
from compas.orchestrator.messages import LookAt, PingAgent
from compas.orchestrator.services import backend_name


@dataclass(frozen=True, slots=True)
class Examined:
    """What is known of an agent's CLI now."""

    looked: Looked
    is_remembered: bool = False
    ping: Ping | None = None


async def examine(
    desk: Desk, agents: Sequence[AgentSpec], *, is_thorough: bool, is_pinging: bool = False
) -> dict[str, Examined]:
    """Return what is found for each agent, by alias. Each look and each ping is bounded by itself.

    Agents that are never started are not pinged.
    """
    found: dict[str, Examined] = {}

    async def one(agent: AgentSpec) -> None:
        found[agent.alias] = await _examine(desk, agent, is_thorough=is_thorough, is_pinging=is_pinging)

    async with trio.open_nursery() as nursery:
        for agent in agents:
            nursery.start_soon(one, agent)
    return found


async def _examine(desk: Desk, agent: AgentSpec, *, is_thorough: bool, is_pinging: bool) -> Examined:
    backend = desk.registry.find(backend_name(agent.backend))
    is_pinging = is_pinging and agent.role == "worker"
    if backend is None:
        what = "its actor is being restarted; ask again"
        if agent.backend not in desk.services.backends:
            what = f"this version of compas has no backend {agent.backend!r}"
        dead = Ping(alive=False, latency_ms=0, detail=what, category="unknown") if is_pinging else None
        return Examined(Looked(usable=False, detail=what), ping=dead)
    try:
        looked = await backend.ask(LookAt(agent=agent, is_thorough=is_thorough), timeout=math.inf)
        ping = await _ping(backend, agent) if is_pinging else None
    except ActorError as err:
        return Examined(Looked(usable=False, detail=f"it could not be looked at: {err}"))
    return Examined(looked.value, looked.is_remembered, ping)


async def _ping(backend: ActorRef, agent: AgentSpec) -> Ping:
    answer = await backend.ask(PingAgent(agent=agent), timeout=math.inf)
    found = answer.value
    return Ping(
        alive=found.alive,
        latency_ms=round(found.seconds * 1000),
        detail=found.detail,
        category=found.category,
        cached=answer.is_remembered,
    )
