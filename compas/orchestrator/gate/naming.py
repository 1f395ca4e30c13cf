"""What the names in a request stand for: found for those that change nothing, suggested where one is not known."""

from typing import Any

import msgspec

from actors.remote.errors import CallError
from compas.api.names import names_in
from compas.api.operation import Operation
from compas.domain.decision import Refusal
from compas.orchestrator.handler_context import HandlerContext
from compas.orchestrator.known_names import find as find_name
from compas.orchestrator.known_names import is_known, no_such_agent, unknown
from compas.orchestrator.refused import refused, unless_refused
from compas.store.connection import Reader


async def in_full(context: HandlerContext, operation: Operation[Any, Any], arguments: msgspec.Struct) -> msgspec.Struct:
    """Return the arguments of what changes nothing, with the whole name where the beginning of one was given.

    Raises CallError for a name that nobody knows, and for the beginning of several.
    """
    given = tuple(names_in(operation, arguments))
    if not given:
        return arguments
    agents = context.services.config.agents

    def look(reader: Reader) -> dict[str, str] | Refusal:
        found = {}
        for one in given:
            name = find_name(reader, one, agents)
            if isinstance(name, Refusal):
                return name
            found[one.field] = name
        return found

    full: msgspec.Struct = msgspec.structs.replace(
        arguments, **unless_refused(await context.services.store.query(look))
    )
    return full


async def with_nearest(
    context: HandlerContext, operation: Operation[Any, Any], arguments: msgspec.Struct, error: CallError
) -> CallError:
    """Return the error of a request that changes something; where a name is not known, with what was probably meant.

    It has to give whole names, and what refuses it first is its own matter.
    """
    agents = context.services.config.agents
    given = [one for one in names_in(operation, arguments) if error.code == f"unknown_{one.kind}"]
    if not given:
        return error
    (one,) = given[:1]
    if one.kind == "agent":
        return refused(no_such_agent(one.name, agents))

    def look(reader: Reader) -> Refusal | None:
        return None if is_known(reader, one, agents) else unknown(reader, one, agents)

    refusal = await context.services.store.query(look)
    return error if refusal is None else refused(refusal)
