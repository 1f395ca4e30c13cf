"""Actions that end a thread or what runs in it, and take a thread up again: close, abandon, reopen, cancel."""

from functools import partial

from compas.api.lifecycle import (
    ABANDON,
    CANCEL,
    CLOSE,
    REOPEN,
    AbandonRequest,
    AbandonResponse,
    CancelRequest,
    CancelResponse,
    CloseMerge,
    CloseRequest,
    CloseResponse,
    ReopenRequest,
    ReopenResponse,
)
from compas.api.merges import MERGE_CANCEL, MergeCancelRequest, MergeCancelResponse
from compas.dashboard.actions import conditions
from compas.dashboard.actions.action import Action
from compas.dashboard.actions.merging import FORCE, STRATEGY, TARGET, about_work
from compas.dashboard.actions.plan import Deed, Field, Plan, Values
from compas.dashboard.lines import one_line
from compas.dashboard.situation import Situation, Target
from compas.text import counted

UNDO = "`reopen` (O) takes it back"


def _close(now: Situation) -> Plan:
    return Plan(
        title=f"Close {now.names}?",
        says=(
            "Ends the thread. As completed it asks that the work is in its target; with `merge` that is done first. "
            f"{UNDO}.",
        ),
        fields=(
            Field(name="status", label="as", kind="choice", value="completed", choices=("completed", "failed")),
            Field(name="merge", label="merge", kind="switch", hint="merge its branch first"),
            TARGET,
            STRATEGY,
            FORCE,
            Field(name="note", label="note", hint="none; a last word, kept in the thread"),
        ),
        questions=about_work(now),
        deeds=partial(_close_deeds, now),
    )


def _close_deeds(now: Situation, values: Values) -> tuple[Deed, ...] | str:
    merge = None
    if values["merge"]:
        merge = CloseMerge(
            target_branch=values["target"].strip() or None,
            strategy=values["strategy"] or None,
            force=bool(values["force"]),
        )
    elif values["target"].strip() or values["strategy"] or values["force"]:
        return "into, strategy and force say how to merge, but `merge` is off"
    status = "failed" if values["status"] == "failed" else "completed"
    return tuple(
        Deed(
            about=target.thread,
            operation=CLOSE,
            request=CloseRequest(
                thread_id=target.thread,
                status="failed" if status == "failed" else "completed",
                note=values["note"].strip() or None,
                merge=merge,
            ),
            tell=_closed,
        )
        for target in now.threads
    )


def _closed(answer: CloseResponse) -> str:
    if answer.merge_op_id:
        return f"{answer.thread_id} is being merged, and is closed once that is done"
    note = f" ({one_line(answer.note)})" if answer.note else ""
    return f"{answer.thread_id} is closed as {answer.status.lower()}{note}; {UNDO}"


def _abandon(now: Situation) -> Plan:
    return Plan(
        title=f"Abandon {now.names}?",
        says=(f"Ends what runs there at once and starts nothing more. Commits are kept. {UNDO}.",),
        deeds=lambda _: tuple(
            Deed(
                about=target.thread,
                operation=ABANDON,
                request=AbandonRequest(thread_id=target.thread),
                tell=_abandoned,
            )
            for target in now.threads
        ),
    )


def _abandoned(answer: AbandonResponse) -> str:
    ended = f", {counted(answer.executions_cancelled, 'execution')} ended" if answer.executions_cancelled else ""
    return f"{answer.thread_id} is abandoned{ended}; {UNDO}"


def _reopen(now: Situation) -> Plan:
    return Plan(
        title=f"Reopen {now.names}",
        deeds=lambda _: tuple(
            Deed(about=target.thread, operation=REOPEN, request=ReopenRequest(thread_id=target.thread), tell=_reopened)
            for target in now.threads
        ),
        is_asked=False,
    )


def _reopened(answer: ReopenResponse) -> str:
    return f"{answer.thread_id} is active again (it was {answer.previous_status.lower()}); nothing has been started"


def _cancel(now: Situation) -> Plan:
    return Plan(
        title=f"Cancel what is under way in {now.names}?",
        says=(
            "Executions that are queued never start, and those at work are ended; the thread stays active. A merge is "
            "withdrawn unless it is being published.",
        ),
        deeds=lambda _: tuple(map(_cancel_deed, now.targets)),
    )


def _cancel_deed(target: Target) -> Deed:
    if target.merge is not None and target.merge.is_open:
        request = MergeCancelRequest(op_id=target.merge.op)
        return Deed(about=target.thread, operation=MERGE_CANCEL, request=request, tell=_withdrawn)
    request_ = CancelRequest(thread_id=target.thread)
    return Deed(about=target.thread, operation=CANCEL, request=request_, tell=_cancelled)


def _withdrawn(answer: MergeCancelResponse) -> str:
    return f"the merge of {answer.thread_id} is withdrawn; nothing was changed"


def _cancelled(answer: CancelResponse) -> str:
    if not answer.cancelled:
        return f"nothing was queued or running in {answer.thread_id}"
    return f"{counted(len(answer.cancelled), 'execution')} of {answer.thread_id} cancelled; the thread is active"


ENDING: tuple[Action, ...] = (
    Action(name="close", help="end the thread, with its merge if you like", refuse=conditions.some, begin=_close),
    Action(name="abandon", help="give the thread up", refuse=conditions.not_abandoned, begin=_abandon),
    Action(name="reopen", help="take up a thread that has ended", refuse=conditions.ended, begin=_reopen),
    Action(name="cancel", help="cancel what is queued or running", refuse=conditions.under_way, begin=_cancel),
)
