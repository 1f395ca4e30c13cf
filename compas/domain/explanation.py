"""Telling a person why: each event of a thread in words, with what led to it."""

from collections.abc import Mapping

import msgspec

from compas.domain import events as e
from compas.domain.advice import AGENT, TEXT, Said, advise, say
from compas.domain.at_rest import NOTHING_KNOWN, Outlook, next_at_rest
from compas.domain.breaker import Breaker
from compas.domain.execution import next_run
from compas.domain.in_short import in_short
from compas.domain.schedule_run import in_words
from compas.domain.thread import Thread


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One event in words. `depth` is the number of handoffs before it."""

    position: int
    at: float
    depth: int
    what: str
    because: str = ""


def explain(recorded: tuple[e.Recorded, ...]) -> tuple[Told, ...]:
    """Put the events of a thread, and of its merges, into words, oldest first."""
    agents: dict[str, str] = {}
    depths: dict[str, int] = {}
    story: list[Told] = []
    for one in recorded:
        event = one.event
        if isinstance(event, e.ExecutionQueued):
            agents[event.execution] = event.agent
        if isinstance(event, e.MessagePosted):
            depths[one.lineage] = event.depth
        story.append(
            Told(
                position=one.position,
                at=one.at,
                depth=depths.get(one.lineage, 0),
                what=_describe(event, agents, one.position),
                because=_cause(one, agents),
            )
        )
    return tuple(story)


def _cause(one: e.Recorded, agents: dict[str, str]) -> str:
    kind, _, name = one.causation.partition(":")
    match kind:
        case "request":
            return "asked for by a client"
        case "execution" if getattr(one.event, "execution", None) == name:
            return ""  # its own step: nothing else led to it
        case "execution":
            return f"{agents.get(name, 'an agent')}'s execution {name}"
        case "merge":
            return f"merge operation {name}"
        case "thread":
            return f"the end of thread {name}"
        case "schedule":
            return f"schedule {name}"
        case _:
            return one.causation


def _describe(event: e.Event, agents: dict[str, str], position: int) -> str:
    match event:
        case e.ThreadOpened(thread=thread, occasion=occasion):
            return f"thread {thread} was opened" + ("" if occasion is None else f": {in_words(occasion)}")
        case e.ThreadDescribed():
            return "its summary or its batch was set"
        case e.MessagePosted():
            hop = f", handoff {event.depth}" if event.intent == "handoff" else ""
            return f"{event.sender} wrote db:{position} ({event.intent}{hop}) to {event.recipient}"
        case e.FannedOut(agents=names, threads=threads, join=join):
            listed = ", ".join(f"{name} ({thread})" for name, thread in zip(names, threads, strict=True))
            after = f"; {join} gets their answers" if join else ""
            return f"the reply went to {listed}{after}"
        case e.Joined():
            return "all answers to that reply were there"
        case e.WorktreePlanned(branch="", base=base):
            return f"a worktree was to be made to read {base[:12]} in"
        case e.WorktreePlanned(branch=branch, base=base):
            return f"a worktree on {branch} was to be made from {base}"
        case e.WorktreeReady(path=path):
            return f"the worktree {path} was ready"
        case e.WorktreeFurnished() | e.SetupStarted() | e.SetupEnded() | e.CommitBegun():
            return _describe_furnishing(event)
        case e.WorkCommitted(commit=commit, files=files):
            return f"{files} files were committed as {commit[:12]}"
        case e.WorktreeRemovalPlanned() | e.WorktreeRemoved() | e.WorktreeKept():
            return _describe_removal(event)
        case e.ThreadClosed(status=status, by=by):
            return f"{by} closed the thread as {status}"
        case e.ThreadFailed():
            return "the thread failed with that execution"
        case e.ThreadAbandoned(by=by):
            return f"{by} abandoned the thread"
        case e.ThreadReopened(previous=previous, by=by):
            return f"{by} reopened the thread, which had been {previous}"
        case e.TargetHeld(found=found) as held:
            of = f", {held.count} of them of a thread" if held.count else ""
            return f"the target was found at {found[:12]}, not moved there by compas{of}: merges into it were held"
        case e.TargetSeen(commit=commit, how="accepted", by=by):
            return f"{by} accepted the target as it was, at {commit[:12]}"
        case e.TargetSeen(commit=commit, how="back"):
            return f"the target was back at {commit[:12]}"
        case e.TargetSeen(commit=commit):
            return f"the target was at {commit[:12]}"
        case e.PublicationBegun(op=op, target=target):
            return f"its work was to be published to {target} ({op}), so nothing could end it"
        case e.PublicationOver(op=op):
            return f"the publication of {op} was over"
        case e.ConfigLoaded(changed=changed, notes=notes):
            return "; ".join([f"the config file was changed: {', '.join(changed)}", *notes])
        case _:
            return _describe_execution(event, agents) or _describe_merge(event)


def _describe_furnishing(event: e.WorktreeFurnished | e.SetupStarted | e.SetupEnded | e.CommitBegun) -> str:
    match event:
        case e.WorktreeFurnished(copied=0, linked=0, notes=()):
            return "the worktree needed no other files"
        case e.WorktreeFurnished(copied=copied, linked=linked, notes=notes):
            return "; ".join([f"{copied} files were copied into the worktree, and {linked} linked", *notes])
        case e.CommitBegun(limit_secs=limit):
            return (
                "the agent had ended, and git was to commit what it left, with hooks and signing, within "
                f"{limit} s (git_timeout_secs)"
            )
        case e.SetupStarted(command=command):
            return f"the setup command was to run in the worktree: {in_short(command)}"
        case e.SetupEnded(problem=""):
            return "the setup command succeeded"
        case e.SetupEnded(problem=problem):
            return f"the setup command failed: {in_short(problem)}"


def _describe_removal(event: e.WorktreeRemovalPlanned | e.WorktreeRemoved | e.WorktreeKept) -> str:
    match event:
        case e.WorktreeRemovalPlanned(path=path, by=by):
            forced = ", whatever is in it" if event.force else ""
            return f"{by} wanted the worktree {path} removed{forced}"
        case e.WorktreeRemoved(path=path, branch=branch, fate=fate):
            kept = f" as {event.archive}" if event.archive else ""
            ignored = [f"ignored files went with it: {', '.join(event.ignored)}"] if event.ignored else []
            return "; ".join(
                [f"the worktree {path} was removed, its branch {branch} {fate}{kept}", *ignored, *event.notes]
            )
        case e.WorktreeKept(path=path, reason=reason):
            return f"the worktree {path} was kept: {reason}"


def _describe_execution(event: e.Event, agents: dict[str, str]) -> str:
    agent = agents.get(getattr(event, "execution", ""), "an agent")
    match event:
        case e.ExecutionQueued(execution=execution):
            return f"work for {agent} was queued ({execution}{_why_queued(event)})"
        case e.ExecutionRequested(starts_in=directory):
            return f"{agent} was to be started in {directory}"
        case e.ExecutionStarted(pid=pid):
            return f"{agent} ran (pid {pid})"
        case e.ExecutionEnded():
            about = f" of {event.judged[:12]}" if event.judged else ""
            verdict = f", verdict: {event.verdict.replace('_', ' ')}{about}" if event.verdict else ""
            error = f": {in_short(event.error)}" if event.error.strip() else ""
            return f"{agent} ended: {event.status}{verdict}{error}"
        case e.ExecutionCancelled(reason=reason):
            return f"{agent}'s execution was cancelled: {reason}"
        case e.VerdictGiven(verdict=verdict):
            return f"{agent} gave its verdict: {verdict.replace('_', ' ')}"
        case e.PersonJudged(verdict=verdict, by=by, commit=commit, note=note):
            said = "approved" if verdict == "approve" else "asked for changes to"
            return f"{by} {said} {commit[:12]}" + (f": {in_short(note)}" if note.strip() else "")
        case e.ExecutionStopped():
            return f"{agent}'s processes were gone"
        case _:
            return ""


def _why_queued(queued: e.ExecutionQueued) -> str:
    match queued.reason:
        case "scheduled":
            return ", for a later time"
        case "retry":
            return f", attempt {queued.attempt + 1} after a failure"
        case "crash":
            return f", attempt {queued.attempt + 1} after a crash"
        case "handover":
            return ", again in a new conversation with a hand-over, because the one before had become too long"
        case "":
            return ""


def _describe_merge(event: e.Event) -> str:
    match event:
        case e.MergeQueued(source=source, target=target, requested_by=by):
            stood = f"; it was {event.review.replace('_', ' ')}" if event.review else ""
            forced = ", and the operator said to merge it all the same" if event.force else ""
            return f"{by} asked to merge {source} into {target} ({event.op}{stood}{forced})"
        case e.MergeStarted():
            return "the merge began"
        case e.MergePrepared(target_old=old, new_commit=new):
            return f"the merge was computed: the target was to move from {old[:12]} to {new[:12]}"
        case e.MergeCompleted(summary=summary):
            return f"the merge was completed: {summary}"
        case e.MergeFailed(reason=reason):
            return f"the merge failed: {in_short(reason) or 'no reason was given'}"
        case e.BreakerOpened(backend=backend, failures=failures):
            return f"the circuit breaker of {backend} opened after {failures} failures"
        case e.BreakerClosed(backend=backend, why=why):
            return f"the circuit breaker of {backend} closed: {why}"
        case e.MergeHandedBack(summary=summary):
            return f"the conflict was {summary}"
        case e.MergeCancelled(reason=reason):
            return f"the merge was cancelled: {reason}"
        case _:
            return type(event).__name__


Standing = tuple[str, Said]
"""Where a thread stands, and what may be done next."""


def standing(
    state: Thread, *, now: float, breakers: Mapping[str, Breaker] | None = None, outlook: Outlook = NOTHING_KNOWN
) -> Standing:
    """Say where a thread stands, and what the operator may do next. `breakers` are those of the backends, by name."""
    thread = state.thread
    occupied = state.occupied_by()
    if occupied is not None:
        name = occupied.queued.execution
        doing = "is being ended" if occupied.stopping else f"is at work ({occupied.status})"
        return f"{occupied.queued.agent} {doing}: {name}", say(advise("log", execution_id=name, follow=True))
    waiting = state.in_flight()
    if waiting:
        queued = (next_run(state, now) or waiting[0]).queued
        return _standing_in_line(state, queued, now, (breakers or {}).get(queued.backend))
    last = next(reversed(state.runs.values()), None)
    if state.status == "Active" and state.fan_outs:
        listed = ", ".join(one for fan_out in state.fan_outs.values() for one in fan_out.fanned_out.threads)
        wait = advise("wait", thread_id=thread, await_chain=True)
        return f"it waits for the answers of the threads {listed}", say(wait)
    if state.status == "Active" and last is not None and last.ended is not None:
        verdict = " and approved" if last.ended.verdict == "approve" else ""
        said = f"{last.queued.agent} has answered{verdict}; nothing is running, so it is the operator's turn"
        return said, next_at_rest(state, outlook)
    task = advise("dispatch", to=AGENT, body=TEXT, thread_id=thread)
    if state.status == "Active":
        return "nothing has been started in it", say(task)
    if state.status == "Failed" and last is not None and last.ended is not None and last.ended.error:
        log = advise("log", execution_id=last.queued.execution)
        return f"it failed: {in_short(last.ended.error)}", say(log, ", then dispatch again or abandon it")
    return f"it has ended ({state.status})", say(task, " takes it up again")


def why_open(breaker: Breaker, now: float) -> str:
    """Say why a breaker is open, and until when; nothing when it is closed."""
    opened = breaker.opened
    if opened is None:
        return ""
    why = f"{opened.failures} executions failed in a row ({opened.category})"
    left = max(0.0, opened.until - now)
    return f"the circuit breaker of {breaker.backend} is open, since {why}; it is tried again in {left:.0f} s"


def _standing_in_line(state: Thread, queued: e.ExecutionQueued, now: float, breaker: Breaker | None) -> Standing:
    if queued.not_before is not None and queued.not_before > now:
        due = queued.not_before - now
        return (
            f"{queued.agent} will be started in {due:.0f} s ({queued.reason}, attempt {queued.attempt + 1})",
            say(advise("wait", thread_id=state.thread, await_chain=True)),
        )
    if breaker is not None and breaker.opened is not None:
        health = advise("health", agent=queued.agent, ping=True)
        return f"{queued.agent} waits: {why_open(breaker, now)}", say(health)
    at_work = say(advise("health"), " shows who is at work")
    return f"{queued.agent} waits for a free place, or is being prepared", at_work
