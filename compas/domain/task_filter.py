"""Which executions a list of tasks shows, by a word."""

from typing import get_args

import msgspec

from compas.domain.decision import Refusal
from compas.domain.events import ExecutionStatus

SCHEDULED = "scheduled"

FILTERS: dict[str, frozenset[ExecutionStatus]] = {
    SCHEDULED: frozenset({"queued"}),
    "running": frozenset({"picked_up", "executing"}),
    "ended": frozenset({"completed", "failed", "timed_out", "crashed", "cancelled"}),
    **{status: frozenset({status}) for status in get_args(ExecutionStatus)},
}
"""The words, and the statuses that each stands for. `scheduled` is what is queued for a later time."""


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """What a word chooses; `statuses` None is any status."""

    statuses: frozenset[ExecutionStatus] | None = None
    is_scheduled: bool = False


def read_filter(word: str | None) -> Chosen | Refusal:
    """Return what a word chooses; without one, everything. An unknown one is refused (b-mcp-cli-merge 133)."""
    if word is None:
        return Chosen()
    if word not in FILTERS:
        return Refusal(code="invalid", message=f"{word!r} is no filter for tasks; there are: {', '.join(FILTERS)}")
    return Chosen(statuses=FILTERS[word], is_scheduled=word == SCHEDULED)
