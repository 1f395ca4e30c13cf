"""What a verdict is about, whose counts, and what keeps a merge waiting: case by case."""

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from compas.api.advice import in_commands
from compas.domain.approval.facts import Commit
from compas.domain.approval.judgement import Judgement, judge, newest_round, review_of
from compas.domain.approval.rounds import case_of
from compas.domain.facts.event import Verdict
from compas.domain.facts.running import SnapshotTaken
from tests.kit.domain.told_story import PLACE, WORKING, Story, tree_of


def judged(story: Story, *gone: str, **fields: object) -> Judgement:
    """Judge a story by the usual rule."""
    return judge(story.case(), story.findings(*gone), **{"requires": "no_objection", **fields})


def standing(story: Story) -> str:
    """Return how the branch stands to its newest review."""
    return review_of(story.case(), story.findings()).standing


# --- what a verdict is about ------------------------------------------------------------------------------------


def test_a_dirty_snapshot_that_was_approved_may_be_merged_once_exactly_it_is_committed() -> None:
    story = Story()
    work = story.work(makes="work", dirty=True)
    story.look("reviewer", "approve", at="work", handed_by=work)
    assert standing(story) == "changed_since_the_approval"
    story.tip = "work'@main"
    assert (standing(story), judged(story).outcome) == ("approved", "pass")


def test_work_that_was_asked_to_change_is_no_other_work_in_a_new_commit() -> None:
    story = Story()
    work = story.work(makes="work")
    story.look("reviewer", "request_changes", at="work", handed_by=work)
    story.work(makes="work'")
    assert judged(story).code == "changes_requested"


def test_an_execution_that_changes_nothing_does_not_make_a_strangers_commit_an_answer() -> None:
    story = Story()
    work = story.work(makes="work")
    story.look("reviewer", "request_changes", at="work", handed_by=work)
    story.tip = "theirs"
    story.work(makes="theirs")
    found = judged(story)
    assert found.code == "changes_requested"
    assert "no execution after that made what it holds now (theirs)" in in_commands(found.message)


def test_a_judged_commit_that_git_has_lost_cannot_be_compared() -> None:
    story = Story()
    work = story.work(makes="work")
    story.look("reviewer", "approve", at="work", handed_by=work)
    story.work(makes="more")
    found = judged(story, "work")
    assert found.code == "changed_since_the_approval"
    assert "git cannot read work any longer" in in_commands(found.message)


def test_what_the_target_contains_already_is_approved_still() -> None:
    story = Story()
    work = story.work(makes="work", dirty=True)
    story.look("reviewer", "approve", at="work", handed_by=work)
    merged = replace(story.findings(), tip=Commit(commit="new", tree="work", base="new"))
    assert review_of(story.case(), merged).standing == "approved"


# --- whose verdict counts ----------------------------------------------------------------------------------------


def test_nobody_approves_what_it_has_made_in_an_earlier_execution() -> None:
    story = Story()
    work = story.work("dev", makes="work")
    reviewer = story.look("reviewer", at="work", handed_by=work, thread="t1")
    story.look("dev", "approve", at="work", handed_by=reviewer, thread="t1")
    assert standing(story) == "not_reviewed"


def test_an_agent_cannot_order_an_approval_of_its_own_work() -> None:
    story = Story()
    story.work("dev", makes="work")
    story.look("reviewer", "approve", at="work", thread="t1", asked_by="dev")
    assert standing(story) == "not_reviewed"
    story.look("reviewer", "approve", at="work", thread="t1", asked_by="lead")
    assert standing(story) == "approved"


def test_older_logs_tell_work_by_its_directory_and_reviews_by_what_was_handed_over() -> None:
    story = Story()
    old: dict[str, object] = {"repository": None, "branch": None, "tip": None}
    work = story.turn("dev", left=SnapshotTaken(commit="work", head="work"), workdir=PLACE.path, **old)
    handed = {"work_repository": PLACE.repository, "work_branch": PLACE.branch, "handed_by": work}
    story.look("reviewer", "request_changes", at="work", thread="t1", **{**old, **handed})
    story.tip = "work"
    assert standing(story) == "changes_requested"
    story.turn("dev", left=SnapshotTaken(commit="more", head="more"), workdir=PLACE.path, **old)
    story.tip = "more"
    assert standing(story) == "changed_since_the_review"
    story.look("reviewer", "request_changes", at="more", thread="t1", **{**old, "judged": None})
    assert standing(story) == "changed_since_the_review"


def test_who_asks_for_changes_to_its_own_work_is_heard() -> None:
    story = Story()
    story.work("dev", makes="work")
    story.look("dev", "request_changes", at="work", thread="t1")
    assert standing(story) == "changes_requested"


