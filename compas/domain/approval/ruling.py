"""What a person says of a thread's work: recorded, and where they want changes, given to the agent whose work it is."""

from compas.domain import events as e
from compas.domain.decision import Decision, Draft, Moment, Refusal, no_such_thread
from compas.domain.dispatch import Dispatch, Rules, decide_dispatch
from compas.domain.hand_back import INTENT, author_of
from compas.domain.thread import Thread


def decide_ruling(state: Thread, ruling: e.PersonJudged, body: str | None, rules: Rules, moment: Moment) -> Decision:
    """Record what a person says of the thread's work; a thread that was abandoned refuses it.

    With a `body` they want changes, which go to the agent that last worked there, in the same append. A thread that has
    ended is reopened by that; one whose agent is gone or would not start refuses it. Like any dispatch it begins a
    lineage of its own.
    """
    refused = _refused(state)
    if refused is not None:
        return refused
    if body is None:
        return (_draft(state, ruling),)
    run = author_of(state, ruling.repository, rules)
    if run is None:
        sentence = f"no agent of thread {state.thread} has worked in its worktree of {ruling.repository}"
        return Refusal(code="no_author", message=f"{sentence}; nothing was recorded. Dispatch it to an agent instead.")
    agent = run.queued.agent
    intents = [one for one in (INTENT, "dispatch") if rules.triggers(recipient=agent, intent=one)]
    if not intents:
        idle = rules.why_idle(recipient=agent, intent=INTENT)
        return Refusal(code="would_not_start", message=f"{idle}. Nothing was recorded; dispatch it to another agent.")
    command = Dispatch(sender=ruling.by, recipient=agent, intent=intents[0], body=body)
    posted = decide_dispatch(state, command, rules, moment)
    return posted if isinstance(posted, Refusal) else (_draft(state, ruling), *posted)


def _refused(state: Thread) -> Refusal | None:
    if not state.exists:
        return no_such_thread(state.thread)
    if state.status == "Abandoned":
        sentence = f"thread {state.thread} was abandoned; dispatch to it to reopen it, then look at it again"
        return Refusal(code="thread_abandoned", message=sentence)
    return None


def _draft(state: Thread, ruling: e.PersonJudged) -> Draft:
    newest = next(reversed(state.messages.values()), None)
    lineage = newest.lineage if newest is not None else ""
    return Draft(stream=e.thread_stream(state.thread), event=ruling, lineage=lineage)
