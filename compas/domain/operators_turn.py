"""Which threads wait for a person: nothing goes on in them by itself any more, and nobody else gets their answer.

Of the standard library alone, because a command uses it that has to start at once.
"""

from typing import Any, Final

_OVER: Final = frozenset({"Completed", "Abandoned"})
_UNDER_WAY: Final = frozenset({"queued", "picked_up", "executing"})
_FAILED: Final = {"failed": "failed", "crashed": "crashed", "timed_out": "timed out"}
_REVIEWED: Final = {
    "approved": "approved",
    "changes_requested": "changes requested",
    "changed_since_the_approval": "changed since the approval",
    "changed_since_the_review": "changed since the review",
    "no_snapshot": "its work could not be recorded",
}


def turn_in(row: Any) -> str | None:  # noqa: ANN401 - a light command has rows without a type
    """Return what `operators_turn` does of a row of `status`."""
    return operators_turn(
        thread_status=row.thread_status,
        execution_id=row.execution_id,
        execution_status=row.execution_status,
        last_intent=row.last_intent,
        answers_to=row.answers_to,
        review=row.review,
    )


def operators_turn(
    *,
    thread_status: str,
    execution_id: str | None,
    execution_status: str | None,
    last_intent: str | None,
    answers_to: str | None,
    review: str | None,
) -> str | None:
    """Return in a few words what a thread waits for a person with; None where it is not their turn.

    The arguments are the fields of these names in a row of `status`.
    """
    is_asked = last_intent == "review-request"
    if thread_status in _OVER or execution_status in _UNDER_WAY:
        return None
    if answers_to is not None and execution_status == "completed" and not is_asked:
        return None
    if thread_status == "Failed" or execution_status in _FAILED:
        return _FAILED.get(execution_status or "", "failed")
    if is_asked:
        return "asks for a review"
    if execution_status == "cancelled":
        return "cancelled"
    if execution_id is None:
        return "not started"
    return _REVIEWED.get(review or "", "answered")
