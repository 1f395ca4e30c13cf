"""Handler of `executions`, and how a request says which execution it is about."""

import msgspec

from compas.api import executions as api
from compas.api.names import SHORTEST_BEGINNING
from compas.domain.advice import advise, say
from compas.domain.decision import Refusal
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import HandlerContext
from compas.orchestrator.known_names import no_such_execution
from compas.orchestrator.refused import unless_refused
from compas.store.connection import Reader
from compas.store.projections.execution_queries import ExecutionRow, execution_by_id, executions_of_thread
from compas.store.projections.threads import thread_by_id


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """The executions of a thread, and which of them is meant; `index` counts from 0."""

    runs: tuple[ExecutionRow, ...]
    index: int

    @property
    def row(self) -> ExecutionRow:
        """The one that is meant."""
        return self.runs[self.index]


async def executions(context: HandlerContext, call: ResolvedCall) -> api.ExecutionsResponse:
    """List what there is to choose from."""
    request = call.decode(api.ExecutionsRequest)
    chosen = await choose(context, request.execution_id, request.which)
    backends = context.services.backends
    return api.ExecutionsResponse(
        thread_id=chosen.row.thread,
        chosen=chosen.index + 1,
        executions=tuple(
            _listing(number, row, has_steps=row.backend in backends and backends[row.backend].tells_steps)
            for number, row in enumerate(chosen.runs, 1)
        ),
    )


def _listing(number: int, row: ExecutionRow, *, has_steps: bool) -> api.ExecutionListing:
    return api.ExecutionListing(
        number=number,
        execution_id=row.execution,
        agent=row.agent,
        backend=row.backend,
        status=row.status,
        queued_at=row.queued_at,
        attempt=row.attempt,
        started_at=row.started_at,
        duration_ms=None if row.duration_secs is None else int(row.duration_secs * 1000),
        error=row.error or None,
        has_steps=has_steps,
    )


async def find_execution(context: HandlerContext, name: str, which: str | None = None) -> ExecutionRow:
    """Return the execution that is meant; see `choose`."""
    return (await choose(context, name, which)).row


async def choose(context: HandlerContext, name: str, which: str | None = None) -> Chosen:
    """Return an execution among those of its thread.

    `name` is its own, or its thread's, which means the newest one; `which` is a number or an id among them. Raises
    CallError.
    """
    return unless_refused(await context.services.store.query(lambda reader: _choose(reader, name, which)))


def _choose(reader: Reader, name: str, which: str | None) -> Chosen | Refusal:
    one = execution_by_id(reader, name)
    thread = name if one is None else one.thread
    runs = executions_of_thread(reader, thread)
    if not runs:
        if thread_by_id(reader, thread) is None:
            return no_such_execution(name)
        return Refusal(code="no_execution", message=f"nothing has been started in thread {thread} yet")
    if which is not None:
        index = _index_of(runs, which)
        return _not_among(thread, runs, which) if index is None else Chosen(runs=runs, index=index)
    index = len(runs) - 1 if one is None else next(i for i, run in enumerate(runs) if run.execution == name)
    return Chosen(runs=runs, index=index)


def _index_of(runs: tuple[ExecutionRow, ...], which: str) -> int | None:
    """Return which one a number, an id, or the beginning of only one id means."""
    if which.isascii() and which.isdecimal() and len(which) < SHORTEST_BEGINNING:
        return int(which) - 1 if 0 < int(which) <= len(runs) else None
    exact = [index for index, run in enumerate(runs) if run.execution == which]
    begun = [index for index, run in enumerate(runs) if run.execution.startswith(which)]
    found = exact or (begun if len(which) >= SHORTEST_BEGINNING else [])
    return found[0] if len(found) == 1 else None


def _not_among(thread: str, runs: tuple[ExecutionRow, ...], which: str) -> Refusal:
    count = len(runs)
    there = "has one execution, number 1" if count == 1 else f"has {count} executions, numbers 1 to {count}"
    begun = [run.execution for run in runs if run.execution.startswith(which)]
    found = f"and {len(begun)} of them begin with {which!r}" if len(begun) > 1 else f"and none is {which!r}"
    sentence = say(f"thread {thread} {there}, {found}; `", advise("transcript", thread_id=thread), "` lists them")
    return Refusal(code="unknown_execution", message=sentence)
