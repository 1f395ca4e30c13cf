"""Which rule of the domain decides what a thread is asked and told, and what its answer is put down to."""

from compas.domain.approval.ruling import decide_ruling
from compas.domain.cleanup import decide_committed, decide_removal, decide_removal_end
from compas.domain.decision import Decision, Refusal
from compas.domain.dispatch import decide_dispatch
from compas.domain.execution import (
    decide_end,
    decide_plan_worktree,
    decide_request,
    decide_started,
    decide_verdict,
    decide_worktree_ready,
)
from compas.domain.furnishing import decide_step
from compas.domain.hand_back import decide_hand_back
from compas.domain.lifecycle import decide_abandon, decide_cancel, decide_close, decide_reopen
from compas.domain.publication import decide_begin, decide_over
from compas.domain.thread import Thread
from compas.orchestrator.messages.thread import (
    AbandonThread,
    BeginPublication,
    CancelWork,
    CloseThread,
    Command,
    CommitWork,
    DispatchTo,
    EndExecution,
    EndPublication,
    EndRemoval,
    ExecutionRuns,
    Furnish,
    GiveRuling,
    GiveVerdict,
    HandBackTo,
    PlanRemoval,
    PlanWorktree,
    ReopenThread,
    Report,
    RequestExecution,
    WorktreeMade,
)
from compas.orchestrator.services import Services


def decide_command(state: Thread, message: Command, services: Services) -> Decision:
    """Decide what a client, or a merge, wants of the thread."""
    moment = services.moment()
    match message:
        case DispatchTo():
            return decide_dispatch(state, message.command, services.rules(), moment)
        case CloseThread():
            return decide_close(state, message.command, moment)
        case CancelWork():
            return decide_cancel(state, message.by)
        case ReopenThread():
            return decide_reopen(state, message.by)
        case HandBackTo():
            return decide_hand_back(state, message.command, services.rules(), moment)
        case GiveVerdict():
            return decide_verdict(state, message.execution, message.verdict)
        case GiveRuling(ruling=ruling, body=body):
            return decide_ruling(state, ruling, body, services.rules(), moment)
        case CommitWork():
            return decide_committed(state, message.event)
        case AbandonThread():
            return decide_abandon(state, message.by, moment, unless_ended=message.unless_ended)


def decide_report(state: Thread, message: Report, services: Services) -> tuple[Decision, str]:
    """Decide what somebody at work for the thread reports; return the decision, and what caused it."""
    match message:
        case PlanWorktree(execution=execution, repository=repository, branch=branch, base=base):
            decision = decide_plan_worktree(state, execution, repository=repository, branch=branch, base=base)
            return decision, f"execution:{execution}"
        case WorktreeMade(execution=execution):
            return decide_worktree_ready(state, execution, message.ready), f"execution:{execution}"
        case Furnish(step=step):
            return decide_step(state, step), f"execution:{step.execution}"
        case RequestExecution(requested=requested):
            return _decide_request(state, message, services), f"execution:{requested.execution}"
        case ExecutionRuns(started=started):
            return decide_started(state, started), f"execution:{started.execution}"
        case EndExecution(execution=execution, outcome=outcome):
            decision = decide_end(state, execution, outcome, services.rules(), services.moment())
            return decision, f"execution:{execution}"
        case PlanRemoval(repository=repository):
            decision = decide_removal(state, repository, by=message.by, force=message.force)
            return decision, message.causation
        case EndRemoval():
            return decide_removal_end(state, message.outcome), message.causation
        case BeginPublication(begun=begun):
            return decide_begin(state, begun, asked_at=message.asked_at), f"merge:{begun.op}"
        case EndPublication(op=op):
            return decide_over(state, op), f"merge:{op}"


def _decide_request(state: Thread, message: RequestExecution, services: Services) -> Decision:
    if services.new_work.is_welcome:
        return decide_request(state, message.requested)
    sentence = f"the supervisor is ending: execution {message.requested.execution} is left to the next one"
    return Refusal(code="supervisor_ending", message=sentence)
