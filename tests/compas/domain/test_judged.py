"""Which commit a verdict is about: what was handed over, else what the branch held when the reviewer started."""

from compas.domain import events as e
from tests.kit.domain.thread_dialogue import Dialogue, agent, only, rules, success

REPO, PATH = "/src/app", "/trees/t1"


def taken(commit: str, head: str | None = None, tree: str = "") -> e.SnapshotTaken:
    """Return the snapshot of a worktree; a clean one is its own head."""
    return e.SnapshotTaken(commit=commit, head=head or commit, dirty=head is not None, tree=tree)


def run(talk: Dialogue, tip: str, snapshot: e.SnapshotTaken | None, *, worktree: bool = True, **said: object) -> tuple:
    """Run what is next in the thread's worktree, whose branch stands at `tip` when it starts."""
    following = talk.next()
    assert following is not None
    execution = following.queued.execution
    workdir = PATH if worktree else REPO
    talk.append(
        e.ExecutionRequested(execution=execution, workdir=workdir, worktree=worktree, repository=REPO, tip=tip),
        lineage=following.lineage,
    )
    talk.append(e.ExecutionStarted(execution=execution, pid=7, started_at=talk.now), lineage=following.lineage)
    return talk.end(success("ok", snapshot=snapshot, **said), execution)


def ready(talk: Dialogue) -> None:
    talk.append(
        e.WorktreeReady(repository=REPO, path=PATH, branch="compas/t1", base="main", base_commit="base", instance="i")
    )


def dispatched(
    talk: Dialogue, to: str, tip: str, snapshot: e.SnapshotTaken | None, **fields: object
) -> e.ExecutionEnded:
    talk.dispatch(to, "look at it")
    return only(run(talk, tip, snapshot, **fields), e.ExecutionEnded)


def begin() -> Dialogue:
    talk = Dialogue(rules(agent("dev", workspace="worktree"), agent("reviewer")))
    talk.dispatch("dev", "add a health check")
    ready(talk)
    run(talk, "base", taken("work"))
    return talk


def test_a_reviewer_dispatched_by_hand_judges_what_the_branch_held_when_it_started() -> None:
    ended = dispatched(begin(), "reviewer", "work", taken("work"), verdict="approve")
    assert ended.judged == "work"


def test_a_reviewer_in_a_directory_of_its_own_judges_the_branch_too() -> None:
    ended = dispatched(begin(), "reviewer", "work", None, worktree=False, verdict="request_changes")
    assert ended.judged == "work"


def test_who_has_moved_the_branch_itself_has_judged_nothing() -> None:
    ended = dispatched(begin(), "reviewer", "work", taken("mine"), verdict="approve")
    assert (ended.verdict, ended.judged) == ("approve", None)


def test_who_has_left_changes_uncommitted_has_judged_nothing() -> None:
    ended = dispatched(begin(), "reviewer", "work", taken("snap", "work", tree="other"), verdict="approve")
    assert ended.judged is None


def test_what_somebody_else_left_uncommitted_is_not_the_reviewers_work() -> None:
    talk = begin()
    dispatched(talk, "dev", "work", taken("snap1", "work", tree="dirty"))
    ended = dispatched(talk, "reviewer", "work", taken("snap2", "work", tree="dirty"), verdict="request_changes")
    assert ended.judged == "work"


def test_without_a_snapshot_nobody_knows_whether_the_reviewer_changed_something() -> None:
    ended = dispatched(begin(), "reviewer", "work", None, verdict="approve", unrecorded="git refused")
    assert ended.judged is None


def test_handed_work_is_what_is_judged_whatever_the_reviewer_does_beside_it() -> None:
    talk = Dialogue(rules(agent("dev", "reviewer", workspace="worktree"), agent("reviewer")))
    talk.dispatch("dev", "add a health check")
    ready(talk)
    run(talk, "base", taken("work"))
    ended = only(run(talk, "work", taken("more"), verdict="approve"), e.ExecutionEnded)
    assert ended.judged == "work"


def test_work_that_could_not_be_recorded_is_not_handed_on_and_the_operator_is_told() -> None:
    talk = Dialogue(rules(agent("dev", "reviewer", workspace="worktree"), agent("reviewer")))
    talk.dispatch("dev", "add a health check")
    ready(talk)
    said = run(talk, "base", None, unrecorded="a link stands in the way")
    assert only(said, e.ExecutionEnded).unrecorded == "a link stands in the way"
    assert talk.queued() == []
    (note,) = talk.messages("review-request")
    assert (note.recipient, "a link stands in the way" in note.body) == ("operator", True)
