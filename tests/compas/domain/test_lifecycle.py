"""Closing and abandoning: what a person's word ends, and what it refuses."""

import pytest

from compas.api.advice import in_commands
from compas.domain import events as e
from compas.domain.decision import Refusal
from compas.domain.lifecycle import decide_abandon, decide_cancel
from tests.kit.domain.thread_dialogue import Dialogue, agent, failure, kinds, only, refusal, rules, success

RETRYING = agent("dev", max_retries=3)


def talk_with_a_queued_retry() -> Dialogue:
    talk = Dialogue(rules(RETRYING))
    talk.dispatch()
    talk.run(failure("transient"))
    assert len(talk.queued()) == 1
    return talk


# proves: a-core 23, b-mcp-cli-merge 66
@pytest.mark.parametrize("way", ["completed", "failed", "abandoned"])
def test_a_retry_still_queued_when_its_thread_is_closed_or_abandoned_never_starts(way: str) -> None:
    talk = talk_with_a_queued_retry()
    retry = talk.queued()[0].execution
    said = talk.abandon() if way == "abandoned" else talk.close(way)
    assert only(said, e.ExecutionCancelled).execution == retry
    talk.now += 86400
    assert talk.next() is None
    assert talk.state.runs[retry].status == "cancelled"
    talk.dispatch()
    assert talk.start() != retry


# proves: b-mcp-cli-merge 13
def test_abandoning_cancels_a_scheduled_execution() -> None:
    talk = Dialogue(rules(RETRYING))
    talk.dispatch(not_before=talk.now + 3600)
    assert "ExecutionCancelled" in kinds(talk.abandon())
    assert (talk.queued(), talk.state.in_flight()) == ([], ())


# proves: b-mcp-cli-merge 56
def test_a_thread_without_open_work_is_completed_with_a_completion_message() -> None:
    talk = Dialogue(rules(RETRYING))
    talk.dispatch()
    talk.run(success())
    said = talk.close("completed", note="well done")
    assert kinds(said) == ["ThreadClosed", "MessagePosted"]
    posted = only(said, e.MessagePosted)
    assert (posted.intent, posted.body, posted.recipient) == ("completion", "well done", "operator")
    assert talk.state.status == "Completed"


def test_unmerged_work_keeps_a_thread_from_being_completed_and_not_from_being_failed() -> None:
    talk = Dialogue(rules(RETRYING))
    talk.dispatch()
    talk.run(success())
    found = refusal(talk.decide_close("completed", unmerged="2 commits are not in main; compas merge t1"))
    assert (found.code, talk.state.status) == ("not_merged", "Active")
    assert found.message == "2 commits are not in main; compas merge t1"
    assert only(talk.close("failed", unmerged="2 commits are not in main"), e.MessagePosted).intent == "failure"
    assert talk.state.status == "Failed"


def test_closing_is_refused_while_an_execution_runs_and_names_it() -> None:
    talk = Dialogue(rules(RETRYING))
    talk.dispatch()
    execution = talk.start()
    found = refusal(talk.decide_close("completed"))
    assert found.code == "still_running"
    assert execution in found.message
    assert "dev" in found.message


def test_closing_again_with_the_same_status_changes_nothing_and_with_another_status_corrects_it() -> None:
    talk = Dialogue(rules(RETRYING))
    talk.dispatch()
    talk.close("failed")
    assert talk.close("failed") == ()
    assert only(talk.close("completed"), e.ThreadClosed).status == "Completed"


def test_abandoning_ends_what_runs_cancels_what_waits_and_is_done_once() -> None:
    talk = Dialogue(rules(RETRYING))
    talk.dispatch()
    talk.dispatch()
    running = talk.start()
    said = talk.abandon()
    assert kinds(said) == ["ThreadAbandoned", "ExecutionCancelled", "ExecutionCancelled", "MessagePosted"]
    assert [run.stopping for run in talk.state.runs.values()] == [True, False]
    occupied = talk.state.occupied_by()
    assert occupied is not None
    assert occupied.queued.execution == running
    assert talk.abandon() == ()


