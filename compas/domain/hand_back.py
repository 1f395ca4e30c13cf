"""Giving a merge that conflicts back to the agent whose work it is."""

import msgspec

from compas.domain import events as e
from compas.domain.decision import Decision, Draft, Moment, Refusal
from compas.domain.dispatch import Rules, operator_note
from compas.domain.specs import HandoffSpec
from compas.domain.thread import TERMINAL, Run, Thread

INTENT = "changes-requested"


class HandBack(msgspec.Struct, frozen=True, kw_only=True):
    """A merge operation of this thread conflicts; `body` tells the agent what to do about it."""

    op: str
    repository: str
    body: str
    by: str


def decide_hand_back(state: Thread, command: HandBack, rules: Rules, moment: Moment) -> Decision:
    """Post the conflict to the agent that last worked in the worktree, as one more link of its chain.

    The chain's limit bounds it: at the limit the operator is told instead (a-core 128). A thread that was closed is
    active again by it; one that was abandoned, or whose agent is gone or would not start, refuses it.
    """
    if state.status == "Abandoned":
        return Refusal(code="thread_abandoned", message=f"thread {state.thread} was abandoned")
    run = author_of(state, command.repository, rules)
    if run is None:
        sentence = f"no agent of thread {state.thread} has worked in its worktree of {command.repository}"
        return Refusal(code="no_author", message=sentence)
    agent = rules.agents.get(run.queued.agent)
    idle = rules.why_idle(recipient=run.queued.agent, intent=INTENT)
    if agent is None or idle is not None:
        return Refusal(code="would_not_start", message=idle or f"there is no agent {run.queued.agent!r}")
    depth = max(one.posted.depth for one in state.messages.values() if one.lineage == run.lineage)
    limit = (agent.handoff or HandoffSpec()).max_chain_depth
    if depth >= limit:
        return _tell_operator(state, run, command, limit, depth, moment)
    message = moment.new_id()
    found: list[e.Event] = []
    if state.status in TERMINAL:
        found.append(e.ThreadReopened(previous=state.status, by=command.by))
    found += [
        e.MessagePosted(
            message=message,
            sender=command.by,
            recipient=agent.alias,
            intent=INTENT,
            body=command.body,
            depth=depth + 1,
        ),
        e.ExecutionQueued(
            execution=moment.new_id(),
            message=message,
            agent=agent.alias,
            backend=agent.backend,
            prompt_hash=rules.prompt_hashes.get(agent.alias),
        ),
    ]
    return tuple(Draft(stream=e.thread_stream(state.thread), event=event, lineage=run.lineage) for event in found)


def author_of(state: Thread, repository: str, rules: Rules) -> Run | None:
    """Return the newest execution in the thread's worktree of this repository, before all of an agent that has
    worktrees of its own: a reviewer who looked at the work there did not write it."""
    tree = state.worktrees.get(repository)
    if tree is None:
        return None
    there = [
        run
        for run in state.runs.values()
        if run.requested is not None and run.requested.workdir == tree.path and run.ended is not None
    ]
    return max(there, key=lambda run: (_has_worktrees(run, rules), run.position), default=None)


def _has_worktrees(run: Run, rules: Rules) -> bool:
    agent = rules.agents.get(run.queued.agent)
    return agent is not None and agent.workspace == "worktree"


def _tell_operator(
    state: Thread, run: Run, command: HandBack, limit: int, depth: int, moment: Moment
) -> tuple[Draft, ...]:
    body = (
        f"Merge {command.op} conflicts, and was not handed back to {run.queued.agent}: the chain has reached its limit "
        f"of {limit} handoffs. Resolve it yourself, or dispatch again, which starts a new chain.\n\n{command.body}"
    )
    note = operator_note(message=moment.new_id(), sender=command.by, intent="review-request", body=body, depth=depth)
    return (Draft(stream=e.thread_stream(state.thread), event=note, lineage=run.lineage),)
