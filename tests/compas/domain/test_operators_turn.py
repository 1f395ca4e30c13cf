"""When it is the operator's turn in a thread, and what is said of that."""

import pytest

from compas.domain.operators_turn import operators_turn

ANSWERED = {
    "thread_status": "Active",
    "execution_id": "X",
    "execution_status": "completed",
    "last_intent": "response",
    "answers_to": None,
    "review": None,
}
Fields = dict[str, str | None]


def turn(fields: Fields) -> str | None:
    """Return whose turn it is in a thread that has answered, but for these fields."""
    return operators_turn(**(ANSWERED | fields))


@pytest.mark.parametrize(
    ("row", "waits"),
    [
        ({}, "answered"),
        ({"review": "not_reviewed"}, "answered"),
        ({"review": "approved"}, "approved"),
        ({"review": "changes_requested"}, "changes requested"),
        ({"review": "changed_since_the_approval"}, "changed since the approval"),
        ({"execution_status": "failed"}, "failed"),
        ({"execution_status": "timed_out", "thread_status": "Failed"}, "timed out"),
        ({"execution_status": "completed", "thread_status": "Failed"}, "failed"),
        ({"execution_status": "cancelled"}, "cancelled"),
        ({"execution_id": None, "execution_status": None}, "not started"),
        ({"last_intent": "review-request"}, "asks for a review"),
        ({"last_intent": "review-request", "answers_to": "lead"}, "asks for a review"),
        ({"execution_status": "failed", "answers_to": "lead"}, "failed"),
    ],
)
def test_what_has_come_to_rest_waits_for_the_operator(row: Fields, waits: str) -> None:
    assert turn(row) == waits


@pytest.mark.parametrize(
    "row",
    [
        *({"execution_status": status} for status in ("queued", "picked_up", "executing")),
        *({"thread_status": status} for status in ("Completed", "Abandoned")),
        {"thread_status": "Failed", "execution_status": "queued"},
        {"answers_to": "lead"},
    ],
)
def test_what_goes_on_is_over_or_is_somebody_elses_does_not(row: Fields) -> None:
    assert turn(row) is None
