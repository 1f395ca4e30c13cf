"""Operation `list_agents`: who there is to give work to."""

import msgspec

from compas.api.operation import Operation, Request
from compas.domain.specs import ToolSet


class ListAgentsRequest(Request, frozen=True, kw_only=True):
    """Nothing to say."""


class AgentListing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One agent of the config, and how busy it is.

    `handoff_to` is who gets its reply by itself, a list for a fan-out; it is left out, with `max_chain_depth`, where
    the reply goes to the operator or to nobody. `available` is never below zero (b-mcp-cli-merge 137). `unusable` says
    why its CLI cannot be started; `version` and `credentials` are left out until `health` has looked.
    """

    alias: str
    backend: str
    role: str
    timeout_secs: int
    max_concurrent: int
    active: int
    queued: int
    available: int
    await_chain_recommended: bool
    model: str | None = None
    handoff_to: str | tuple[str, ...] | None = None
    max_chain_depth: int | None = None
    unusable: str = ""
    version: str = ""
    credentials: str = ""


class ListAgentsResponse(msgspec.Struct, frozen=True, kw_only=True):
    """All agents in the order of the config; `global_available` counts places over all agents, never below zero.

    `execution_timeout_secs` bounds an attempt of an agent that has no time limit of its own. `tools` is the set that
    editors are told of.
    """

    agents: tuple[AgentListing, ...]
    global_max_concurrent: int
    global_active: int
    global_available: int
    execution_timeout_secs: int
    tools: ToolSet = "core"


LIST_AGENTS = Operation(
    name="list_agents",
    request=ListAgentsRequest,
    response=ListAgentsResponse,
    doc="List the agents: who they are, how busy, and who gets their replies.",
    kind="read",
)
