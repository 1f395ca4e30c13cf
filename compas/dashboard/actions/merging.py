"""Actions that say the work is good and bring it into its target: approve, merge."""

from functools import partial

from compas.api.merges import MERGE, MergeRequest, MergeResponse
from compas.api.reviews import APPROVE, ApproveRequest, ApproveResponse
from compas.api.threads import STATUS, StatusRequest, StatusResponse
from compas.api.worktrees import WORKTREES, WorktreesRequest, WorktreesResponse
from compas.dashboard.actions import conditions
from compas.dashboard.actions.action import Action
from compas.dashboard.actions.plan import Deed, Field, Plan, Question, Values
from compas.dashboard.lines import one_line
from compas.dashboard.situation import Situation
from compas.text import counted

STRATEGIES = ("", "merge", "rebase", "squash")
TARGET = Field(name="target", label="into", hint="the branch that is configured")
STRATEGY = Field(name="strategy", label="strategy", kind="choice", choices=STRATEGIES, hint="as configured")
FORCE = Field(name="force", label="force", kind="switch", hint="merge it whatever reviewers say")


def about_work(now: Situation) -> tuple[Question, ...]:
    """Return what to read before work is judged or merged, where one thread is meant."""
    if len(now.threads) != 1:
        return ()
    thread = now.threads[0].thread
    return (
        Question(operation=WORKTREES, request=WorktreesRequest(thread_id=thread), tell=_where),
        Question(operation=STATUS, request=StatusRequest(thread_id=thread), tell=_standing),
    )


def _where(answer: WorktreesResponse) -> tuple[str, ...]:
    said = []
    for tree in answer.worktrees:
        ahead = counted(tree.ahead, "commit") + " ahead of" if tree.ahead is not None else "to be compared with"
        dirty = f"; {counted(tree.uncommitted, 'file')} not committed" if tree.uncommitted else ""
        trouble = f"; {one_line(tree.trouble)}" if tree.trouble else ""
        said.append(f"{tree.branch} is {ahead} {tree.target_branch}{dirty}{trouble}")
    return tuple(said) or ("it has no worktree",)


def _standing(answer: StatusResponse) -> tuple[str, ...]:
    found = [part for row in answer.threads for part in (row.review_note, row.remark) if part]
    return tuple(one_line(part) for part in found)


def _approve(now: Situation) -> Plan:
    return Plan(
        title=f"Approve {now.names}?",
        says=(
            "Records your word on exactly what the branch holds now; it outranks what agents say. Nothing is merged.",
        ),
        fields=(Field(name="note", label="note", hint="none"),),
        questions=about_work(now),
        deeds=partial(_approve_deeds, now),
    )


def _approve_deeds(now: Situation, values: Values) -> tuple[Deed, ...]:
    note = values["note"].strip() or None
    return tuple(
        Deed(
            about=target.thread,
            operation=APPROVE,
            request=ApproveRequest(thread_id=target.thread, note=note),
            tell=_approved,
        )
        for target in now.threads
    )


def _approved(answer: ApproveResponse) -> str:
    warning = f"; {one_line(answer.warning)}" if answer.warning else ""
    return f"{answer.thread_id} is approved at {answer.commit[:12]}{warning}"


def _merge(now: Situation) -> Plan:
    return Plan(
        title=f"Merge {now.names}?",
        says=("Queues the merge; it is computed aside, and your own commits and edits are never overwritten.",),
        fields=(TARGET, STRATEGY, FORCE),
        questions=about_work(now),
        deeds=partial(_merge_deeds, now),
    )


def _merge_deeds(now: Situation, values: Values) -> tuple[Deed, ...]:
    return tuple(
        Deed(
            about=target.thread,
            operation=MERGE,
            request=MergeRequest(
                thread_id=target.thread,
                target_branch=values["target"].strip() or None,
                strategy=values["strategy"] or None,
                force=bool(values["force"]),
            ),
            tell=_queued,
        )
        for target in now.threads
    )


def _queued(answer: MergeResponse) -> str:
    place = f", {answer.queue_depth} in line" if answer.queue_depth > 1 else ""
    warning = f"; {one_line(answer.warning)}" if isinstance(answer.warning, str) and answer.warning else ""
    return f"{answer.source_branch} waits to be merged into {answer.target_branch}{place}{warning}"


MERGING: tuple[Action, ...] = (
    Action(name="approve", help="say that the thread's work is good", refuse=conditions.some, begin=_approve),
    Action(name="merge", help="merge the thread's branch into its target", refuse=conditions.some, begin=_merge),
)
