"""A change of an event or a read model raises a number: by that, logs are refused and read models are rebuilt."""

from tests.architecture.recorded_forms import (
    EVENTS,
    Forms,
    changed_without_number,
    fingerprint,
    present,
    recorded,
)

RECORD = "; record with `python -m tests.architecture.recorded_forms`"


def test_what_has_changed_has_a_higher_number() -> None:
    wrong = changed_without_number(recorded(), present())
    assert wrong == [], "; ".join(wrong) + RECORD


def test_what_has_a_higher_number_is_recorded() -> None:
    assert recorded() == present(), f"the recorded forms are old{RECORD}"


BEFORE: Forms = {EVENTS: (2, "a"), "threads": (5, "b")}


def test_a_change_under_the_same_number_is_told_with_what_to_do() -> None:
    (events,) = changed_without_number(BEFORE, {**BEFORE, EVENTS: (2, "other")})
    assert "add compas/store/sql/0003_<what>.sql" in events
    (model,) = changed_without_number(BEFORE, {**BEFORE, "threads": (5, "other")})
    assert model == "the read model 'threads' has changed, and its version is still 5: raise it, then record"


def test_a_change_with_a_higher_number_and_a_new_read_model_are_right() -> None:
    assert changed_without_number(BEFORE, {EVENTS: (3, "other"), "threads": (6, "other"), "new": (1, "c")}) == []


def test_words_for_people_are_no_change() -> None:
    assert fingerprint({"description": "one", "type": "x"}) == fingerprint({"description": "two", "type": "x"})
    assert fingerprint({"type": "x"}) != fingerprint({"type": "y"})
