"""Writes what reviewers and people said of a thread's work, and how its branch stands to that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compas.cli.render.table import Cell, pairs
from compas.cli.render.text import Colour, Style

if TYPE_CHECKING:
    from compas.api.reviews import ApproveResponse, RequestChangesResponse, VerdictResponse

_COLOURS: dict[str, Colour] = {
    "approved": "green",
    "changes_requested": "red",
    "changed_since_the_approval": "yellow",
    "changed_since_the_review": "yellow",
    "no_snapshot": "red",
    "not_reviewed": "dim",
}


def review_words(review: str | None) -> str | None:
    """Return how a branch stands to its newest review, in words; None where nothing is known."""
    return review.replace("_", " ") if review else None


def review_cell(review: str | None) -> Cell:
    """Return the same for a table."""
    return Cell(review_words(review) or "-", _COLOURS.get(review or ""))


_SHORT = {
    "changes_requested": "changes asked",
    "changed_since_the_approval": "approved, changed",
    "changed_since_the_review": "reviewed, changed",
}


def verdict_cell(review: str | None) -> Cell:
    """Return the same in few words; a branch that nobody has judged says nothing."""
    if review is None or review == "not_reviewed":
        return Cell("-")
    return Cell(_SHORT.get(review) or review.replace("_", " "), _COLOURS.get(review))


def verdict_text(response: VerdictResponse, style: Style) -> str:
    """Write what was noted, and about which commit."""
    return pairs([("verdict", response.verdict.replace("_", " ")), ("judged", response.judged)], style)


def approve_text(response: ApproveResponse, style: Style) -> str:
    """Write what was approved."""
    return pairs(
        [
            ("thread", response.thread_id),
            ("approved", f"{response.commit} ({response.branch})"),
            ("warning", response.warning),
            ("next", response.next_step),
        ],
        style,
    )


def request_changes_text(response: RequestChangesResponse, style: Style) -> str:
    """Write what is to be changed, and who does it."""
    return pairs(
        [
            ("thread", response.thread_id),
            ("changes to", f"{response.commit} ({response.branch})"),
            ("agent", response.agent),
            ("execution", response.execution_id),
            ("message", response.reference),
            ("reopened", "yes" if response.reopened else None),
            ("next", response.next_step),
        ],
        style,
    )
