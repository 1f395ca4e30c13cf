"""Where an agent's reply goes next: to another agent, to the operator, or nowhere."""

import msgspec

from compas.domain import events as e
from compas.domain.decision import Draft, Moment
from compas.domain.dispatch import Rules, operator_note
from compas.domain.fan_out import fan_out
from compas.domain.specs import HandoffSpec
from compas.domain.thread import OPERATOR, Message, Run, Thread


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What an execution said, and the commit that holds what it left in its worktree."""

    body: str
    verdict: e.Verdict = ""
    snapshot: e.SnapshotTaken | None = None


def route(state: Thread, run: Run, reply: Reply, rules: Rules, moment: Moment) -> tuple[Draft, ...]:
    """Decide what follows a successful execution beside its reply.

    Nothing follows when the dispatch asked for none, when the agent has no target but the operator, or when the
    review that the chain was waiting for approved (`until: approved`). At the depth limit, and when the next agent
    would not start, the operator is asked instead (a-core 123-132, b-mcp-cli-merge 47). Depth belongs to the
    lineage, so a new dispatch starts afresh (a-core 126, b-mcp-cli-merge 139).
    """
    task = state.messages[run.queued.message]
    agent = rules.agents.get(run.queued.agent)
    plan = agent.handoff if agent is not None else None
    targets = [target for target in plan.targets if target != OPERATOR] if plan is not None else []
    if plan is None or not targets or task.posted.skip_handoff or _is_approved(state, run, reply, plan, rules):
        return ()
    if task.posted.depth >= plan.max_chain_depth:
        body = _limit_reached(state, run, plan.max_chain_depth)
        return (_ask_operator(state, run, body, task, moment),)
    is_fan_out = len(targets) > 1
    drafts: list[Draft] = []
    for target in list(targets):
        dead_end = _dead_end(target, rules)
        if dead_end is not None:
            targets.remove(target)
            body = f"{run.queued.agent} was to hand its reply to {target!r}, and nothing was started: {dead_end}."
            drafts.append(_ask_operator(state, run, body, task, moment))
    if is_fan_out and targets:
        body = _handoff_body(state, run, reply, plan, is_fan_out=True)
        return (*drafts, *fan_out(targets, state, run, body, _reading(state, run, reply), rules, moment))
    if targets:
        return _hand_to(targets[0], state, run, reply, plan, rules, moment)
    return tuple(drafts)


def _dead_end(target: str, rules: Rules) -> str | None:
    """Say why a handoff would be posted into the void; a person (role operator) reads it, and so ends the chain."""
    agent = rules.agents.get(target)
    if agent is None:
        return "that agent is not in the config any more"
    if agent.role == "worker" and not rules.triggers(recipient=target, intent="handoff"):
        return "trigger_intents in the config does not have 'handoff'"
    return None


def _is_approved(state: Thread, run: Run, reply: Reply, plan: HandoffSpec, rules: Rules) -> bool:
    """True when an approval ends the chain: who handed the work over, or who reviewed it, set `until: approved`.

    Nobody approves its own work: the answer to a dispatch, or to a review that asked for changes, is no review.
    """
    task = state.messages[run.queued.message].posted
    reviewed = state.runs.get(task.execution or "")
    if reply.verdict != "approve" or reviewed is None or reviewed.ended is None:
        return False
    if reviewed.ended.verdict == "request_changes":
        return False
    sender = rules.agents.get(task.sender)
    asked = sender.handoff if sender is not None else None
    return plan.until == "approved" or (asked is not None and asked.until == "approved")


def _hand_to(
    target: str, state: Thread, run: Run, reply: Reply, plan: HandoffSpec, rules: Rules, moment: Moment
) -> tuple[Draft, ...]:
    task = state.messages[run.queued.message]
    message = moment.new_id()
    posted = e.MessagePosted(
        message=message,
        sender=run.queued.agent,
        recipient=target,
        intent="handoff",
        body=_handoff_body(state, run, reply, plan),
        depth=task.posted.depth + 1,
        execution=run.queued.execution,
    )
    drafts = [_draft(state, run, posted)]
    if rules.triggers(recipient=target, intent="handoff"):
        agent = rules.agents[target]
        queued = e.ExecutionQueued(
            execution=moment.new_id(),
            message=message,
            agent=target,
            backend=agent.backend,
            prompt_hash=rules.prompt_hashes.get(target),
        )
        drafts.append(_draft(state, run, queued))
    return tuple(drafts)


def _handoff_body(state: Thread, run: Run, reply: Reply, plan: HandoffSpec, *, is_fan_out: bool = False) -> str:
    """Compose what the next agent is told: the task, the reply, and where the work is (a-core 124)."""
    opening = state.opening_of(run.lineage)
    parts = [plan.prompt] if plan.prompt else []
    parts.append(f"## Original dispatch\n\n{opening.posted.body if opening is not None else ''}")
    parts.append(f"## Reply from {run.queued.agent}\n\n{reply.body}")
    work = _work_under_review(state, run, reply, is_fan_out=is_fan_out)
    if work:
        parts.append(work)
    return "\n\n".join(parts)


def _place_of_work(state: Thread, run: Run) -> e.WorktreeReady | None:
    if run.requested is None or not run.requested.worktree:
        return None
    return next((tree for tree in state.worktrees.values() if tree.path == run.requested.workdir), None)


def _reading(state: Thread, run: Run, reply: Reply) -> e.Reading | None:
    """Return what the threads of a fan-out read: the work as it was recorded when this execution ended (design §5)."""
    place = _place_of_work(state, run)
    if reply.snapshot is None or place is None:
        return state.reading
    base = state.reading.base_commit if state.reading is not None else place.base_commit
    return e.Reading(repository=place.repository, commit=reply.snapshot.commit, base_commit=base, branch=place.branch)


def _work_under_review(state: Thread, run: Run, reply: Reply, *, is_fan_out: bool) -> str:
    place = _place_of_work(state, run)
    if reply.snapshot is None or place is None:
        return ""
    # Several look at it at once, so none of them stands in the worktree itself.
    where = "you are in one of your own, at the snapshot; what you change there is not taken over"
    base = state.reading.base_commit if state.reading is not None else place.base_commit
    depth = state.messages[run.queued.message].posted.depth + 1
    lines = [
        "## Work under review",
        "",
        f"- worktree: {where if is_fan_out else place.path}",
        f"- branch: {place.branch}, begun at {place.base} ({base[:12]})",
        f"- snapshot: {reply.snapshot.commit[:12]}",
        f"- the whole change: `git diff {base[:12]} {reply.snapshot.commit[:12]}`",
        f"- handoff {depth} of this dispatch",
    ]
    return "\n".join(lines)


def _limit_reached(state: Thread, run: Run, limit: int) -> str:
    senders: list[str] = []
    for message in state.messages.values():
        is_hop = message.lineage == run.lineage and message.posted.intent == "handoff"
        if is_hop and message.posted.sender not in senders:
            senders.append(message.posted.sender)
    chain = ", ".join(senders) or "none"
    return (
        f"The chain has reached its limit of {limit} handoffs. Agents that handed off: {chain}. "
        f"The last to answer was {run.queued.agent}, with a response. "
        "Read its reply, then merge, dispatch again (which starts a new chain), or close the thread."
    )


def _ask_operator(state: Thread, run: Run, body: str, task: Message, moment: Moment) -> Draft:
    note = operator_note(
        message=moment.new_id(),
        sender=run.queued.agent,
        intent="review-request",
        body=body,
        execution=run.queued.execution,
        depth=task.posted.depth,
    )
    return _draft(state, run, note)


def _draft(state: Thread, run: Run, event: e.Event) -> Draft:
    return Draft(stream=e.thread_stream(state.thread), event=event, lineage=run.lineage)
