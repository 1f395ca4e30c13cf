"""A conversation that has become too long for its model: what the new one is told, and what its reply says of it."""

from typing import Final

from compas.domain import events as e
from compas.domain.thread import Run, Thread

EARLIER: Final = 8
"""How many earlier turns are told, the newest ones."""
LONGEST_TASK: Final = 2000
LONGEST_CHANGE: Final = 40_000
"""Characters of an earlier task, and of the change so far."""
_CUT: Final = "\n… [cut]"

NOTE: Final = (
    "[compas: the conversation with this agent had become too long for its model. This is out of a new one, which was "
    "given the task again, with what had been done so far.]"
)
"""What stands behind the reply of an execution that began with a hand-over."""


def compose_handover(state: Thread, run: Run, place: e.WorktreeReady | None, change: str) -> str:
    """Return the task with what was done in the conversation before; `change` is its diff as text, possibly cut."""
    parts = [
        state.messages[run.queued.message].posted.body,
        "## Hand-over\n\nYou have worked in this thread before. That conversation became too long to be continued, so "
        "this is a new one. What is written above is the task; below is what was done so far. Look at the work before "
        "you go on with it.",
    ]
    parts += [_turn(state, other) for other in _earlier(state, run)]
    snapshot = state.left.get(place.path) if place is not None else None
    if place is not None and snapshot is not None and change.strip():
        command = f"`git diff {place.base_commit[:12]} {snapshot.commit[:12]}`"
        shown = change if len(change) <= LONGEST_CHANGE else change[:LONGEST_CHANGE] + _CUT
        parts.append(f"### The change so far, on {place.branch} ({command})\n\n{shown}")
    return "\n\n".join(parts)


def _earlier(state: Thread, run: Run) -> list[Run]:
    """Return the turns of the same agent that came to an answer, the oldest first."""
    done = [
        other
        for other in state.runs.values()
        if other.queued.agent == run.queued.agent and other.ended is not None and other.status == "completed"
    ]
    return sorted(done, key=lambda other: other.position)[-EARLIER:]


def _turn(state: Thread, run: Run) -> str:
    assert run.ended is not None
    task = state.messages[run.queued.message].posted.body.strip()
    told = task if len(task) <= LONGEST_TASK else task[:LONGEST_TASK] + _CUT
    return f"### An earlier task\n\n{told}\n\n### Your answer to it\n\n{run.ended.preview}"
