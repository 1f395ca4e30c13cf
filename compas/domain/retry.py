"""Whether a failed execution is tried again, and when."""

from compas.domain.events import Category, EndStatus

RETRYABLE: frozenset[Category] = frozenset({"transient", "stale_session"})
LONGEST_DELAY_SECS = 3600.0
_LARGEST_EXPONENT = 31


def retry_delay(
    *, status: EndStatus, category: Category, attempt: int, max_retries: int, backoff_secs: float
) -> float | None:
    """Return the seconds to wait before the next attempt, or None when there is none (a-core 109-111).

    `attempt` counts from 0, so `max_retries` is the number of attempts beside the first. The delay doubles with
    each attempt, up to an hour. A timeout is never repeated: it would cost the same time again.
    """
    if status != "failed" or category not in RETRYABLE or attempt >= max_retries:
        return None
    return float(min(backoff_secs * 2 ** min(attempt, _LARGEST_EXPONENT), LONGEST_DELAY_SECS))
