"""How long a relay bears with a gateway that says nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compas.relay.silence import PATIENCE_SECONDS, PATIENCE_VARIABLE, Silence, patience_of

words = st.lists(st.floats(min_value=0, max_value=3), max_size=20)


def test_a_silent_gateway_is_asked_once_and_then_given_up() -> None:
    silence = Silence(20.0, 100.0)
    assert silence.seconds_left(115.0) == 5.0
    assert silence.seconds_left(120.0) == 0
    assert silence.ask(120.0)
    assert silence.seconds_left(130.0) == 10.0
    assert not silence.ask(140.0)


def test_one_that_answers_is_asked_again_later() -> None:
    silence = Silence(20.0, 100.0)
    for asked in (120.0, 150.0, 180.0):
        assert silence.ask(asked)
        silence.break_off(asked + 10.0)
        assert silence.seconds_left(asked + 10.0) == 20.0


def test_a_machine_that_stood_still_costs_a_question_and_no_gateway() -> None:
    silence = Silence(20.0, 100.0)
    assert silence.seconds_left(9000.0) == 0
    assert silence.ask(9000.0)
    assert silence.seconds_left(9000.0) == 20.0


@given(words)
def test_whoever_speaks_often_enough_is_never_asked(pauses: list[float]) -> None:
    now = 0.0
    silence = Silence(4.0, now)
    for pause in pauses:
        now += pause
        assert silence.seconds_left(now) > 0
        silence.break_off(now)


@pytest.mark.parametrize("text", ["", "soon", "0", "-3", "nan", "inf"])
def test_a_patience_that_is_no_number_of_seconds_is_passed_over(text: str) -> None:
    assert patience_of({PATIENCE_VARIABLE: text}) == PATIENCE_SECONDS
    assert patience_of({}) == PATIENCE_SECONDS
    assert patience_of({PATIENCE_VARIABLE: "2.5"}) == 2.5
