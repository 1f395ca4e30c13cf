"""What can be asked about how executions on a backend ended."""

from compas.domain.breaker import End
from compas.store.connection import Reader

LONGEST_ROW = 1000
"""More failures in a row than that, no circuit breaker is asked to count."""

_ENDS = """SELECT x.ended_position AS position, x.requested_at AS began_at, x.status, x.category, x.resets_at,
    NOT EXISTS (
        SELECT 1 FROM executions AS later WHERE later.thread = x.thread AND later.message = x.message
            AND later.attempt > x.attempt
    ) AS is_final
    FROM executions AS x
    WHERE x.backend = :backend
        AND x.status IN ('completed', 'failed', 'timed_out', 'crashed')
        AND x.ended_position >= max(:since + 1, coalesce((
            SELECT good.ended_position FROM executions AS good
            WHERE good.backend = :backend AND good.ended_position > :since AND good.status = 'completed'
            ORDER BY good.ended_position DESC LIMIT 1
        ), 0))
    ORDER BY x.ended_position DESC LIMIT :limit"""


def ends_on(reader: Reader, backend: str, since: int) -> tuple[End, ...]:
    """Return how executions on a backend ended after a position of the log, newest first, back to the last success."""
    return tuple(reader.all(End, _ENDS, {"backend": backend, "since": since, "limit": LONGEST_ROW}))
