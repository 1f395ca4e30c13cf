"""Which active threads are stale: by the log, by their fan-outs, and by what agents were seen doing."""

from collections.abc import Sequence

from actors.registry import Registry
from compas.domain.staleness import Movement, is_stale
from compas.domain.thread import RUNNING
from compas.orchestrator.services import ASK_TIMEOUT_SECS, TELEMETRY, Services
from compas.orchestrator.telemetry.actor import LastSeen
from compas.store.projections.threads import StatusRow, threads_with_work_below


async def stale_threads(services: Services, registry: Registry, rows: Sequence[StatusRow]) -> dict[str, float]:
    """Return when something last moved, in UTC seconds, in each of these threads that is stale.

    An agent that is seen doing something moves its thread, and so does whatever goes on in a fan-out of it.
    """
    now, limit = services.clock(), float(services.config.stale_active_secs)
    quiet = [row for row in rows if is_stale(_movement(row), now, limit)]
    if not quiet:
        return {}
    busy = await services.store.query(threads_with_work_below)
    found = {}
    for row in quiet:
        moved = max(_movement(row).moved_at, await _last_seen(registry, row))
        if row.thread not in busy and now - moved >= limit:
            found[row.thread] = moved
    return found


def _movement(row: StatusRow) -> Movement:
    times = (row.updated_at, row.queued_at, row.started_at, row.ended_at)
    is_queued = row.execution_status == "queued"
    return Movement(
        status=row.status,
        moved_at=max(at for at in times if at is not None),
        not_before=row.not_before if is_queued else None,
    )


async def _last_seen(registry: Registry, row: StatusRow) -> float:
    telemetry = registry.find(TELEMETRY)
    if row.execution is None or row.execution_status not in RUNNING or telemetry is None:
        return 0.0
    return await telemetry.ask(LastSeen(execution=row.execution), timeout=ASK_TIMEOUT_SECS)
