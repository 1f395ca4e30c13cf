"""Cleanup as a dialogue: what may be removed, what blocks it, what the thread may do meanwhile, and when to look."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compas.domain import events as e
from compas.domain.cleanup import (
    CLEANUP,
    LONGEST_RETRY_SECS,
    Kept,
    decide_removal,
    decide_removal_end,
    due_at,
    keep,
    logs_to_remove,
)
from compas.domain.execution import next_run
from compas.domain.furnishing import decide_step
from compas.domain.specs import RetentionSpec
from tests.kit.domain.thread_dialogue import Dialogue, agent, kinds, refusal, rules, success

READY = e.WorktreeReady(repository="/r", path="/w", branch="compas/t1", base="main", base_commit="c", instance="one")
GONE = e.WorktreeRemoved(repository="/r", path="/w", branch="compas/t1", fate="archived", tip="d", archive="refs/a")
KEPT = e.WorktreeKept(repository="/r", path="/w", reason="it has changes")


def with_worktree() -> Dialogue:
    talk = Dialogue(rules(agent("dev")))
    talk.dispatch()
    talk.append(READY)
    talk.run(success())
    return talk


def test_a_worktree_of_an_idle_thread_is_removed_and_its_place_forgotten() -> None:
    talk = with_worktree()
    assert kinds(talk.play(decide_removal(talk.state, "/r", by="operator"))) == ["WorktreeRemovalPlanned"]
    assert decide_removal(talk.state, "/r", by="operator") == ()
    assert kinds(talk.play(decide_removal_end(talk.state, GONE))) == ["WorktreeRemoved"]
    assert decide_removal_end(talk.state, GONE) == ()
    assert (talk.state.worktrees, talk.state.removing, talk.state.retired) == ({}, {}, {"/r": GONE})
    assert refusal(decide_removal(talk.state, "/r", by="operator")).code == "no_worktree"
    talk.append(READY)
    assert talk.state.retired == {}


# proves: a-core 74
def test_a_removal_that_failed_leaves_the_place_recorded_and_may_be_tried_again() -> None:
    talk = with_worktree()
    talk.play(decide_removal(talk.state, "/r", by="operator"))
    talk.play(decide_removal_end(talk.state, KEPT))
    assert talk.state.worktrees == {"/r": READY}
    assert kinds(talk.play(decide_removal(talk.state, "/r", by="operator"))) == ["WorktreeRemovalPlanned"]
    again = keep(keep(None, "no", 100.0), "no", 200.0)
    assert (again.tries, again.again_at > 200.0) == (2, True)


def test_nothing_starts_in_a_thread_whose_worktree_is_being_removed() -> None:
    talk = with_worktree()
    talk.play(decide_removal(talk.state, "/r", by="operator"))
    talk.dispatch()
    assert next_run(talk.state, talk.now) is None
    talk.play(decide_removal_end(talk.state, GONE))
    assert next_run(talk.state, talk.now) is not None


def test_a_worktree_in_use_is_not_removed() -> None:
    talk = with_worktree()
    talk.dispatch()
    assert refusal(decide_removal(talk.state, "/r", by="operator", force=True)).code == "still_running"
    talk.start()
    assert "dev" in refusal(decide_removal(talk.state, "/r", by="operator", force=True)).message
    talk.abandon()
    assert "is being ended" in refusal(decide_removal(talk.state, "/r", by="operator", force=True)).message


def test_cleanup_takes_no_worktree_of_a_thread_that_goes_on_or_failed() -> None:
    talk = with_worktree()
    assert refusal(decide_removal(talk.state, "/r", by=CLEANUP)).code == "not_ended"
    talk.close("failed")
    assert refusal(decide_removal(talk.state, "/r", by=CLEANUP)).code == "not_ended"
    talk.abandon()
    assert kinds(talk.play(decide_removal(talk.state, "/r", by=CLEANUP))) == ["WorktreeRemovalPlanned"]


def test_a_thread_that_nobody_knows_has_nothing_to_remove() -> None:
    assert refusal(decide_removal(Dialogue(rules(agent("dev"))).state, "/r", by="operator")).code == "unknown_thread"


def test_setup_is_run_again_when_it_failed_or_the_directory_is_another_one() -> None:
    talk = Dialogue(rules(agent("dev")))
    talk.dispatch()
    talk.append(READY)
    execution = talk.queued()[0].execution
    about = {"execution": execution, "repository": "/r", "instance": "one"}
    furnished = e.WorktreeFurnished(**about)
    assert kinds(talk.play(decide_step(talk.state, furnished))) == ["WorktreeFurnished"]
    assert decide_step(talk.state, furnished) == ()
    begin = e.SetupStarted(**about, command="make")
    talk.play(decide_step(talk.state, begin))
    talk.play(decide_step(talk.state, e.SetupEnded(**about, problem="it ended with 1")))
    assert kinds(talk.play(decide_step(talk.state, begin))) == ["SetupStarted"]
    talk.play(decide_step(talk.state, e.SetupEnded(**about)))
    assert decide_step(talk.state, begin) == ()
    assert decide_step(talk.state, e.SetupEnded(**about)) == ()
    other = e.SetupStarted(execution=execution, repository="/r", instance="two", command="make")
    assert kinds(talk.play(decide_step(talk.state, other))) == ["SetupStarted"]
    assert refusal(decide_step(talk.state, e.WorktreeFurnished(**about | {"execution": "gone"}))).code


def test_a_setup_is_not_begun_for_what_was_cancelled_but_its_end_is_known() -> None:
    talk = Dialogue(rules(agent("dev")))
    talk.dispatch()
    about = {"execution": talk.queued()[0].execution, "repository": "/r", "instance": "one"}
    talk.abandon()
    assert refusal(decide_step(talk.state, e.SetupStarted(**about, command="make"))).code == "not_startable"
    assert kinds(talk.play(decide_step(talk.state, e.SetupEnded(**about)))) == ["SetupEnded"]


@pytest.mark.parametrize(
    ("keep_secs", "kept", "due"),
    [
        (None, None, 100.0),
        (50.0, None, 150.0),
        (50.0, Kept(tries=1, again_at=120.0, reason=""), 150.0),
        (None, Kept(tries=1, again_at=120.0, reason=""), 120.0),
    ],
)
def test_cleanup_looks_when_the_retention_is_over_and_not_before_its_next_try(
    keep_secs: float | None, kept: Kept | None, due: float
) -> None:
    assert due_at(100.0, keep_secs, kept) == due


def test_cleanup_looks_ever_less_often_and_at_least_once_a_day() -> None:
    kept, delays = None, []
    for _ in range(20):
        kept = keep(kept, "no", 0.0)
        delays.append(kept.again_at)
    assert delays == sorted(delays)
    assert delays[-1] == LONGEST_RETRY_SECS


LOGS = st.dictionaries(st.integers(0, 99).map("x{:02}".format), st.floats(0, 1000), max_size=30)


@given(LOGS, st.sets(st.integers(0, 99).map("x{:02}".format)), st.integers(0, 10), st.none() | st.floats(1, 500))
def test_of_logs_the_newest_stay_and_none_that_is_in_use_goes(
    logs: dict[str, float], in_use: set[str], count: int, age: float | None
) -> None:
    removed, due = logs_to_remove(logs, in_use, RetentionSpec(log_count=count, logs=age), 1000.0)
    left = {name: at for name, at in logs.items() if name not in removed}
    assert not set(removed) & in_use
    assert len(set(left) - in_use) <= count
    assert all(age is None or at + age > 1000.0 for name, at in left.items() if name not in in_use)
    assert due > 1000.0
    # Nothing newer than what stays for its number alone is removed for its number.
    if age is None and not in_use and left and removed:
        assert max(logs[name] for name in removed) <= min(left.values())
    assert logs_to_remove(left, in_use, RetentionSpec(log_count=count, logs=age), 1000.0)[0] == ()


def test_five_of_105_logs_go_and_they_are_the_oldest() -> None:
    logs = {f"x{number:03}": float(number) for number in range(105)}
    removed, due = logs_to_remove(logs, (), RetentionSpec(log_count=100), 1000.0)
    assert removed == ("x000", "x001", "x002", "x003", "x004")
    assert due == float("inf")
