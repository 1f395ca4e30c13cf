"""The life of an execution inside its thread: begun at most once, ended exactly once."""

from typing import Literal

import msgspec

from compas.domain import events as e
from compas.domain.approval.judged import judged_by
from compas.domain.decision import Decision, Draft, Moment, Refusal
from compas.domain.dispatch import Rules, operator_note
from compas.domain.handoff import Reply, ask_operator, route
from compas.domain.handover import NOTE
from compas.domain.retry import decide_retry, spread
from compas.domain.thread import IN_FLIGHT, RUNNING, Run, Thread

PREVIEW_LIMIT = 4096
"""Bytes of a reply or an error that the execution's own record keeps; the message keeps it whole."""
TRUNCATED = "\n… [truncated]"
NOTHING_SAID = "(the agent ended without saying anything)"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What an execution came to, as its backend and its runner tell it. `reply` is None when it said nothing.

    `unrecorded` says why git could not record what it left in its worktree.
    """

    status: e.EndStatus
    category: e.Category = ""
    reply: str | None = None
    error: str = ""
    session: str | None = None
    usage: e.Usage = e.Usage()
    counted: e.Usage = e.Usage()
    resets_at: float | None = None
    process: e.ProcessEnd | None = None
    snapshot: e.SnapshotTaken | None = None
    unrecorded: str = ""
    verdict: e.Verdict = ""


def preview(text: str) -> str:
    """Cut a text for display, on a character boundary (a-core 40, 42)."""
    encoded = text.encode(errors="replace")
    if len(encoded) <= PREVIEW_LIMIT:
        return text
    return encoded[:PREVIEW_LIMIT].decode(errors="ignore") + TRUNCATED


def next_run(state: Thread, now: float) -> Run | None:
    """Return the queued execution that may start now: the oldest that is due, when none holds the worktree.

    A thread that is not Active starts nothing (a-core 22, 23), and none does while a worktree of it is being removed.
    """
    if state.status != "Active" or state.occupied_by() is not None or state.removing:
        return None
    due = (run for run in state.runs.values() if run.status == "queued" and (run.queued.not_before or 0.0) <= now)
    return min(due, key=lambda run: run.position, default=None)


def next_due(state: Thread, now: float) -> float | None:
    """Return when the earliest delayed execution becomes due, in UTC seconds, or None."""
    later = (run.queued.not_before for run in state.runs.values() if run.status == "queued")
    return min((due for due in later if due is not None and due > now), default=None)


def decide_plan_worktree(state: Thread, execution: str, *, repository: str, branch: str, base: str) -> Decision:
    """Log the intent to make a worktree; nothing when the thread has one in that repository already."""
    refused = not_startable(state, execution)
    if refused is not None:
        return refused
    if repository in state.worktrees:
        return ()
    planned = e.WorktreePlanned(execution=execution, repository=repository, branch=branch, base=base)
    return (_draft(state, state.runs[execution], planned),)


def decide_worktree_ready(state: Thread, execution: str, ready: e.WorktreeReady) -> Decision:
    """Log that a worktree is there, also when its execution was cancelled meanwhile; nothing when that is known."""
    run = state.runs.get(execution)
    if run is None:
        return _unknown(state, execution)
    if state.worktrees.get(ready.repository) == ready:
        return ()
    return (_draft(state, run, ready),)


def decide_request(state: Thread, requested: e.ExecutionRequested) -> Decision:
    """Log the intent to start an execution; nothing when it is logged already, and nobody has started since.

    One that was cancelled meanwhile never starts (a-core 24).
    """
    refused = not_startable(state, requested.execution)
    if refused is not None:
        return refused
    run = state.runs[requested.execution]
    return () if run.status == "picked_up" else (_draft(state, run, requested),)


def not_startable(state: Thread, execution: str) -> Refusal | None:
    """Return why an execution may not go on towards its start, None when it may.

    After a crash it asks again, requested already.
    """
    run = state.runs.get(execution)
    if run is None:
        return _unknown(state, execution)
    if run.status == "picked_up":
        return None
    if run.status == "queued" and state.status == "Active" and state.occupied_by() is None:
        return None
    found = f"execution {execution} is {run.status}, thread {state.thread} is {state.status}"
    return Refusal(code="not_startable", message=f"{found}: it is not started")


def _unknown(state: Thread, execution: str) -> Refusal:
    return Refusal(code="unknown_execution", message=f"thread {state.thread} has no execution {execution}")


def decide_started(state: Thread, started: e.ExecutionStarted) -> Decision:
    """Log that the agent runs; nothing when that is known or no longer matters."""
    run = state.runs.get(started.execution)
    if run is None or run.status != "picked_up":
        return ()
    return (_draft(state, run, started),)


def decide_verdict(state: Thread, execution: str, verdict: e.Verdict) -> Decision:
    """Note what a reviewer says while it is at work; saying it again changes nothing."""
    run = state.runs.get(execution)
    if run is None:
        return _unknown(state, execution)
    if run.status not in RUNNING:
        sentence = f"the execution {execution} is not at work ({run.status}), so its verdict does not count any more"
        return Refusal(code="execution_over", message=sentence)
    if run.verdict == verdict:
        return ()
    return (_draft(state, run, e.VerdictGiven(execution=execution, verdict=verdict)),)


def decide_stopped(state: Thread, stopped: e.ExecutionStopped) -> Decision:
    """Log that a cancelled execution's processes are gone; nothing when that is known."""
    run = state.runs.get(stopped.execution)
    if run is None or not run.stopping:
        return ()
    return (_draft(state, run, stopped),)


