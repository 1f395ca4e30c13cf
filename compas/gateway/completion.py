"""Completes what a person types into prompts and resource templates: agents, threads, batches, merges, executions."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import mcp.types as types

from compas.api.agents import LIST_AGENTS, ListAgentsRequest
from compas.api.merges import MERGE_STATUS, MergeStatusRequest
from compas.api.tasks import TASKS, TaskRow, TasksRequest
from compas.gateway.lookup import Lookup

MOST_VALUES: Final = 100
"""The protocol allows no more."""
_MOST_LOOKED_AT: Final = 1000


class Completion:
    """Completes arguments with what the supervisor that runs knows, the newest first."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def complete(self, context: object, params: types.CompleteRequestParams) -> types.CompleteResult:
        """Serve one completion; an argument that nothing is known of has none."""
        name, typed = params.argument.name, params.argument.value
        before, comma, last = typed.rpartition(",") if name == "agents" else ("", "", typed)
        begun = last.strip().casefold()
        taken = {one.strip() for one in before.split(",")}
        known = await _KNOWN[name](self._lookup) if name in _KNOWN else ()
        fitting = [one for one in dict.fromkeys(known) if one.casefold().startswith(begun) and one not in taken]
        head = f"{before}{comma} " if comma else ""
        values = [head + one for one in fitting[:MOST_VALUES]]
        return types.CompleteResult(
            completion=types.Completion(values=values, total=len(fitting), has_more=len(fitting) > MOST_VALUES)
        )


async def _agents(lookup: Lookup) -> Sequence[str]:
    found = await lookup.ask(LIST_AGENTS, ListAgentsRequest())
    return [] if found is None else [agent.alias for agent in found.agents if agent.role == "worker"]


async def _merges(lookup: Lookup) -> Sequence[str]:
    found = await lookup.ask(MERGE_STATUS, MergeStatusRequest(limit=_MOST_LOOKED_AT))
    return [] if found is None else [merge.op_id for merge in found.merges]


async def _threads(lookup: Lookup) -> Sequence[str]:
    return [task.thread_id for task in await _tasks(lookup)]


async def _batches(lookup: Lookup) -> Sequence[str]:
    return [task.batch_id for task in await _tasks(lookup) if task.batch_id is not None]


async def _executions(lookup: Lookup) -> Sequence[str]:
    return [task.execution_id for task in await _tasks(lookup, every=True)]


async def _tasks(lookup: Lookup, *, every: bool = False) -> Sequence[TaskRow]:
    """Return the newest execution of each thread, or all: unlike the threads, they take no look into repositories."""
    found = await lookup.ask(TASKS, TasksRequest(every=every, limit=_MOST_LOOKED_AT))
    return () if found is None else found.tasks


_KNOWN: Final[dict[str, Callable[[Lookup], Awaitable[Sequence[str]]]]] = {
    "agent": _agents,
    "agents": _agents,
    "thread_id": _threads,
    "batch": _batches,
    "op_id": _merges,
    "execution_id": _executions,
}
