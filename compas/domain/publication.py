"""A thread's end and the publication of its work exclude each other: the thread decides which comes first."""

from typing import Final

from compas.domain import events as e
from compas.domain.advice import advise, say
from compas.domain.decision import Decision, Draft, Refusal
from compas.domain.thread import Thread

BEING_PUBLISHED: Final = "being_published"
"""The code of everything that has to wait for the end of a publication."""
WITHDRAWN: Final = frozenset({"thread_abandoned", "thread_ended"})
"""The codes of refusals after which a merge is withdrawn; any other fails it."""


def decide_begin(state: Thread, begun: e.PublicationBegun, *, asked_at: int) -> Decision:
    """Let a merge move its target, once; `asked_at` is where the log was when the merge was asked for.

    Refused for a thread that was given up, or has ended since then in any way, even if it was reopened: whoever ended
    it was told that nothing more comes of it. Asking again while it is open changes nothing.
    """
    if not state.exists:
        return Refusal(code="thread_ended", message=f"thread {state.thread} does not exist")
    if state.publishing is not None and state.publishing.op == begun.op:
        return ()
    refusal = refuse_while_publishing(state)
    if refusal is not None:
        return refusal
    if state.status == "Abandoned":
        return Refusal(code="thread_abandoned", message="the thread was abandoned before its target was moved")
    if state.ended_position > asked_at:
        return Refusal(code="thread_ended", message="the thread was ended after the merge was asked for; ask again")
    if begun.repository in state.removing:
        where = f"the worktree of thread {state.thread} in {begun.repository}"
        sentence = say(f"{where} is being removed; `", advise("worktrees"), "`")
        return Refusal(code="being_removed", message=sentence)
    return (_draft(state, begun),)


def decide_over(state: Thread, op: str) -> Decision:
    """Let the thread end again; nothing to do for an operation that holds nothing."""
    if state.publishing is None or state.publishing.op != op:
        return ()
    return (_draft(state, e.PublicationOver(op=op)),)


def refuse_while_publishing(state: Thread, *, by: str = "") -> Refusal | None:
    """Say that the end of a publication has to be waited for; `by` is the operation that asks, if one does."""
    if state.publishing is None or state.publishing.op == by:
        return None
    sentence = say(
        f"the work of thread {state.thread} is being published to {state.publishing.target} at this moment "
        f"({state.publishing.op}); wait for that with `",
        advise("wait_merge", op_id=state.publishing.op),
        "`",
    )
    return Refusal(code=BEING_PUBLISHED, message=sentence)


def _draft(state: Thread, event: e.Event) -> Draft:
    newest = next(reversed(state.messages.values()), None)
    lineage = newest.lineage if newest is not None else ""
    return Draft(stream=e.thread_stream(state.thread), event=event, lineage=lineage)