def decide_end(state: Thread, execution: str, outcome: Outcome, rules: Rules, moment: Moment) -> Decision:
    """Log the end of an execution together with all that follows from it, as one append.

    What follows is its reply and the handoff, or a retry, or the error and the failure of the thread, which cancels
    what else waits in it. An execution that has ended already ends no second time; one that was cancelled says
    nothing more (a-core 51, 147).
    """
    run = state.runs.get(execution)
    if run is None:
        return _unknown(state, execution)
    if run.stopping:
        stopped = e.ExecutionStopped(
            execution=execution, process=outcome.process, snapshot=outcome.snapshot, unrecorded=outcome.unrecorded
        )
        return decide_stopped(state, stopped)
    if run.status not in IN_FLIGHT:
        return ()
    if outcome.status == "completed":
        if run.verdict:
            outcome = msgspec.structs.replace(outcome, verdict=run.verdict)
        return _succeeded(state, run, outcome, rules, moment)
    return _failed(state, run, outcome, rules, moment)


def _ended(state: Thread, run: Run, outcome: Outcome) -> e.ExecutionEnded:
    shown = outcome.reply if outcome.reply is not None else outcome.error
    return e.ExecutionEnded(
        execution=run.queued.execution,
        status=outcome.status,
        category=outcome.category,
        error=preview(outcome.error),
        preview=preview(shown),
        session=outcome.session or None,
        usage=outcome.usage,
        counted=outcome.counted,
        resets_at=outcome.resets_at,
        process=outcome.process,
        snapshot=outcome.snapshot,
        verdict=outcome.verdict,
        judged=judged_by(state, run, outcome.snapshot) if outcome.verdict else None,
        unrecorded=outcome.unrecorded,
    )


def _succeeded(state: Thread, run: Run, outcome: Outcome, rules: Rules, moment: Moment) -> Decision:
    body = outcome.reply if outcome.reply is not None and outcome.reply.strip() else NOTHING_SAID
    told = f"{body}\n\n{NOTE}" if run.queued.reason == "handover" else body
    depth = state.messages[run.queued.message].posted.depth
    note = operator_note(
        message=moment.new_id(),
        sender=run.queued.agent,
        intent="response",
        body=told,
        execution=run.queued.execution,
        depth=depth,
    )
    drafts = (_draft(state, run, _ended(state, run, outcome)), _draft(state, run, note))
    if state.status != "Active":
        return drafts
    if outcome.unrecorded and state.reading is None:
        return (*drafts, ask_operator(state, run, _not_handed_on(run, outcome.unrecorded), depth, moment))
    reply = Reply(body=body, verdict=outcome.verdict, snapshot=outcome.snapshot)
    return drafts + route(state, run, reply, rules, moment)


