"""Ending a thread by word of a person, and taking it up again: closing, abandoning, reopening."""

from typing import Literal

import msgspec

from compas.domain import events as e
from compas.domain.advice import AGENT, TEXT, Said, advise, say
from compas.domain.decision import Decision, Draft, Moment, Refusal, no_such_thread
from compas.domain.dispatch import operator_note
from compas.domain.publication import refuse_while_publishing
from compas.domain.thread import RUNNING, TERMINAL, Thread

COMPAS = "compas"
"""Who ends a thread when it is not a person."""


class Close(msgspec.Struct, frozen=True, kw_only=True):
    """`unmerged` says why the thread's work is not in its target yet; None when it is, or there is none.

    A close that goes with a merge names it in `after`, and in `asked_at` the log position at which it was asked for.
    """

    by: str
    status: Literal["completed", "failed"]
    note: str | None = None
    unmerged: Said | None = None
    after: str = ""
    asked_at: int | None = None


def decide_close(state: Thread, command: Close, moment: Moment) -> Decision:
    """End a thread as completed or failed.

    Completing asks that its work is in the target branch, judged by the commits themselves (b-mcp-cli-merge 56-62).
    While an execution runs, closing is refused; what is only queued is cancelled (b-mcp-cli-merge 66). Closing a
    thread again with the same status changes nothing. While its work is being published it is refused, but to that
    merge itself; a merge never closes a thread that has ended since it was asked for (decision 0022).
    """
    if not state.exists:
        return no_such_thread(state.thread)
    publishing = refuse_while_publishing(state, by=command.after)
    if publishing is not None:
        return publishing
    wanted: Literal["Completed", "Failed"] = "Completed" if command.status == "completed" else "Failed"
    if state.status == wanted and not state.in_flight():
        return ()
    has_ended_since = command.asked_at is not None and state.ended_position > command.asked_at
    if has_ended_since or (command.after and state.status == "Abandoned"):
        sentence = f"thread {state.thread} has ended meanwhile and is {state.status}; it stays as it is"
        return Refusal(code="already_ended", message=sentence)
    running = [run for run in state.in_flight() if run.status in RUNNING]
    if running:
        names = ", ".join(f"{run.queued.agent} ({run.queued.execution})" for run in running)
        sentence = f"thread {state.thread} still has work running: {names}. Wait for it, or abandon the thread."
        return Refusal(code="still_running", message=sentence)
    if command.status == "completed" and command.unmerged is not None:
        return Refusal(code="not_merged", message=command.unmerged)
    intent = "completion" if command.status == "completed" else "failure"
    note = operator_note(
        message=moment.new_id(),
        sender=command.by,
        intent=intent,
        body=command.note or f"The thread was closed as {command.status}.",
    )
    found: list[e.Event] = [
        e.ExecutionCancelled(execution=run.queued.execution, reason="the thread was closed")
        for run in state.in_flight()
    ]
    found += [e.ThreadClosed(status=wanted, by=command.by), note]
    return _drafts(state, found)


def decide_abandon(state: Thread, by: str, moment: Moment, *, unless_ended: bool = False) -> Decision:
    """Give a thread up at once: nothing of it starts any more, and what runs is ended (a-core 147).

    A completed thread is not abandoned by mistake (b-mcp-cli-merge 68); abandoning twice changes nothing. With
    `unless_ended` a thread that has ended in any way is refused, as one of a batch is (a-core 148).
    """
    if not state.exists:
        return no_such_thread(state.thread)
    if unless_ended and state.status in TERMINAL:
        sentence = f"thread {state.thread} has ended already ({state.status}); it is left as it is"
        return Refusal(code="already_ended", message=sentence)
    if state.status == "Abandoned":
        return ()
    if state.status == "Completed" and not state.in_flight():
        sentence = f"thread {state.thread} was completed already; there is nothing to abandon"
        return Refusal(code="already_ended", message=sentence)
    publishing = refuse_while_publishing(state)
    if publishing is not None:
        return publishing
    cancelled = [
        e.ExecutionCancelled(execution=run.queued.execution, reason="the thread was abandoned")
        for run in state.in_flight()
    ]
    note = operator_note(
        message=moment.new_id(), sender=by, intent="abandoned", body=f"The thread was abandoned by {by}."
    )
    return _drafts(state, [e.ThreadAbandoned(by=by), *cancelled, note])


def decide_cancel(state: Thread, by: str) -> Decision:
    """End what is queued or running in a thread, and leave the thread as it is; nothing to end changes nothing."""
    if not state.exists:
        return no_such_thread(state.thread)
    return _drafts(
        state,
        [
            e.ExecutionCancelled(execution=run.queued.execution, reason=f"cancelled by {by}")
            for run in state.in_flight()
        ],
    )


def decide_reopen(state: Thread, by: str) -> Decision:
    """Make a thread that has ended active again; one that is active is refused (a-core 145).

    Nothing starts by it: what was left queued in the thread is cancelled, as when a dispatch reopens it.
    """
    if not state.exists:
        return no_such_thread(state.thread)
    publishing = refuse_while_publishing(state)
    if publishing is not None:
        return publishing
    if state.status not in TERMINAL:
        sentence = say(
            f"thread {state.thread} is {state.status}, and only one that has ended can be reopened. To go on in it: ",
            advise("dispatch", to=AGENT, body=TEXT, thread_id=state.thread),
        )
        return Refusal(code="not_ended", message=sentence)
    cancelled = [
        e.ExecutionCancelled(execution=run.queued.execution, reason="the thread was reopened")
        for run in state.in_flight()
    ]
    return _drafts(state, [*cancelled, e.ThreadReopened(previous=state.status, by=by)])


def decide_follow(state: Thread, source: e.ThreadStatus, moment: Moment) -> Decision:
    """End a thread that a fan-out opened to read somebody's work, once the thread of that work has ended.

    Only one at rest to which nobody but agents has spoken, and which has no work of its own: else it is for a person
    to end. One that was ended so and taken up again is not ended a second time.
    """
    has_own_work = any(not tree.reading for tree in state.worktrees.values())
    is_agents_only = all(message.posted.execution is not None for message in state.messages.values())
    if state.status != "Active" or state.reading is None or has_own_work or not is_agents_only:
        return ()
    if state.in_flight() or state.occupied_by() is not None or state.fan_outs:
        return ()
    ended: e.ThreadClosed | e.ThreadAbandoned
    match source:
        case "Completed":
            ended, intent = e.ThreadClosed(status="Completed", by=COMPAS), "completion"
        case "Abandoned":
            ended, intent = e.ThreadAbandoned(by=COMPAS), "abandoned"
        case _:
            return ()
    body = f"The thread {state.source_thread}, whose work was looked at here, has ended ({source})."
    note = operator_note(message=moment.new_id(), sender=COMPAS, intent=intent, body=body)
    return _drafts(state, [ended, note])


def _drafts(state: Thread, found: list[e.Event]) -> Decision:
    """Give every event the lineage it belongs to; notes of people belong to the newest one."""
    newest = next(reversed(state.messages.values()), None)
    lineage = newest.lineage if newest is not None else ""
    stream = e.thread_stream(state.thread)
    drafts = []
    for event in found:
        own = state.runs[event.execution].lineage if isinstance(event, e.ExecutionCancelled) else lineage
        drafts.append(Draft(stream=stream, event=event, lineage=own))
    return tuple(drafts)
