"""The story of a thread as the log tells it: who worked, who was asked, who said what; with made-up commits."""

import msgspec

from compas.domain.approval.facts import Case, Commit, Findings
from compas.domain.approval.rounds import Place, Ruling, Turn, case_of
from compas.domain.facts.event import Verdict
from compas.domain.facts.running import SnapshotTaken

THREAD, REPO, BRANCH, PATH = "t1", "/repo", "compas/t1", "/repo/.compas-worktrees/t1"
PLACE = Place(thread=THREAD, repository=REPO, branch=BRANCH, path=PATH)
WORKING: dict[str, object] = {"workdir": PATH, "worktree": True, "repository": REPO, "branch": BRANCH}
"""What is recorded of an execution in the thread's own worktree."""
NOON = 1_700_000_000.0


class Story:
    """One thread. A commit is named after its tree, `tree` or `tree@base`; the branch starts at `begun`."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.rulings: list[Ruling] = []
        self.tip = "begun"
        self._position = 10

    def next(self) -> int:
        """Return the next position of the log."""
        self._position += 10
        return self._position

    def work(self, agent: str = "dev", *, makes: str, dirty: bool = False, **fields: object) -> str:
        """Have an agent work in the thread's worktree; return its execution, whose snapshot is `makes`."""
        head = self.tip if dirty else makes
        left = SnapshotTaken(commit=makes, head=head, dirty=dirty, tree=tree_of(makes))
        name = self.turn(agent, left=left, **WORKING, **fields)
        self.tip = head
        return name

    def look(self, agent: str, says: Verdict = "", *, at: str, **fields: object) -> str:
        """Have a reviewer look at a commit, in a thread of its own unless `fields` say otherwise."""
        judged = at if says else None
        return self.turn(
            agent, **{"verdict": says, "judged": judged, "repository": REPO, "branch": BRANCH, "thread": "c1", **fields}
        )

    def turn(self, agent: str, *, left: SnapshotTaken | None = None, **fields: object) -> str:
        """Record an execution that has ended."""
        number = self.next()
        plain = Turn(
            execution=f"x{number}",
            thread=THREAD,
            agent=agent,
            status="completed",
            stopping=False,
            not_before=None,
            queued_position=number,
            ended_position=number + 5,
            workdir=None,
            worktree=left is not None,
            message=f"m{number}",
            message_number=number,
            opened_by=None,
            handed_by=None,
            asked_by=None,
            task_verdict="",
            joins=False,
            repository=None,
            branch=None,
            work_repository=None,
            work_branch=None,
            verdict="",
            judged=None,
            tip=self.tip,
            snapshot_head=left.head if left is not None else None,
            snapshot_commit=left.commit if left is not None else None,
            snapshot_tree=left.tree if left is not None else None,
            unrecorded=None,
        )
        self.turns.append(msgspec.structs.replace(plain, **fields))
        return f"x{number}"

    def person(self, says: Verdict, at: str, by: str = "operator") -> None:
        """Have a person give a verdict."""
        self.rulings.append(Ruling(by=by, verdict=says, repository=REPO, judged=at, position=self.next()))

    def case(self, caller: str | None = None) -> Case:
        """Return what the log knows."""
        return case_of(PLACE, self.turns, self.rulings, now=NOON, caller=caller)

    def findings(self, *gone: str) -> Findings:
        """Return what git says; it has no commit that is `gone`."""
        case = self.case()
        named = {one.judged for each in case.rounds for one in each.opinions}
        for work in case.works:
            if work.snapshot is not None:
                named |= {work.snapshot.commit, work.snapshot.head}
        return Findings(tip=commit(self.tip), commits={name: commit(name) for name in named - set(gone)})


def commit(name: str) -> Commit:
    """Return a commit whose name says its tree and its merge base with the target."""
    return Commit(commit=name, tree=tree_of(name), base=name.partition("@")[2].strip("'") or "main")


def tree_of(name: str) -> str:
    """Return the tree of a commit; `x'` is another commit of the tree `x`."""
    return name.partition("@")[0].rstrip("'")
