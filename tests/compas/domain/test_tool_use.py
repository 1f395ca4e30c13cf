"""The share of a tool's calls that failed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compas.domain.tool_use import Uses

uses = st.builds(Uses, calls=st.integers(0, 1000), errors=st.integers(0, 1000))


@given(uses, uses)
def test_a_rate_is_a_share_whatever_was_not_kept(one: Uses, other: Uses) -> None:
    both = one.plus(other)
    assert (both.calls, both.errors) == (one.calls + other.calls, one.errors + other.errors)
    assert 0 <= both.error_rate <= 1
    assert (both.error_rate == 0) == (both.errors == 0)


@pytest.mark.parametrize(("calls", "errors", "rate"), [(4, 1, 0.25), (0, 0, 0.0), (0, 2, 1.0), (2, 2, 1.0)])
def test_a_rate_counts_errors_by_calls(calls: int, errors: int, rate: float) -> None:
    assert Uses(calls=calls, errors=errors).error_rate == rate
