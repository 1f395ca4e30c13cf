"""What the next agent, or the operator, is told: the task, the answers, and where the work is."""

import msgspec

from compas.domain import events as e
from compas.domain.specs import HandoffSpec
from compas.domain.thread import Run, Thread


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one thread of a fan-out. `status` is its last execution's; `body` its last answer, or its error."""

    thread: str
    agent: str
    status: e.ExecutionStatus
    verdict: e.Verdict = ""
    body: str = ""


def work_of(state: Thread, run: Run, snapshot: e.SnapshotTaken | None) -> e.WorkUnderReview | None:
    """Return what a run left in the thread's worktree, for whoever gets its reply; a reviewer passes on the work
    that it was given itself."""
    if run.requested is not None and run.requested.worktree and snapshot is not None:
        place = next((tree for tree in state.worktrees.values() if tree.path == run.requested.workdir), None)
        if place is not None and not place.reading:
            return e.WorkUnderReview(
                repository=place.repository,
                path=place.path,
                branch=place.branch,
                base=place.base,
                base_commit=place.base_commit,
                snapshot=snapshot.commit,
            )
    return state.messages[run.queued.message].posted.work


def compose_handoff(state: Thread, run: Run, reply: str, snapshot: e.SnapshotTaken | None, plan: HandoffSpec) -> str:
    """Compose what the next agent is told: the task, the reply, and where the work is (a-core 124)."""
    parts = [_opening(state, run, plan), f"## Reply from {run.queued.agent}\n\n{reply}"]
    depth = state.messages[run.queued.message].posted.depth + 1
    parts.append(_where_it_stands(work_of(state, run, snapshot), depth))
    return "\n\n".join(part for part in parts if part)


def compose_join(state: Thread, run: Run, answers: tuple[Answer, ...], depth: int) -> str:
    """Compose what the joining agent is told: the task, the reply that was reviewed, and every answer to it."""
    parts = [_opening(state, run, None), f"## Answers to the reply of {run.queued.agent}"]
    parts += [_answer(answer) for answer in answers]
    snapshot = run.ended.snapshot if run.ended is not None else None
    parts.append(_where_it_stands(work_of(state, run, snapshot), depth))
    return "\n\n".join(part for part in parts if part)


def compose_limit_note(state: Thread, run: Run, limit: int) -> str:
    """Say that a chain is as long as it may be, and who was in it (a-core 125)."""
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


def _opening(state: Thread, run: Run, plan: HandoffSpec | None) -> str:
    prompt = f"{plan.prompt}\n\n" if plan is not None and plan.prompt else ""
    return f"{prompt}## Original dispatch\n\n{state.task_of(run.lineage)}"


def _answer(answer: Answer) -> str:
    verdict = f", verdict: {answer.verdict.replace('_', ' ')}" if answer.verdict else ""
    status = "" if answer.status == "completed" else f" ({answer.status.replace('_', ' ')})"
    return f"### {answer.agent}{status}{verdict}\n\n{answer.body or '(no answer)'}"


def _where_it_stands(work: e.WorkUnderReview | None, depth: int) -> str:
    if work is None:
        return ""
    lines = [
        "## Work under review",
        "",
        f"- worktree: {work.path}",
        f"- branch: {work.branch}, begun at {work.base} ({work.base_commit[:12]})",
        f"- snapshot: {work.snapshot[:12]}",
        f"- the whole change: `git diff {work.base_commit[:12]} {work.snapshot[:12]}`",
        f"- handoff {depth} of this dispatch",
    ]
    return "\n".join(lines)
