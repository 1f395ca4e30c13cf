"""What keeps a thread from going on, and what to do about it: the practical side of `explanation`."""

from collections.abc import Mapping

import msgspec

from compas.domain import events as e
from compas.domain.advice import AGENT, TEXT, Said, advise, say
from compas.domain.approval.judgement import Review
from compas.domain.at_rest import Outlook, mergeable, merging, next_at_rest
from compas.domain.breaker import Breaker
from compas.domain.explanation import standing, why_open
from compas.domain.in_short import in_short
from compas.domain.merge import OPEN, MergeStatus
from compas.domain.specs import Requires
from compas.domain.staleness import stale_in_words
from compas.domain.start_time import in_utc
from compas.domain.thread import TERMINAL, Run, Thread


class AgentState(msgspec.Struct, frozen=True, kw_only=True):
    """An agent of the config. `unusable` says why its CLI cannot be started, `remedy` what to do about that; `running`
    counts over all threads."""

    unusable: str = ""
    remedy: str = ""
    running: int = 0
    limit: int = 1


class LastMerge(msgspec.Struct, frozen=True, kw_only=True):
    """The thread's newest merge operation."""

    op: str
    status: MergeStatus
    target: str
    error: str = ""


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What a diagnosis needs beside the thread. `now` is UTC seconds; `breakers` are those of backends, by name."""

    now: float
    agents: Mapping[str, AgentState]
    running: int
    limit: int
    is_ending: bool = False
    merge: LastMerge | None = None
    breakers: Mapping[str, Breaker] = {}
    held: tuple[str, ...] = ()
    """Why nothing is merged into the targets that the thread's work goes to."""
    review: Review | None = None
    requires: Requires = "no_objection"
    login: str = ""
    """How the CLI that ran last is logged in to."""
    stale_secs: float | None = None
    """For how long nothing has moved in the thread, if it is stale."""

    def outlook(self) -> Outlook:
        """Return what of it decides about the thread's work."""
        pending = self.merge.op if self.merge is not None and self.merge.status in OPEN else ""
        return Outlook(review=self.review, requires=self.requires, pending=pending, is_held=bool(self.held))


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """Where a thread stands; what is in its way, which may be nothing; and what can be done, the best first."""

    standing: str
    blockers: tuple[str, ...]
    suggestions: tuple[Said, ...]


Found = tuple[list[str], list[Said]]
"""Blockers and suggestions."""


def diagnose(state: Thread, around: Surroundings) -> Diagnosis:
    """Look at the newest execution, the newest merge, and what both depend on (b-mcp-cli-merge 132)."""
    outlook, merge = around.outlook(), merging(state)
    where, following = standing(state, now=around.now, breakers=around.breakers, outlook=outlook)
    blockers, suggestions = _of_merge(state, around.merge, outlook) if around.merge is not None else ([], [])
    if around.held and state.status not in TERMINAL:
        blockers += around.held
        suggestions += [say("the operator decides about that: ", merge, " says how")] if merge is not None else []
    occupied = state.occupied_by()
    newest = next(reversed(state.runs.values()), None)
    waiting = [run for run in state.in_flight() if run is not occupied]
    if occupied is not None:
        found = _at_work(state, occupied, waiting)
    elif waiting:
        found = _in_line(state, waiting, around)
    elif state.status == "Failed":
        found = _failed(state, newest, around.login)
    elif state.status in TERMINAL:
        found = [], [say("nothing is left to do; ", advise("reopen", thread_id=state.thread), " takes it up again")]
    elif newest is None:
        found = _never_begun(state)
    else:
        found = [], []
    blockers += found[0]
    suggestions += found[1]
    if around.stale_secs is not None:
        blockers.append(stale_in_words(around.stale_secs))
    return Diagnosis(standing=where, blockers=tuple(blockers), suggestions=tuple(suggestions or [following]))


def _of_merge(state: Thread, merge: LastMerge, outlook: Outlook) -> Found:
    if state.status in TERMINAL or merge.status in ("completed", "cancelled"):
        return [], []
    if merge.status == "failed":
        reason = in_short(merge.error) or "no reason was given"
        blocker = f"its last merge into {merge.target} failed ({merge.op}): {reason}"
        again = mergeable(state, outlook)
        following = next_at_rest(state, outlook) if again is None else say("mend what the merge says, then ", again)
        return [blocker], [following]
    return [], [say(advise("wait_merge", op_id=merge.op), f" waits for the merge into {merge.target}")]


