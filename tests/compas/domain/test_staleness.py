"""When an active thread is stale."""

import pytest

from compas.domain.staleness import Movement, is_stale, stale_in_words

NOON = 1_700_000_000.0


@pytest.mark.parametrize(
    ("found", "stale"),
    [
        (Movement(status="Active", moved_at=NOON - 3600), True),
        (Movement(status="Active", moved_at=NOON - 3599), False),
        (Movement(status="Completed", moved_at=NOON - 9999), False),
        (Movement(status="Failed", moved_at=NOON - 9999), False),
        (Movement(status="Active", moved_at=NOON - 9999, not_before=NOON + 60), False),
        (Movement(status="Active", moved_at=NOON - 9999, not_before=NOON - 60), False),
        (Movement(status="Active", moved_at=NOON - 9999, not_before=NOON - 3600), True),
    ],
)
def test_a_thread_is_stale_once_nothing_has_moved_in_it_for_long_enough(found: Movement, stale: bool) -> None:
    assert is_stale(found, NOON, 3600.0) is stale


@pytest.mark.parametrize(
    ("seconds", "said"), [(61.0, "1 min"), (3600.0, "1 h 0 min"), (90_000.0, "1 d 1 h"), (7_199.0, "1 h 59 min")]
)
def test_it_is_said_for_how_long(seconds: float, said: str) -> None:
    assert stale_in_words(seconds) == f"nothing has moved in it for {said} (stale_active_secs)"
