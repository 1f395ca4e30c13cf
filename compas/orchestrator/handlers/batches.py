"""Handlers of `batch_status` and `abandon_batch`."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec
import trio

from actors.errors import ActorError
from actors.remote.errors import CallError
from compas.api import batches as api
from compas.api.advice import in_commands
from compas.api.lifecycle import AbandonResponse
from compas.domain.decision import Refusal
from compas.domain.in_short import in_short
from compas.domain.requests import RequestId
from compas.domain.thread import TERMINAL
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import HandlerContext
from compas.orchestrator.handlers.lifecycle import give_up
from compas.orchestrator.handlers.threads import as_diff_size
from compas.orchestrator.known_names import no_such_batch
from compas.orchestrator.merges.approval import reviews_now
from compas.orchestrator.refused import refused
from compas.orchestrator.worktrees.work_shown import sizes_of
from compas.store.connection import Reader
from compas.store.errors import StoreUnavailable
from compas.store.projections import batches as rows
from compas.store.projections.thread_details import openings_of

AT_ONCE = 16
"""Threads of a batch that are abandoned side by side: their commits share a group, and nobody else is crowded out."""
MOST_ERRORS = 20


async def batch_status(context: HandlerContext, call: ResolvedCall) -> api.BatchStatusResponse:
    """Count a batch whole, and list a part of it."""
    request = call.decode(api.BatchStatusRequest)

    def read(reader: Reader) -> api.BatchStatusResponse:
        now = context.services.clock()
        counted = rows.count_batch(reader, request.batch_id, now)
        listed = rows.threads_of_batch(reader, request.batch_id, now, offset=request.offset, limit=request.limit)
        behind = request.offset + len(listed)
        return api.BatchStatusResponse(
            batch_id=request.batch_id,
            thread_count=counted.total,
            counts=counted.by_status,
            work=counted.by_work,
            threads=tuple(
                api.BatchThread(
                    thread_id=row.thread,
                    status=row.status,
                    summary=row.summary,
                    agent=row.agent,
                    execution_status=row.execution_status,
                    error=row.error or None,
                    updated_at=row.updated_at if request.details else None,
                )
                for row in listed
            ),
            more=behind < counted.total,
            next_offset=behind if behind < counted.total else None,
        )

    found = await context.services.store.query(read)
    return await _with_details(context, found) if request.details else found


async def _with_details(context: HandlerContext, found: api.BatchStatusResponse) -> api.BatchStatusResponse:
    services, threads = context.services, [one.thread_id for one in found.threads]

    openings = await services.store.query(lambda reader: openings_of(reader, threads))
    reviews = await reviews_now(services, threads)
    sizes = await sizes_of(services, [one.thread_id for one in found.threads if one.status in ("Active", "Failed")])
    return msgspec.structs.replace(
        found,
        threads=tuple(
            msgspec.structs.replace(
                one,
                title=one.summary or in_short(openings.get(one.thread_id, "")) or None,
                review=reviews[one.thread_id].standing if one.thread_id in reviews else None,
                diff=as_diff_size(sizes.get(one.thread_id)),
            )
            for one in found.threads
        ),
    )


async def abandon_batch(context: HandlerContext, call: ResolvedCall) -> api.AbandonBatchResponse:
    """Abandon the threads of a batch, each by itself, and again those that were opened meanwhile.

    Each carries a name made of this request's, so one that was interrupted finds what it has done, and goes on.
    """
    request = call.decode(api.AbandonBatchRequest)
    tally = _Tally(context=context, by=request.sender, request=call.request_id)
    while found := await _not_looked_at(context, request.batch_id, tally.seen):
        tally.seen.update(row.thread for row in found)
        waiting = iter(found)
        async with trio.open_nursery() as nursery:
            for _ in range(min(AT_ONCE, len(found))):
                nursery.start_soon(tally.abandon_all, waiting)
        if tally.failure is not None:
            raise tally.failure
    if not tally.seen:
        raise refused(no_such_batch(request.batch_id))
    response = api.AbandonBatchResponse(
        batch_id=request.batch_id,
        threads_abandoned=tally.abandoned,
        threads_already_terminal=tally.ended_before,
        total_executions_cancelled=tally.cancelled,
        total_processes_killed=tally.killed,
        threads_left=tally.left,
        errors=tuple(tally.errors),
    )
    await context.keep_answer(call.request_id, response)
    return response


async def _not_looked_at(context: HandlerContext, batch: str, seen: set[str]) -> list[rows.BatchRow]:
    found = await context.services.store.query(
        lambda reader: rows.threads_of_batch(reader, batch, context.services.clock())
    )
    return [row for row in found if row.thread not in seen]


@dataclass(kw_only=True)
class _Tally:
    """What has come of a batch so far."""

    context: HandlerContext
    by: str
    request: RequestId
    seen: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    abandoned: int = 0
    ended_before: int = 0
    cancelled: int = 0
    killed: int = 0
    left: int = 0
    failure: ActorError | StoreUnavailable | None = None
    """What kept all of it from going on: the disk, or the supervisor's end. The same request goes on from there."""

    async def abandon_all(self, waiting: Iterator[rows.BatchRow]) -> None:
        """Abandon one thread after the other, of those that nobody else has taken."""
        for row in waiting:
            try:
                await self._abandon(row)
            except (ActorError, StoreUnavailable) as err:
                self.failure = err
            if self.failure is not None:
                return

    async def _abandon(self, row: rows.BatchRow) -> None:
        request = self.request.part(row.thread)
        earlier = await self.context.services.store.answer_of(request)
        if isinstance(earlier, bytes):
            self._count(earlier)
            return
        if row.status in TERMINAL:
            self.ended_before += 1
            return
        try:
            outcome = await give_up(self.context, row.thread, self.by, request, unless_ended=True)
        except CallError as err:
            self._leave(row.thread, err.message)
            return
        if not isinstance(outcome, Refusal):
            self._count(outcome.body)
        elif outcome.code == "already_ended":
            self.ended_before += 1
        else:
            self._leave(row.thread, in_commands(outcome.message))

    def _count(self, body: bytes) -> None:
        response = msgspec.json.decode(body, type=AbandonResponse)
        self.abandoned += 1
        self.cancelled += response.executions_cancelled
        self.killed += response.processes_killed

    def _leave(self, thread: str, reason: str) -> None:
        self.left += 1
        if len(self.errors) < MOST_ERRORS:
            self.errors.append(f"{thread}: {reason}")