def _at_work(state: Thread, run: Run, waiting: list[Run]) -> Found:
    name = run.queued.execution
    if run.stopping:
        blockers = [f"the processes of {run.queued.agent} ({name}) are still being ended; what waits starts then"]
        return (blockers if waiting else []), ["nothing has to be done: it ends by itself"]
    wait = advise("wait", thread_id=state.thread, await_chain=True)
    log = advise("log", execution_id=name, follow=True)
    return [], [say(wait, " waits for the answer"), say(log, " shows what it prints")]


def _in_line(state: Thread, waiting: list[Run], around: Surroundings) -> Found:
    """Say what the next execution waits for: its time, its agent, or a place."""
    due = [run for run in waiting if (run.queued.not_before or 0.0) <= around.now]
    following = min(due, key=lambda run: run.position, default=None)
    queued = (following or min(waiting, key=lambda run: run.queued.not_before or 0.0)).queued
    agent = queued.agent
    found = around.agents.get(agent)
    give_up = say(advise("abandon", thread_id=state.thread), " gives the work up")
    if found is None:
        blocker = f"the config has no agent {agent!r} any more: its work fails when its turn comes"
        return [blocker], ["put the agent back into the config", give_up]
    if following is None:
        why = {"scheduled": "it was scheduled for then", "": "it was delayed"}.get(
            queued.reason, "the attempt before it failed"
        )
        moment = in_utc(queued.not_before or around.now)
        wait = advise("wait", thread_id=state.thread, await_chain=True)
        return [], [f"nothing has to be done: {agent} starts by itself at {moment}, since {why}", say(wait)]
    if found.unusable:
        blocker = f"{agent} cannot be started: {found.unusable}"
        return [blocker], [found.remedy or "mend that; compas doctor tells more", give_up]
    if around.is_ending:
        return ["the supervisor is ending, and starts nothing more"], ["the next supervisor goes on with it"]
    breaker = around.breakers.get(queued.backend)
    if breaker is not None and breaker.opened is not None:
        health = advise("health", agent=agent, ping=True)
        return [why_open(breaker, around.now)], [say(health, " tells whether it answers again"), give_up]
    if found.running >= found.limit:
        running = advise("tasks", filter="running", agent=agent)
        blocker = f"{agent} runs {found.running} of at most {found.limit} executions (max_concurrent)"
        return [blocker], [say(running, " shows who is at work")]
    if around.running >= around.limit:
        blocker = f"{around.running} of at most {around.limit} executions run, over all agents"
        return [blocker], [say(advise("tasks", filter="running"), " shows who is at work")]
    return [], [f"nothing has to be done: {agent} is being prepared or is next in line"]


def _failed(state: Thread, newest: Run | None, login: str) -> Found:
    again = say(advise("dispatch", to=AGENT, body=TEXT, thread_id=state.thread), " tries again")
    ended = newest.ended if newest is not None else None
    if newest is None or ended is None or ended.status == "completed":
        reopen = advise("reopen", thread_id=state.thread)
        return ["it was closed as failed"], [again, say(reopen, " takes it up again")]
    agent, name = newest.queued.agent, newest.queued.execution
    reason = in_short(ended.error) or "it said nothing of why"
    blocker = f"{agent} {_ENDS.get(ended.status, ended.status)} ({name}): {reason}"
    look = say(advise("log", execution_id=name), " shows what it printed")
    give_up = say(advise("abandon", thread_id=state.thread), " gives it up")
    return [blocker], [*_remedies(agent, ended, login), look, again, give_up]


_ENDS = {"failed": "failed", "timed_out": "ran out of time", "crashed": "crashed"}


def _remedies(agent: str, ended: e.ExecutionEnded, login: str) -> list[Said]:
    """Say what helps against this kind of failure; `login` is how its CLI is logged in to."""
    match ended.category:
        case "auth_failure":
            health = advise("health", ping=True)
            return [say(f"{login or f'log in with the CLI of {agent}'}; ", health, " tells whether that worked")]
        case "quota_exhausted" if ended.resets_at is not None:
            return [f"wait until its allowance is there again, at {in_utc(ended.resets_at)}"]
        case "quota_exhausted":
            return ["wait until its allowance is there again, or give the work to an agent of another backend"]
        case "timeout":
            return [f"give {agent} a larger timeout_secs in the config, or a smaller task"]
        case _:
            return []


def _never_begun(state: Thread) -> Found:
    task = say(advise("dispatch", to=AGENT, body=TEXT, thread_id=state.thread), " gives it work")
    last = next(reversed(state.messages.values()), None)
    if last is None:
        return ["nothing has been said in it"], [task]
    said = f"its last message, db:{last.number} ({last.posted.intent}) to {last.posted.recipient}, starts no work"
    return [f"nothing has been started in it: {said}"], [task]
