"""Puts what executions and people said into rounds: which review each verdict belongs to, and whether it counts."""

from collections.abc import Iterable

import msgspec

from compas.domain.approval.facts import Busy, Case, Opinion, Round, Work
from compas.domain.approval.judged import has_moved
from compas.domain.facts.event import ExecutionStatus, Verdict
from compas.domain.facts.running import SnapshotTaken


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """An execution of a thread, or of one that its fan-outs opened, with the message that asked for it.

    `repository` and `branch` name what it found to look at, and are None in older logs; `work_repository` and
    `work_branch` the work that the message handed over. `worktree` says that it ran in one. `opened_by` is the
    execution whose fan-out leads to its thread, None in the thread itself. `handed_by` is the execution whose work the
    message handed over, None where somebody asked by hand; `task_verdict` is what that execution said itself.
    `asked_by` is the agent that asked by hand, None for people. `joins` means that the message brought the answers to a
    fan-out. Positions are those of the log; `not_before` is UTC seconds.
    """

    execution: str
    thread: str
    agent: str
    status: ExecutionStatus
    stopping: bool
    not_before: float | None
    queued_position: int
    ended_position: int | None
    workdir: str | None
    worktree: bool | None
    message: str
    message_number: int
    opened_by: str | None
    handed_by: str | None
    asked_by: str | None
    task_verdict: Verdict
    joins: bool
    repository: str | None
    branch: str | None
    work_repository: str | None
    work_branch: str | None
    verdict: Verdict
    judged: str | None
    tip: str | None
    snapshot_head: str | None
    snapshot_commit: str | None
    snapshot_tree: str | None
    unrecorded: str | None


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict that a person gave on work in a repository."""

    by: str
    verdict: Verdict
    repository: str
    judged: str
    position: int


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The worktree of the thread whose branch is in question; `path` is empty once it was removed."""

    thread: str
    repository: str
    branch: str
    path: str

    def is_work(self, turn: Turn) -> bool:
        """True when an execution worked in this worktree; older logs tell its directory only."""
        if turn.thread != self.thread or not turn.worktree:
            return False
        if not turn.repository:
            return turn.workdir == self.path
        return (turn.repository, turn.branch) == (self.repository, self.branch)

    def is_looked_at(self, turn: Turn) -> bool:
        """True when an execution was given what was made here, or found it when it started."""
        found = (turn.work_repository or turn.repository, turn.work_branch or turn.branch)
        return found == (self.repository, self.branch)


def case_of(
    place: Place, turns: Iterable[Turn], rulings: Iterable[Ruling], *, now: float, caller: str | None = None
) -> Case:
    """Return the case of a thread's branch; `now` is UTC seconds, `caller` an execution whose own work does not count.

    `turns` are of the thread and of all threads that its fan-outs opened, in the order in which they were queued.
    """
    turns = tuple(turns)
    works = _works(turn for turn in turns if place.is_work(turn))
    about = [turn for turn in turns if place.is_looked_at(turn)]
    people = [
        Round(
            began=one.position,
            opinions=(Opinion(by=one.by, verdict=one.verdict, judged=one.judged, position=one.position),),
            is_person=True,
        )
        for one in rulings
        if one.repository == place.repository
    ]
    rounds = sorted([*_rounds(about, works), *people], key=lambda one: one.began)
    busy = tuple(
        Busy(execution=turn.execution, agent=turn.agent, thread=turn.thread)
        for turn in turns
        if turn.execution != caller and _is_under_way(turn, now)
    )
    return Case(thread=place.thread, branch=place.branch, rounds=tuple(rounds), works=works, busy=busy)


def _is_under_way(turn: Turn, now: float) -> bool:
    """Cancelled but still stopping is under way; what is only due later is not."""
    if turn.stopping or turn.status in ("picked_up", "executing"):
        return True
    return turn.status == "queued" and (turn.not_before or 0.0) <= now


def _works(turns: Iterable[Turn]) -> tuple[Work, ...]:
    """Return what each execution left, in the order in which they ended; those that have not come last."""
    works: list[Work] = []
    before: SnapshotTaken | None = None
    for turn in sorted(turns, key=lambda turn: (turn.ended_position is None, turn.ended_position)):
        snapshot = _snapshot(turn)
        moved = snapshot is not None and has_moved(tip=turn.tip or "", before=before, after=snapshot)
        works.append(
            Work(
                execution=turn.execution,
                agent=turn.agent,
                queued=turn.queued_position,
                snapshot=snapshot,
                moved=moved,
                problem=turn.unrecorded or "",
            )
        )
        before = snapshot or before
    return tuple(works)


def _snapshot(turn: Turn) -> SnapshotTaken | None:
    if turn.snapshot_commit is None or turn.snapshot_head is None:
        return None
    return SnapshotTaken(commit=turn.snapshot_commit, head=turn.snapshot_head, tree=turn.snapshot_tree or "")


def _rounds(turns: list[Turn], works: tuple[Work, ...]) -> list[Round]:
    """Gather executions by what began their review: a fan-out with all that came of it, a handoff, or a dispatch."""
    gathered: dict[str, list[Turn]] = {}
    for turn in turns:
        if not turn.joins:
            gathered.setdefault(turn.opened_by or turn.handed_by or turn.message, []).append(turn)
    return [
        Round(
            began=min(turn.message_number for turn in those),
            asked=tuple(dict.fromkeys(turn.agent for turn in those if turn.handed_by == key)),
            opinions=_opinions(those, works),
        )
        for key, those in gathered.items()
    ]


def _opinions(turns: list[Turn], works: tuple[Work, ...]) -> tuple[Opinion, ...]:
    counted = [
        Opinion(by=turn.agent, verdict=turn.verdict, judged=turn.judged, position=turn.ended_position)
        for turn in turns
        if turn.verdict and turn.judged and turn.ended_position is not None and _counts(turn, turn.judged, works)
    ]
    return tuple(sorted(counted, key=lambda one: one.position))


def _counts(turn: Turn, judged: str, works: tuple[Work, ...]) -> bool:
    """Nobody approves its own work: the answer to a review that asked for changes is no review, nor is the approval
    of the agent that made what it looks at, or of one that this agent has asked for it."""
    if turn.status != "completed" or turn.task_verdict == "request_changes":
        return False
    maker = _maker(judged, works)
    return turn.verdict != "approve" or maker is None or maker not in (turn.agent, turn.asked_by)


def _maker(judged: str, works: tuple[Work, ...]) -> str | None:
    """Return the agent that left this commit, or the same tree before it; None where nobody's execution did."""
    left = [(work.agent, work.snapshot) for work in works if work.snapshot is not None]
    tree = next((taken.tree for _, taken in left if judged in (taken.commit, taken.head)), None)
    for agent, taken in left:
        if judged in (taken.commit, taken.head) or (tree and taken.tree == tree):
            return agent
    return None
