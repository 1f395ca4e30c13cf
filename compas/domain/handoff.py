"""Where an agent's reply goes next: to another agent, to several, to the operator, or nowhere."""

import msgspec

from compas.domain import events as e
from compas.domain.briefing import compose_handoff, compose_limit_note, work_of
from compas.domain.decision import Draft, Moment
from compas.domain.dispatch import Rules, operator_note
from compas.domain.specs import HandoffSpec
from compas.domain.thread import OPERATOR, Run, Thread


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
    lineage and goes with it into the threads of a fan-out, so that agents which fan out to each other come to an
    end (a-core 135), and a new dispatch starts afresh (a-core 126, b-mcp-cli-merge 139).
    """
    task = state.messages[run.queued.message].posted
    agent = rules.agents.get(run.queued.agent)
    plan = agent.handoff if agent is not None else None
    targets = [target for target in plan.targets if target != OPERATOR] if plan is not None else []
    if plan is None or not targets or task.skip_handoff or _is_approved(state, run, reply, plan, rules):
        return ()
    if task.depth >= plan.max_chain_depth:
        return (ask_operator(state, run, compose_limit_note(state, run, plan.max_chain_depth), task.depth, moment),)
    dead_ends = {target: why for target in targets if (why := _dead_end(target, rules)) is not None}
    living = [target for target in targets if target not in dead_ends]
    drafts: list[Draft] = []
    if dead_ends:
        listed = "; ".join(f"{target!r}: {why}" for target, why in dead_ends.items())
        body = f"{run.queued.agent} was to hand its reply on, and nothing was started for {listed}."
        drafts.append(ask_operator(state, run, body, task.depth, moment))
    if not living:
        return tuple(drafts)
    if len(targets) == 1:
        posted = _handoff(living[0], state, run, reply, plan, moment)
        return (*drafts, *hand_over(e.thread_stream(state.thread), run.lineage, posted, rules, moment))
    return (*drafts, *_fan_out(living, state, run, reply, plan, rules, moment))


def _fan_out(
    targets: list[str], state: Thread, run: Run, reply: Reply, plan: HandoffSpec, rules: Rules, moment: Moment
) -> tuple[Draft, ...]:
    """Open a thread for each target, in the batch of this one or in a new one (a-core 129)."""
    batch = state.batch or f"fanout-{state.thread}"
    threads: list[str] = []
    drafts: list[Draft] = []
    for target in targets:
        thread = moment.new_id()
        threads.append(thread)
        stream = e.thread_stream(thread)
        opened = e.ThreadOpened(
            thread=thread,
            batch=batch,
            summary=state.title_of(run.lineage) or None,
            source_thread=state.thread,
            task=state.task_of(run.lineage),
            answers_to=plan.join,
            repository=state.repository,
        )
        posted = _handoff(target, state, run, reply, plan, moment)
        drafts.append(Draft(stream=stream, event=opened, lineage=run.lineage))
        drafts += hand_over(stream, run.lineage, posted, rules, moment)
    fanned_out = e.FannedOut(
        execution=run.queued.execution,
        threads=tuple(threads),
        agents=tuple(targets),
        depth=state.messages[run.queued.message].posted.depth + 1,
        join=plan.join,
    )
    return (Draft(stream=e.thread_stream(state.thread), event=fanned_out, lineage=run.lineage), *drafts)


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
    if reply.verdict != "approve" or task.execution is None:
        return False
    reviewed = state.runs.get(task.execution)
    verdict = task.verdict if reviewed is None or reviewed.ended is None else reviewed.ended.verdict
    if verdict == "request_changes":
        return False
    sender = rules.agents.get(task.sender)
    asked = sender.handoff if sender is not None else None
    return plan.until == "approved" or (asked is not None and asked.until == "approved")


def _handoff(target: str, state: Thread, run: Run, reply: Reply, plan: HandoffSpec, moment: Moment) -> e.MessagePosted:
    task = state.messages[run.queued.message].posted
    return e.MessagePosted(
        message=moment.new_id(),
        sender=run.queued.agent,
        recipient=target,
        intent="handoff",
        body=compose_handoff(state, run, reply.body, reply.snapshot, plan),
        depth=task.depth + 1,
        execution=run.queued.execution,
        verdict=reply.verdict,
        work=work_of(state, run, reply.snapshot),
    )


def hand_over(stream: str, lineage: str, posted: e.MessagePosted, rules: Rules, moment: Moment) -> tuple[Draft, ...]:
    """Post a message for an agent, and queue the work it makes if the agent is one that works."""
    drafts = [Draft(stream=stream, event=posted, lineage=lineage)]
    if rules.triggers(recipient=posted.recipient, intent=posted.intent):
        agent = rules.agents[posted.recipient]
        queued = e.ExecutionQueued(
            execution=moment.new_id(),
            message=posted.message,
            agent=agent.alias,
            backend=agent.backend,
            prompt_hash=rules.prompt_hashes.get(agent.alias),
        )
        drafts.append(Draft(stream=stream, event=queued, lineage=lineage))
    return tuple(drafts)


def ask_operator(state: Thread, run: Run, body: str, depth: int, moment: Moment) -> Draft:
    """Leave it to the person to go on."""
    note = operator_note(
        message=moment.new_id(),
        sender=run.queued.agent,
        intent="review-request",
        body=body,
        execution=run.queued.execution,
        depth=depth,
    )
    return Draft(stream=e.thread_stream(state.thread), event=note, lineage=run.lineage)