def test_a_reviewer_that_failed_said_nothing() -> None:
    story = Story()
    work = story.work(makes="work")
    story.look("reviewer", "request_changes", at="work", handed_by=work, status="failed")
    assert standing(story) == "not_reviewed"


def test_a_reviewers_newest_word_in_a_round_counts() -> None:
    story = Story()
    work = story.work(makes="work")
    story.look("r1", "request_changes", at="work", handed_by=work, opened_by=work, thread="c1")
    story.look("r2", "approve", at="work", handed_by=work, opened_by=work, thread="c2")
    assert standing(story) == "changes_requested"
    story.look("r1", "approve", at="work", opened_by=work, thread="c1")
    assert standing(story) == "approved"


def test_what_follows_inside_the_thread_of_a_fan_out_belongs_to_its_round() -> None:
    story = Story()
    work = story.work(makes="work")
    first = story.look("r1", at="work", handed_by=work, opened_by=work, thread="c1")
    story.look("r2", "request_changes", at="work", handed_by=work, opened_by=work, thread="c2")
    story.look("r3", "approve", at="work", handed_by=first, opened_by=work, thread="c1")
    assert standing(story) == "changes_requested"


def test_a_late_word_on_an_earlier_round_changes_nothing() -> None:
    story = Story()
    work = story.work(makes="work")
    story.look("r1", "request_changes", at="work", handed_by=work, opened_by=work, ended_position=9_000)
    more = story.work(makes="more")
    story.look("r2", "approve", at="more", handed_by=more)
    assert standing(story) == "approved"


def test_a_round_without_any_verdict_hides_none_before_it() -> None:
    story = Story()
    work = story.work(makes="work")
    story.look("r1", "request_changes", at="work", handed_by=work)
    story.look("r2", at="work", handed_by=work + "again")
    assert standing(story) == "changes_requested"


def test_a_person_outranks_agents_on_the_same_tree_in_another_commit_too() -> None:
    story = Story()
    work = story.work(makes="work")
    story.person("request_changes", "work")
    story.tip = "work'@main"
    story.look("r1", "approve", at="work'@main", handed_by=work)
    found = judged(story)
    assert (found.review.standing, found.code) == ("changes_requested", "changes_requested")
    assert "operator asked for changes" in in_commands(found.message)


def test_a_person_does_not_outrank_what_agents_say_of_another_tree() -> None:
    story = Story()
    story.work(makes="work")
    story.person("approve", "work")
    more = story.work(makes="more")
    story.look("r1", "request_changes", at="more", handed_by=more)
    assert standing(story) == "changes_requested"


def test_verdicts_on_another_repository_say_nothing_here() -> None:
    story = Story()
    work = story.work(makes="work")
    story.look("r1", "request_changes", at="work", handed_by=work, repository="/elsewhere")
    assert standing(story) == "not_reviewed"


# --- what an approval is worth where one is required -----------------------------------------------------------------


def test_where_an_approval_is_required_every_reviewer_has_to_give_it() -> None:
    story = Story()
    work = story.work(makes="work")
    story.look("r1", "approve", at="work", handed_by=work, opened_by=work, thread="c1")
    story.look("r2", at="work", handed_by=work, opened_by=work, thread="c2", status="failed")
    found = judged(story, requires="approval")
    assert (found.code, found.review.standing) == ("not_approved", "approved")
    assert "r2 gave no verdict" in found.message
    story.person("approve", "work")
    assert judged(story, requires="approval").outcome == "pass"


# --- what keeps a merge waiting -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "is_busy"),
    [
        ({"status": "queued"}, True),
        ({"status": "picked_up"}, True),
        ({"status": "executing"}, True),
        ({"status": "cancelled", "stopping": True}, True),
        ({"status": "executing", "thread": "c1", "opened_by": "x20"}, True),
        ({"status": "queued", "not_before": 1_700_000_000.0}, True),
        ({"status": "queued", "not_before": 1_700_000_001.0}, False),
        ({"status": "cancelled"}, False),
        ({"status": "failed"}, False),
    ],
)
def test_work_under_way_is_waited_for_whatever_the_operator_says(fields: dict[str, object], is_busy: bool) -> None:
    story = Story()
    story.work(makes="work")
    story.turn("dev", **{"ended_position": None, **fields})
    for force in (False, True):
        found = judged(story, force=force)
        assert (found.code == "still_running") is is_busy
        assert (found.outcome == "refuse") is is_busy


def test_an_agent_that_merges_does_not_wait_for_itself() -> None:
    story = Story()
    story.work(makes="work")
    own = story.turn("lead", status="executing", ended_position=None)
    assert judge(story.case(), story.findings(), requires="no_objection").code == "still_running"
    assert judge(story.case(own), story.findings(), requires="no_objection").outcome == "pass"


