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
    WHERE x.backend = ? AND x.ended_position > ? AND x.status IN ('completed', 'failed', 'timed_out', 'crashed')
    ORDER BY x.ended_position DESC LIMIT ?"""


def ends_on(reader: Reader, backend: str, since: int) -> tuple[End, ...]:
    """Return how executions on a backend ended after a position of the log, newest first."""
    return tuple(reader.all(End, _ENDS, (backend, since, LONGEST_ROW)))