def _not_handed_on(run: Run, problem: str) -> str:
    return (
        f"What {run.queued.agent} left in its worktree could not be recorded, so its reply was not handed on and "
        f"nothing of it is merged: {problem}\n\nIts work is still in the worktree. Mend what git names, then dispatch "
        "again."
    )


def _failed(state: Thread, run: Run, outcome: Outcome, rules: Rules, moment: Moment) -> Decision:
    ended = _draft(state, run, _ended(state, run, outcome))
    again = _next_attempt(state, run, outcome, rules, moment)
    if again is not None:
        return (ended, _draft(state, run, again))
    note = operator_note(
        message=moment.new_id(),
        sender=run.queued.agent,
        intent="error",
        body=outcome.error or outcome.reply or f"the execution ended as {outcome.status} and said nothing",
        execution=run.queued.execution,
        depth=state.messages[run.queued.message].posted.depth,
    )
    return (ended, _draft(state, run, note), *_fail_thread(state, run))


def _next_attempt(state: Thread, run: Run, outcome: Outcome, rules: Rules, moment: Moment) -> e.ExecutionQueued | None:
    """Queue the next attempt at the same message, with the backend and the prompt that its agent has now."""
    agent = rules.agents.get(run.queued.agent)
    if agent is None or state.status != "Active":
        return None
    ends = [
        other.ended
        for other in state.runs.values()
        if other.ended is not None and other.queued.message == run.queued.message
    ]
    earlier = [ended.status for ended in ends if ended.category != "session_full"]
    was_resumed = run.requested is not None and run.requested.resume_session is not None
    again = decide_retry(
        agent,
        status=outcome.status,
        category=outcome.category,
        failures=earlier.count("failed"),
        crashes=earlier.count("crashed"),
        may_hand_over=was_resumed and len(earlier) == len(ends),
    )
    if again is None:
        return None
    is_still_fresh = run.queued.fresh_session and not outcome.session
    is_handover = again.handover or (is_still_fresh and run.queued.reason == "handover")
    usual: Literal["crash", "retry"] = "crash" if outcome.status == "crashed" else "retry"
    return e.ExecutionQueued(
        execution=moment.new_id(),
        message=run.queued.message,
        agent=agent.alias,
        backend=agent.backend,
        attempt=run.queued.attempt + 1,
        not_before=moment.now + spread(again.delay_secs, moment.chance) if again.delay_secs else None,
        reason="handover" if is_handover else usual,
        fresh_session=again.fresh_session or is_still_fresh,
        prompt_hash=rules.prompt_hashes.get(agent.alias),
    )


def _fail_thread(state: Thread, run: Run) -> tuple[Draft, ...]:
    """End the thread with this execution, and cancel what waits in it: nothing of it would ever start."""
    if state.status != "Active":
        return ()
    failed = run.queued.execution
    reason = f"the thread failed with execution {failed}; dispatch again to take it up"
    waiting = (other for other in state.in_flight() if other is not run)
    cancelled = tuple(
        _draft(state, other, e.ExecutionCancelled(execution=other.queued.execution, reason=reason)) for other in waiting
    )
    return (*cancelled, _draft(state, run, e.ThreadFailed(execution=failed)))


def _draft(state: Thread, run: Run, event: e.Event) -> Draft:
    return Draft(stream=e.thread_stream(state.thread), event=event, lineage=run.lineage)


def could_not_start(reason: str) -> Outcome:
    """Describe an execution whose agent never ran."""
    return Outcome(status="failed", category="unknown", error=reason)
