"""Handlers of `health` and `stop`."""

from collections.abc import Iterator, Mapping, Sequence

from compas.api import supervision as api
from compas.config.config import Config
from compas.domain.breaker import failures_in_a_row
from compas.domain.specs import AgentSpec
from compas.orchestrator.backends.examining import Examined, examine
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import HandlerContext
from compas.orchestrator.known_names import no_such_agent
from compas.orchestrator.outbox.troubles import troubles
from compas.orchestrator.refused import refused
from compas.orchestrator.worktrees.survey import listed_paths, lists_several
from compas.store.connection import Reader
from compas.store.projections.counters import AgentLoad, loads
from compas.store.projections.ends import ends_on


async def health(context: HandlerContext, call: ResolvedCall) -> api.HealthResponse:
    """Say how the supervisor and its agents are; only a ping, which has to be asked for, costs money."""
    request = call.decode(api.HealthRequest)
    services, own = context.services, context.supervision
    agents = _asked_for(services.config.agents, request.agent)
    examined = await examine(context, agents, is_thorough=not request.is_brief, is_pinging=request.ping)
    found = await services.store.query(lambda reader: loads(reader, services.clock()))
    failures = await services.store.query(lambda reader: _failures(reader, examined))
    by_agent = {load.agent: load for load in found}
    queued = sum(load.queued + load.scheduled for load in found)
    return api.HealthResponse(
        state=own.state,
        pid=own.pid,
        epoch=services.epoch,
        version=own.version,
        since=own.since,
        config=services.config.config_path,
        state_dir=services.config.state_dir,
        events=await services.store.head(),
        active=sum(load.running for load in found),
        queued=queued,
        clients=own.clients,
        git_worker="running" if services.git.is_filled else "being restarted",
        log=own.log_path,
        places=services.config.effective_concurrency,
        config_notices=services.configuration.notices,
        warnings=(
            *services.configuration.standing.warnings,
            *own.warnings,
            *_of_removed_agents(services.config, found),
            *await troubles(services),
        ),
        agents=tuple(
            _agent(context, agent, examined[agent.alias], by_agent.get(agent.alias), failures.get(agent.alias, 0))
            for agent in agents
        ),
        stale_active_secs=services.config.stale_active_secs,
        worker_heartbeat=api.WorkerHeartbeat(
            worker_id=f"worker-{own.pid}", last_beat_at=services.clock(), started_at=own.since, version=own.version
        ),
        queue_depth=queued,
        ends_when_idle=own.ends_when_idle,
        repositories=listed_paths(services.config) if lists_several(services.config) else (),
        takes_variables=services.environ.takes,
    )


def _failures(reader: Reader, examined: Mapping[str, Examined]) -> dict[str, int]:
    """Count for each agent how often its backend failed in a row; an open breaker knows the row that opened it."""
    found = {}
    for alias, one in examined.items():
        if one.breaker is not None:
            ends = ends_on(reader, one.breaker.backend, one.breaker.since)
            opened = one.breaker.opened
            found[alias] = len(failures_in_a_row(ends)) if opened is None else opened.failures
    return found


def _of_removed_agents(config: Config, found: Sequence[AgentLoad]) -> Iterator[str]:
    """Tell of work of agents that are in no list of agents any more (c-config 52)."""
    for load in found:
        waiting = load.queued + load.scheduled
        if load.agent not in config.agents and (load.running or waiting):
            has = f"{load.running} running and {waiting} waiting executions"
            yield f"the agent {load.agent!r} is not in the config any more, and has {has}"


def _asked_for(agents: Mapping[str, AgentSpec], name: str | None) -> tuple[AgentSpec, ...]:
    if name is None:
        return tuple(agents.values())
    if name not in agents:
        raise refused(no_such_agent(name, agents))
    return (agents[name],)


def _agent(
    context: HandlerContext, agent: AgentSpec, examined: Examined, load: AgentLoad | None, failures: int
) -> api.AgentHealth:
    looked, ping = examined.looked, examined.ping
    unasked = f"no model was asked; {'its CLI can be started' if looked.usable else looked.in_words}"
    limit = context.services.config.at_once(agent)
    running = load.running if load is not None else 0
    breaker = examined.breaker
    opened = breaker.opened if breaker is not None else None
    return api.AgentHealth(
        alias=agent.alias,
        backend=agent.backend,
        role=agent.role,
        usable=looked.usable,
        detail=looked.detail,
        circuit_state="closed" if breaker is None else breaker.state(context.services.clock()),
        circuit_until=opened.until if opened is not None else None,
        circuit_detail="" if opened is None else f"{opened.failures} failed in a row, the last with {opened.category}",
        active=running,
        queued=load.queued + load.scheduled if load is not None else 0,
        available=max(0, limit - running),
        version=looked.version,
        credentials=looked.credentials.state,
        credentials_detail=looked.credentials.detail,
        remedy=looked.remedy,
        notes=looked.notes,
        cached=examined.is_cached,
        circuit_failures=failures,
        ping=ping,
        ping_alive=looked.usable if ping is None else ping.alive,
        ping_latency_ms=None if ping is None else ping.latency_ms,
        ping_detail=unasked if ping is None else None if ping.alive else ping.detail,
    )


async def stop(context: HandlerContext, call: ResolvedCall) -> api.StopResponse:
    """Take the word to stop; what becomes of running agents is the mode's matter."""
    request = call.decode(api.StopRequest)
    found = await context.services.store.query(lambda reader: loads(reader, context.services.clock()))
    response = api.StopResponse(
        pid=context.supervision.pid, mode=request.mode, running=sum(load.running for load in found)
    )
    context.supervision.stop(request.mode)
    return response
