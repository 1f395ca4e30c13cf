"""Handlers of `health` and `stop`."""

from actors.remote.call import Call
from compas.api import supervision as api
from compas.domain.specs import AgentSpec
from compas.orchestrator.handlers.desk import Desk
from compas.store.projections.counters import AgentLoad, loads


async def health(desk: Desk, call: Call) -> api.HealthResponse:
    """Say how the supervisor and its agents are; nothing is called that could cost money."""
    call.decode(api.HealthRequest)
    services, own = desk.services, desk.supervision
    found = await services.store.query(lambda reader: loads(reader, services.clock()))
    by_agent = {load.agent: load for load in found}
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
        queued=sum(load.queued + load.scheduled for load in found),
        clients=own.clients,
        git_worker="running" if services.git.is_filled else "being restarted",
        log=own.log_path,
        warnings=own.warnings,
        agents=tuple(_agent(desk, agent, by_agent.get(agent.alias)) for agent in services.config.agents.values()),
        stale_active_secs=services.config.stale_active_secs,
    )


def _agent(desk: Desk, agent: AgentSpec, load: AgentLoad | None) -> api.AgentHealth:
    services = desk.services
    backend = services.backends.get(agent.backend)
    if backend is None:
        usable, detail = False, f"this version of compas has no backend {agent.backend!r}"
    else:
        found = backend.availability(services.environ.get("PATH", ""))
        usable, detail = found.usable, found.detail
    limit = agent.max_concurrent or services.config.max_triggers_per_agent
    running = load.running if load is not None else 0
    return api.AgentHealth(
        alias=agent.alias,
        backend=agent.backend,
        role=agent.role,
        usable=usable,
        detail=detail,
        circuit_state="closed",
        active=running,
        queued=load.queued + load.scheduled if load is not None else 0,
        available=max(0, limit - running),
    )


async def stop(desk: Desk, call: Call) -> api.StopResponse:
    """Take the word to stop; what becomes of running agents is the mode's matter."""
    request = call.decode(api.StopRequest)
    found = await desk.services.store.query(lambda reader: loads(reader, desk.services.clock()))
    response = api.StopResponse(
        pid=desk.supervision.pid, mode=request.mode, running=sum(load.running for load in found)
    )
    desk.supervision.stop(request.mode)
    return response