def test_cancelling_ends_what_runs_and_what_waits_and_leaves_the_thread_as_it_is() -> None:
    talk = Dialogue(rules(RETRYING))
    talk.dispatch()
    talk.dispatch()
    running = talk.start()
    assert kinds(talk.cancel()) == ["ExecutionCancelled", "ExecutionCancelled"]
    assert talk.state.status == "Active"
    assert talk.cancel() == ()
    assert kinds(talk.end(failure("transient"), running)) == ["ExecutionStopped"]
    assert talk.queued() == []
    talk.dispatch()
    assert talk.start() != running
    unknown = Dialogue(rules(RETRYING), thread="gone")
    assert refusal(decide_cancel(unknown.state, "operator")).code == "unknown_thread"


# proves: b-mcp-cli-merge 72
def test_no_retry_is_queued_for_an_agent_that_was_ended_by_abandoning() -> None:
    talk = Dialogue(rules(RETRYING))
    talk.dispatch()
    running = talk.start()
    talk.abandon()
    assert kinds(talk.end(failure("transient"), running)) == ["ExecutionStopped"]
    assert (talk.queued(), talk.state.status) == ([], "Abandoned")


# proves: b-mcp-cli-merge 68
def test_a_completed_thread_is_not_abandoned_and_a_failed_one_may_be() -> None:
    talk = Dialogue(rules(RETRYING))
    talk.dispatch()
    talk.close("completed")
    assert refusal(talk.decide_abandon()).code == "already_ended"
    assert talk.state.status == "Completed"
    talk.close("failed")
    talk.abandon()
    assert talk.state.status == "Abandoned"


def test_a_thread_that_does_not_exist_is_neither_closed_nor_abandoned() -> None:
    talk = Dialogue(rules(RETRYING), thread="gone")
    for found in (refusal(talk.decide_close()), refusal(talk.decide_abandon())):
        assert found.code == "unknown_thread"
        assert "'gone'" in in_commands(found.message)


def test_the_notes_of_people_belong_to_the_newest_lineage_and_cancellations_to_their_own() -> None:
    talk = Dialogue(rules(RETRYING))
    talk.dispatch()
    talk.dispatch()
    first, second = (run.lineage for run in talk.state.runs.values())
    talk.abandon()
    by_kind = [(type(one.event).__name__, one.lineage) for one in talk.log[-4:]]
    assert by_kind == [
        ("ThreadAbandoned", second),
        ("ExecutionCancelled", first),
        ("ExecutionCancelled", second),
        ("MessagePosted", second),
    ]


def test_a_thread_that_has_ended_is_reopened_and_starts_nothing_that_was_left() -> None:
    talk = talk_with_a_queued_retry()
    retry = talk.queued()[0].execution
    talk.append(e.ThreadAbandoned(by="operator"))
    said = talk.reopen()
    assert kinds(said) == ["ExecutionCancelled", "ThreadReopened"]
    assert only(said, e.ThreadReopened).previous == "Abandoned"
    talk.now += 86400
    assert (talk.state.status, talk.next(), talk.state.runs[retry].status) == ("Active", None, "cancelled")


@pytest.mark.parametrize("ended", ["completed", "failed", "abandoned"])
def test_a_thread_of_a_batch_that_has_ended_is_not_abandoned(ended: str) -> None:
    talk = Dialogue(rules(RETRYING))
    talk.dispatch()
    talk.run(success())
    assert not isinstance(decide_abandon(talk.state, "operator", talk.moment(), unless_ended=True), Refusal)
    talk.abandon() if ended == "abandoned" else talk.close(ended)
    assert refusal(decide_abandon(talk.state, "operator", talk.moment(), unless_ended=True)).code == "already_ended"
