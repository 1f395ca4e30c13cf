"""Has the backends' actors look at the CLIs of agents, all at the same time."""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import trio

from actors.errors import ActorError
from actors.ref import ActorRef
from compas.api.supervision import Ping
from compas.domain.breaker import Breaker
from compas.domain.specs import AgentSpec
from compas.health.inspection import Inspection, found_so_far, search_path_of
from compas.orchestrator.handler_context import HandlerContext
from compas.orchestrator.messages.backend import DescribeBreaker, InspectAgent, PingAgent
from compas.orchestrator.services import ASK_TIMEOUT_SECS, backend_name

log = logging.getLogger("compas.health")

CUT_SHORT = (
    "it could not be looked at to the end, since the supervisor stops or has had to restart that part; ask again"
)


@dataclass(frozen=True, slots=True)
class Examined:
    """What is known of an agent's CLI now."""

    looked: Inspection
    is_cached: bool = False
    ping: Ping | None = None
    breaker: Breaker | None = None


async def examine(
    context: HandlerContext, agents: Sequence[AgentSpec], *, is_thorough: bool, is_pinging: bool = False
) -> dict[str, Examined]:
    """Return what is found for each agent, by alias. Each look and each ping is bounded by itself.

    Agents that are never started are not pinged.
    """
    found: dict[str, Examined] = {}

    async def one(agent: AgentSpec) -> None:
        found[agent.alias] = await _examine(context, agent, is_thorough=is_thorough, is_pinging=is_pinging)

    async with trio.open_nursery() as nursery:
        for agent in agents:
            nursery.start_soon(one, agent)
    return found


async def _examine(context: HandlerContext, agent: AgentSpec, *, is_thorough: bool, is_pinging: bool) -> Examined:
    backend = context.registry.find(backend_name(agent.backend))
    is_pinging = is_pinging and agent.role == "worker"
    if backend is None:
        looked = _without_its_actor(context, agent)
        return Examined(looked, ping=_unanswered("; ".join(looked.notes) or looked.detail) if is_pinging else None)
    try:
        answer = await backend.ask(InspectAgent(agent=agent, is_thorough=is_thorough), timeout=math.inf)
        ping = await _ping(backend, agent) if is_pinging else None
        breaker = await backend.ask(DescribeBreaker(), timeout=ASK_TIMEOUT_SECS)
    except ActorError as err:
        log.warning("the look at %s was cut short: %s", agent.alias, err, extra={"action": "look_cut_short"})
        return Examined(_without_its_actor(context, agent), ping=_unanswered(CUT_SHORT) if is_pinging else None)
    return Examined(answer.value, answer.is_cached, ping, breaker)


def _without_its_actor(context: HandlerContext, agent: AgentSpec) -> Inspection:
    """Say what can be said at once, and why it is no more."""
    backend = context.services.backends.get(agent.backend)
    if backend is None:
        return Inspection(usable=False, detail=context.services.missing_backend(agent.backend))
    found = backend.availability(search_path_of(agent, context.services.environ))
    return msgspec.structs.replace(found_so_far(found), notes=(CUT_SHORT,))


def _unanswered(why: str) -> Ping:
    return Ping(alive=False, latency_ms=0, detail=why, category="unknown")


async def _ping(backend: ActorRef, agent: AgentSpec) -> Ping:
    answer = await backend.ask(PingAgent(agent=agent), timeout=math.inf)
    found = answer.value
    return Ping(
        alive=found.alive,
        latency_ms=round(found.seconds * 1000),
        detail=found.detail,
        category=found.category,
        cached=answer.is_cached,
    )
