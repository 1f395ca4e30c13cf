"""Whether a failed execution is tried again, and when."""

from typing import get_args

import hypothesis.strategies as st
import pytest
from hypothesis import given

from compas.domain.events import Category, EndStatus
from compas.domain.retry import CRASH_ATTEMPTS, LONGEST_DELAY_SECS, RETRYABLE, Again, decide_retry, spread
from tests.kit.domain.thread_dialogue import agent


def after(failures: int, *, base: int = 30, most: int = 100, category: Category = "transient") -> Again | None:
    spec = agent("dev", max_retries=most, retry_backoff_secs=base)
    return decide_retry(spec, status="failed", category=category, failures=failures, crashes=0)


# proves: a-core 110
def test_the_delay_doubles_from_its_base_and_never_exceeds_an_hour() -> None:
    assert [after(failures) for failures in range(3)] == [Again(delay_secs=secs) for secs in (30.0, 60.0, 120.0)]
    assert after(10) == Again(delay_secs=3600.0)
    assert after(99, base=86400) == Again(delay_secs=LONGEST_DELAY_SECS)


# proves: a-core 111
def test_a_failure_is_final_without_retries_left_or_when_repeating_cures_nothing() -> None:
    assert after(0, most=0) is None
    assert after(2, most=3) is not None
    assert after(3, most=3) is None
    for category in get_args(Category):
        assert (after(0, category=category) is not None) == (category in ("transient", "stale_session"))


def test_a_stale_conversation_is_not_tried_again_with() -> None:
    assert after(0, category="stale_session") == Again(delay_secs=30.0, fresh_session=True)


@pytest.mark.parametrize("status", ["timed_out", "completed"])
def test_a_timeout_is_never_repeated(status: EndStatus) -> None:
    spec = agent("dev", max_retries=3)
    assert decide_retry(spec, status=status, category="transient", failures=0, crashes=0) is None


@given(
    on_crash=st.sampled_from(["resume", "requeue", "fail"]),
    most=st.integers(0, 10),
    base=st.integers(0, 10**6),
    status=st.sampled_from(get_args(EndStatus)),
    category=st.sampled_from(get_args(Category)),
    failures=st.integers(0, 10**6),
    crashes=st.integers(0, 10**6),
)
def test_attempts_are_bounded_and_delays_within_an_hour(
    on_crash: str, most: int, base: int, status: EndStatus, category: Category, failures: int, crashes: int
) -> None:
    spec = agent("dev", on_crash=on_crash, max_retries=most, retry_backoff_secs=base)
    again = decide_retry(spec, status=status, category=category, failures=failures, crashes=crashes)
    if again is None:
        return
    assert 0.0 <= again.delay_secs <= LONGEST_DELAY_SECS
    if status == "crashed":
        assert crashes < CRASH_ATTEMPTS
        assert on_crash != "fail"
    else:
        assert failures < most
        assert category in RETRYABLE


@given(chance=st.floats(0.0, 1.0), delay=st.floats(1.0, 3600.0))
def test_what_failed_together_is_not_tried_again_together_and_never_early(chance: float, delay: float) -> None:
    assert delay <= spread(delay, chance) <= delay * 1.25
    assert spread(delay, 0.0) < spread(delay, 0.5) < spread(delay, 1.0)
