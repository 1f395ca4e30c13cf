"""The life of an execution inside its thread: begun at most once, ended exactly once."""

import msgspec

from compas.domain import events as e
from compas.domain.decision import Decision, Draft, Moment, Refusal
from compas.domain.dispatch import Rules, operator_note
from compas.domain.handoff import Reply, route
from compas.domain.retry import decide_retry
from compas.domain.thread import IN_FLIGHT, Run, Thread

PREVIEW_LIMIT = 4096
"""Characters of a reply or an error that the execution's own record keeps; the message keeps it whole."""
TRUNCATED = "\n… [truncated]"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What an execution came to, as its backend and its runner tell it. `reply` is None when it said nothing."""

    status: e.EndStatus
    category: e.Category = ""
    reply: str | None = None
    error: str = ""
    session: str | None = None
    usage: e.Usage = e.Usage()
    process: e.ProcessEnd | None = None
    snapshot: e.SnapshotTaken | None = None
    verdict: e.Verdict = ""


def preview(text: str) -> str:
    """Cut a text for display, on a character boundary (a-core 40, 42)."""
    return text if len(text) <= PREVIEW_LIMIT else text[:PREVIEW_LIMIT] + TRUNCATED


def next_run(state: Thread, now: float) -> Run | None:
    """Return the queued execution that may start now: the oldest that is due, when none holds the worktree.

    A thread that is not Active starts nothing (a-core 22, 23).
    """
    if state.status != "Active" or state.occupied_by() is not None:
        return None
    due = (run for run in state.runs.values() if run.status == "queued" and (run.queued.not_before or 0.0) <= now)
    return min(due, key=lambda run: run.position, default=None)


def next_due(state: Thread, now: float) -> float | None:
    """Return when the earliest delayed execution becomes due, in UTC seconds, or None."""
    later = (run.queued.not_before for run in state.runs.values() if run.status == "queued")
    return min((due for due in later if due is not None and due > now), default=None)


def decide_plan_worktree(state: Thread, execution: str, *, repository: str, branch: str, base: str) -> Decision:
    """Log the intent to make a worktree; nothing when the thread has one in that repository already."""
    refused = _not_startable(state, execution)
    if refused is not None:
        return refused
    if repository in state.worktrees:
        return ()
    planned = e.WorktreePlanned(execution=execution, repository=repository, branch=branch, base=base)
    return (_draft(state, state.runs[execution], planned),)


def decide_worktree_ready(state: Thread, execution: str, ready: e.WorktreeReady) -> Decision:
    """Log that a worktree is there; nothing when that is known."""
    if state.worktrees.get(ready.repository) == ready:
        return ()
    return (_draft(state, state.runs[execution], ready),)


def decide_request(state: Thread, requested: e.ExecutionRequested) -> Decision:
    """Log the intent to start an execution. One that was cancelled meanwhile never starts (a-core 24)."""
    refused = _not_startable(state, requested.execution)
    if refused is not None:
        return refused
    return (_draft(state, state.runs[requested.execution], requested),)


def _not_startable(state: Thread, execution: str) -> Refusal | None:
    run = state.runs.get(execution)
    if run is None:
        return Refusal(code="unknown_execution", message=f"thread {state.thread} has no execution {execution}")
    if run.status == "queued" and state.status == "Active" and state.occupied_by() is None:
        return None
    found = f"execution {execution} is {run.status}, thread {state.thread} is {state.status}"
    return Refusal(code="not_startable", message=f"{found}: it is not started")


def decide_started(state: Thread, started: e.ExecutionStarted) -> Decision:
    """Log that the agent runs; nothing when that is known or no longer matters."""
    run = state.runs.get(started.execution)
    if run is None or run.status != "picked_up":
        return ()
    return (_draft(state, run, started),)


def decide_stopped(state: Thread, stopped: e.ExecutionStopped) -> Decision:
    """Log that a cancelled execution's processes are gone; nothing when that is known."""
    run = state.runs.get(stopped.execution)
    if run is None or not run.stopping:
        return ()
    return (_draft(state, run, stopped),)


def decide_end(state: Thread, execution: str, outcome: Outcome, rules: Rules, moment: Moment) -> Decision:
    """Log the end of an execution together with all that follows from it, as one append.

    What follows is its reply and the handoff, or a retry, or the error and the failure of the thread. An execution
    that has ended already ends no second time; one that was cancelled says nothing more (a-core 51, 147).
    """
    run = state.runs.get(execution)
    if run is None:
        return Refusal(code="unknown_execution", message=f"thread {state.thread} has no execution {execution}")
    if run.stopping:
        stopped = e.ExecutionStopped(execution=execution, process=outcome.process, snapshot=outcome.snapshot)
        return decide_stopped(state, stopped)
    if run.status not in IN_FLIGHT:
        return ()
    if outcome.status == "completed":
        return _succeeded(state, run, outcome, rules, moment)
    return _failed(state, run, outcome, rules, moment)


def _ended(run: Run, outcome: Outcome) -> e.ExecutionEnded:
    shown = outcome.reply if outcome.reply is not None else outcome.error
    return e.ExecutionEnded(
        execution=run.queued.execution,
        status=outcome.status,
        category=outcome.category,
        error=preview(outcome.error),
        preview=preview(shown),
        session=outcome.session,
        usage=outcome.usage,
        process=outcome.process,
        snapshot=outcome.snapshot,
        verdict=outcome.verdict,
    )


def _succeeded(state: Thread, run: Run, outcome: Outcome, rules: Rules, moment: Moment) -> Decision:
    body = outcome.reply if outcome.reply is not None else "(the agent ended without saying anything)"
    depth = state.messages[run.queued.message].posted.depth
    note = operator_note(
        message=moment.new_id(),
        sender=run.queued.agent,
        intent="response",
        body=body,
        execution=run.queued.execution,
        depth=depth,
    )
    drafts = (_draft(state, run, _ended(run, outcome)), _draft(state, run, note))
    if state.status != "Active":
        return drafts
    reply = Reply(body=body, verdict=outcome.verdict, snapshot=outcome.snapshot)
    return drafts + route(state, run, reply, rules, moment)


def _failed(state: Thread, run: Run, outcome: Outcome, rules: Rules, moment: Moment) -> Decision:
    ended = _draft(state, run, _ended(run, outcome))
    agent = rules.agents.get(run.queued.agent)
    again = None
    if agent is not None and state.status == "Active":
        attempt = run.queued.attempt
        again = decide_retry(agent, status=outcome.status, category=outcome.category, attempt=attempt)
    if again is not None:
        queued = msgspec.structs.replace(
            run.queued,
            execution=moment.new_id(),
            attempt=run.queued.attempt + 1,
            not_before=moment.now + again.delay_secs if again.delay_secs else None,
            reason="crash" if outcome.status == "crashed" else "retry",
            fresh_session=again.fresh_session,
        )
        return (ended, _draft(state, run, queued))
    note = operator_note(
        message=moment.new_id(),
        sender=run.queued.agent,
        intent="error",
        body=outcome.error or outcome.reply or f"the execution ended as {outcome.status} and said nothing",
        execution=run.queued.execution,
        depth=state.messages[run.queued.message].posted.depth,
    )
    failure = (_draft(state, run, e.ThreadFailed(execution=run.queued.execution)),)
    return (ended, _draft(state, run, note), *(failure if state.status == "Active" else ()))


def _draft(state: Thread, run: Run, event: e.Event) -> Draft:
    return Draft(stream=e.thread_stream(state.thread), event=event, lineage=run.lineage)
