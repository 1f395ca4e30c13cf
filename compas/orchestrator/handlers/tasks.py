"""Handler of `tasks`."""

from compas.api import tasks as api
from compas.domain.advice import advise, say
from compas.domain.in_short import in_short
from compas.domain.start_time import in_utc
from compas.domain.task_filter import read_filter
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import HandlerContext
from compas.orchestrator.looked_for import words_to_find
from compas.orchestrator.refused import call_error, unless_refused
from compas.store.connection import Reader
from compas.store.projections import tasks as rows
from compas.store.projections.execution_queries import execution_by_id


async def tasks(context: HandlerContext, call: ResolvedCall) -> api.TasksResponse:
    """List executions, one page of them."""
    request = call.decode(api.TasksRequest)
    chosen = unless_refused(read_filter(request.filter))
    words = words_to_find(request.text)
    wanted = rows.TaskFilter(
        agent=request.agent,
        thread=request.thread_id,
        batch=request.batch_id,
        statuses=chosen.statuses,
        words=words,
        every=request.every,
        later_than=context.services.clock() if chosen.is_scheduled else None,
    )

    def read(reader: Reader) -> tuple[rows.TaskRow, ...] | None:
        last = None
        if request.after is not None:
            last = execution_by_id(reader, request.after)
            if last is None:
                return None
        return rows.list_tasks(reader, wanted, request.limit + 1, after=last)

    found = await context.services.store.query(read)
    if found is None:
        missing = f"there is no execution {request.after!r} to go on behind; `"
        raise call_error("unknown_execution", say(missing, advise("tasks"), "` lists them"))
    shown = found[: request.limit]
    more = len(found) > request.limit
    return api.TasksResponse(
        tasks=tuple(_row(row) for row in shown), more=more, next_after=shown[-1].execution if more else None
    )


def _row(row: rows.TaskRow) -> api.TaskRow:
    return api.TaskRow(
        execution_id=row.execution,
        thread_id=row.thread,
        agent=row.agent,
        backend=row.backend,
        execution_status=row.status,
        attempt=row.attempt,
        queued_at=row.queued_at,
        batch_id=row.batch,
        summary=row.summary,
        title=row.summary or in_short(row.opening or ""),
        started_at=row.started_at,
        finished_at=row.ended_at,
        duration_ms=None if row.duration_secs is None else int(row.duration_secs * 1000),
        eligible_at=row.not_before,
        eligible_at_rfc3339=None if row.not_before is None else in_utc(row.not_before),
        eligible_reason=row.reason or None,
        error=row.error or None,
        category=row.category or None,
        verdict=row.verdict or None,
        cost_usd=row.cost_usd,
        tokens_in=row.tokens_in,
        tokens_out=row.tokens_out,
        exit_code=row.exit_code,
        prompt_hash=row.prompt_hash,
    )