def test_a_later_snapshot_makes_up_for_one_that_failed() -> None:
    story = Story()
    story.turn("dev", **WORKING, unrecorded="git refused: a link stands in the way")
    found = judged(story)
    assert (found.code, found.review.standing) == ("no_snapshot", "no_snapshot")
    assert "a link stands in the way" in found.message
    story.work(makes="work")
    assert judged(story).outcome == "pass"


@pytest.mark.parametrize("says", ["approve", "request_changes"])
def test_no_refusal_tells_a_way_around_it(says: Verdict) -> None:
    story = Story()
    work = story.work(makes="work")
    story.look("reviewer", says, at="work", handed_by=work)
    story.tip = "theirs"
    message = in_commands(judged(story).message)
    assert "--force" not in message
    assert "compas approve" not in message


# --- whatever happens ---------------------------------------------------------------------------------------------

VERDICTS: st.SearchStrategy[Verdict] = st.sampled_from(["approve", "request_changes", ""])
TREES = st.sampled_from(["a", "b", "b'", "a@older", "c"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("work"), TREES, st.booleans()),
        st.tuples(st.just("look"), VERDICTS, st.booleans()),
        st.tuples(st.just("person"), VERDICTS.filter(bool), st.booleans()),
        st.tuples(st.just("nobody"), TREES, st.booleans()),
        st.tuples(st.just("busy"), st.just("a"), st.booleans()),
    ),
    max_size=12,
)


def play(steps: list[tuple[str, str, bool]]) -> Story:
    """Tell any story: agents work, reviewers and people judge what there is, and nobody's commits turn up."""
    story = Story()
    last = "x0"
    for kind, what, flag in steps:
        match kind:
            case "work":
                last = story.work(makes=what, dirty=flag)
            case "look":
                story.look("r1" if flag else "r2", what, at=story.tip, handed_by=last, opened_by=last if flag else None)  # type: ignore[arg-type]
            case "person":
                story.person(what, story.tip)  # type: ignore[arg-type]
            case "nobody":
                story.tip = what
            case _:
                story.turn("dev", status="executing", ended_position=None)
    return story


@given(STEPS)
@settings(deadline=None)
def test_a_tree_that_was_not_the_approved_one_never_passes_in_silence(steps: list[tuple[str, str, bool]]) -> None:
    story = play(steps)
    case, found = story.case(), story.findings()
    counted = newest_round(case, found)
    ruling = judge(case, found, requires="no_objection")
    if counted is not None and ruling.outcome == "pass":
        assert all(one.verdict == "approve" and tree_of(one.judged) == found.tip.tree for one in counted.newest())
    if counted is None and not case.busy:
        assert (ruling.review.standing, ruling.outcome) == ("not_reviewed", "pass")


@given(STEPS)
@settings(deadline=None)
def test_a_tree_that_the_newest_round_wants_changed_passes_never(steps: list[tuple[str, str, bool]]) -> None:
    story = play(steps)
    case, found = story.case(), story.findings()
    counted = newest_round(case, found)
    wanted = [one for one in counted.newest() if one.verdict == "request_changes"] if counted is not None else []
    if any(tree_of(one.judged) == found.tip.tree for one in wanted):
        assert judge(case, found, requires="no_objection").outcome == "refuse"


@given(STEPS, st.sampled_from(["no_objection", "approval"]))
@settings(deadline=None)
def test_the_operators_word_overrides_all_but_work_under_way(steps: list[tuple[str, str, bool]], requires: str) -> None:
    story = play(steps)
    case, found = story.case(), story.findings()
    forced = judge(case, found, requires=requires, force=True)  # type: ignore[arg-type]
    plain = judge(case, found, requires=requires)  # type: ignore[arg-type]
    assert (forced.outcome == "refuse") is bool(case.busy)
    if plain.outcome == "refuse" and not case.busy:
        assert (forced.outcome, forced.review) == ("warn", plain.review)
        assert plain.code in ("changes_requested", "changed_since_the_approval", "not_approved", "no_snapshot")


@given(STEPS)
@settings(deadline=None)
def test_what_an_approval_lets_pass_passes_without_one_too(steps: list[tuple[str, str, bool]]) -> None:
    story = play(steps)
    case, found = story.case(), story.findings()
    if judge(case, found, requires="approval").outcome == "pass":
        assert judge(case, found, requires="no_objection").outcome == "pass"


def test_the_order_of_rows_beside_each_other_does_not_matter_to_the_rounds() -> None:
    story = Story()
    work = story.work(makes="work")
    story.look("r1", "approve", at="work", handed_by=work, opened_by=work)
    story.look("r2", "request_changes", at="work", handed_by=work, opened_by=work)
    turned = case_of(PLACE, reversed(story.turns), story.rulings, now=0)
    assert review_of(turned, story.findings()).standing == "changes_requested"
