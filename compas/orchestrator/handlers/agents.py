"""Handler of `list_agents`: the agents of the config with their load."""

from compas.api import agents as api
from compas.backends.credentials import NOT_ASKED_FOR
from compas.domain.specs import OPERATOR, AgentSpec
from compas.orchestrator.backends.examining import Examined, examine
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import HandlerContext
from compas.store.projections.counters import AgentLoad, loads


async def list_agents(context: HandlerContext, call: ResolvedCall) -> api.ListAgentsResponse:
    """Say who there is, how busy, and where replies go by themselves."""
    call.decode(api.ListAgentsRequest)
    services = context.services
    config = services.config
    found = await services.store.query(lambda reader: loads(reader, services.clock()))
    by_agent = {load.agent: load for load in found}
    active = sum(load.running for load in found)
    known = await examine(context, tuple(config.agents.values()), is_thorough=False)
    return api.ListAgentsResponse(
        agents=tuple(
            _listing(
                agent,
                config.at_once(agent),
                by_agent.get(agent.alias),
                known[agent.alias],
            )
            for agent in config.agents.values()
        ),
        global_max_concurrent=config.effective_concurrency,
        global_active=active,
        global_available=max(0, config.effective_concurrency - active),
        execution_timeout_secs=config.execution_timeout_secs,
        tools=config.tools,
    )


def _listing(agent: AgentSpec, limit: int, load: AgentLoad | None, known: Examined) -> api.AgentListing:
    active = load.running if load is not None else 0
    targets = tuple(target for target in agent.handoff.targets if target != OPERATOR) if agent.handoff else ()
    looked = known.looked
    return api.AgentListing(
        alias=agent.alias,
        backend=agent.backend,
        role=agent.role,
        model=agent.model,
        timeout_secs=agent.timeout_secs,
        max_concurrent=limit,
        active=active,
        queued=load.queued + load.scheduled if load is not None else 0,
        available=max(0, limit - active),
        await_chain_recommended=bool(targets),
        handoff_to=(targets[0] if len(targets) == 1 else targets) if targets else None,
        max_chain_depth=agent.handoff.max_chain_depth if agent.handoff and targets else None,
        unusable="" if looked.usable else looked.detail,
        version=looked.version,
        credentials="" if looked.credentials is NOT_ASKED_FOR else looked.credentials.state,
    )
