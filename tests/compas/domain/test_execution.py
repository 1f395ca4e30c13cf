"""The life of an execution: begun at most once, ended exactly once, with all that follows in one append."""

import pytest

from compas.domain import events as e
from compas.domain.execution import (
    PREVIEW_LIMIT,
    TRUNCATED,
    Outcome,
    decide_plan_worktree,
    decide_request,
    decide_started,
    decide_stopped,
    decide_worktree_ready,
    next_due,
    preview,
)
from tests.kit.domain.thread_dialogue import (
    CRASHED,
    NOON,
    TIMED_OUT,
    Dialogue,
    agent,
    failure,
    kinds,
    only,
    refusal,
    rules,
    success,
)

DEV = agent("dev", max_retries=3)
CHAIN = rules(agent("dev", "reviewer", max_retries=3), agent("reviewer"))


def talking(*, to: str = "dev") -> Dialogue:
    talk = Dialogue(CHAIN)
    talk.dispatch(to)
    return talk


def request(execution: str) -> e.ExecutionRequested:
    return e.ExecutionRequested(execution=execution, workdir="/src/app")


# --- beginning -------------------------------------------------------------------------------------------------------


# proves: a-core 22
def test_two_executions_of_one_thread_run_one_after_the_other() -> None:
    talk = talking(to="reviewer")
    talk.dispatch("dev")
    first = talk.start()
    assert talk.next() is None
    second = talk.queued()[0].execution
    assert refusal(decide_request(talk.state, request(second))).code == "not_startable"
    talk.end(success())
    assert talk.start() == second != first


# proves: a-core 24
def test_an_execution_cancelled_before_its_request_stays_cancelled() -> None:
    talk = talking()
    chosen = talk.next()
    assert chosen is not None
    execution = chosen.queued.execution
    talk.abandon()
    assert refusal(decide_request(talk.state, request(execution))).code == "not_startable"
    assert decide_started(talk.state, e.ExecutionStarted(execution=execution, pid=7, started_at=NOON)) == ()
    assert talk.state.runs[execution].status == "cancelled"
    assert talk.decide_end(success(), execution) == ()


def test_a_request_and_a_plan_repeated_after_a_crash_are_done_already() -> None:
    talk = talking()
    execution = talk.queued()[0].execution
    talk.play(decide_request(talk.state, request(execution)))
    assert decide_request(talk.state, request(execution)) == ()
    plan = decide_plan_worktree(talk.state, execution, repository="/src/app", branch="compas/t1", base="main")
    assert [type(draft.event) for draft in plan] == [e.WorktreePlanned]


def test_what_runs_or_has_ended_is_not_requested_again() -> None:
    talk = talking(to="reviewer")
    execution = talk.start()
    assert "is executing" in refusal(decide_request(talk.state, request(execution))).message
    talk.end(success())
    assert "is completed" in refusal(decide_request(talk.state, request(execution))).message


def test_steps_of_an_execution_nobody_knows_are_refused() -> None:
    talk = talking()
    ready = e.WorktreeReady(repository="/r", path="/w", branch="b", base="main", base_commit="c")
    assert refusal(decide_request(talk.state, request("gone"))).code == "unknown_execution"
    assert refusal(talk.decide_end(success(), "gone")).code == "unknown_execution"
    assert refusal(decide_worktree_ready(talk.state, "gone", ready)).code == "unknown_execution"
    assert decide_stopped(talk.state, e.ExecutionStopped(execution="gone")) == ()


def test_a_worktree_is_planned_and_recorded_once_per_repository() -> None:
    talk = talking()
    execution = talk.queued()[0].execution
    ready = e.WorktreeReady(repository="/r", path="/w", branch="b", base="main", base_commit="c")
    plan = {"repository": "/r", "branch": "b", "base": "main"}
    assert kinds(talk.play(decide_plan_worktree(talk.state, execution, **plan))) == ["WorktreePlanned"]
    assert kinds(talk.play(decide_worktree_ready(talk.state, execution, ready))) == ["WorktreeReady"]
    assert decide_plan_worktree(talk.state, execution, **plan) == ()
    assert decide_worktree_ready(talk.state, execution, ready) == ()


# proves: a-core 20, a-core 21
def test_a_delayed_execution_is_passed_over_until_exactly_its_time() -> None:
    talk = Dialogue(rules(DEV))
    talk.dispatch()
    talk.run(failure("transient"))
    talk.dispatch(body="meanwhile")
    retry = talk.queued()[0]
    assert (retry.reason, retry.not_before) == ("retry", NOON + 30)
    assert next_due(talk.state, talk.now) == NOON + 30
    talk.run(success())
    assert talk.next() is None
    talk.now = NOON + 30
    assert next_due(talk.state, talk.now) is None
    assert talk.start() == retry.execution


# --- ending well -----------------------------------------------------------------------------------------------------


# proves: a-core 108
def test_a_success_is_answered_with_a_response_and_leaves_the_thread_active() -> None:
    talk = talking(to="reviewer")
    said = talk.run(success("looks good"))
    assert kinds(said) == ["ExecutionEnded", "MessagePosted"]
    posted = only(said, e.MessagePosted)
    assert (posted.intent, posted.sender, posted.recipient, posted.body) == (
        "response",
        "reviewer",
        "operator",
        "looks good",
    )
    assert posted.execution == only(said, e.ExecutionEnded).execution
    assert talk.state.status == "Active"


@pytest.mark.parametrize("reply", [None, "", " \n"])
def test_an_agent_that_ended_without_a_word_is_said_to_have_said_nothing(reply: str | None) -> None:
    posted = only(talking(to="reviewer").run(success(reply)), e.MessagePosted)
    assert posted.body == "(the agent ended without saying anything)"


# proves: a-core 40, a-core 42
@pytest.mark.parametrize("letter", ["a", "é", "好", "🧭"])
def test_a_preview_holds_4096_bytes_and_is_cut_between_characters(letter: str) -> None:
    size = len(letter.encode())
    fits = letter * (PREVIEW_LIMIT // size) + "x" * (PREVIEW_LIMIT % size)
    assert preview(fits) == fits
    for shift in range(size):
        over = "x" * shift + letter * (PREVIEW_LIMIT // size + 1)
        cut = preview(over)
        assert cut.endswith(TRUNCATED)
        assert over.startswith(cut.removesuffix(TRUNCATED))
        assert PREVIEW_LIMIT - size < len(cut.removesuffix(TRUNCATED).encode()) <= PREVIEW_LIMIT
    talk = talking(to="reviewer")
    said = talk.run(success(over))
    assert only(said, e.ExecutionEnded).status == "completed"
    assert only(said, e.ExecutionEnded).preview == preview(over)
    assert only(said, e.MessagePosted).body == over


def test_what_an_outcome_tells_is_kept_with_the_end() -> None:
    usage = e.Usage(cost_usd=0.5)
    snapshot = e.SnapshotTaken(commit="c", head="h")
    process = e.ProcessEnd(kind="exited", exit_code=0)
    said = talking(to="reviewer").run(
        success(session="s1", usage=usage, snapshot=snapshot, process=process, verdict="approve")
    )
    ended = only(said, e.ExecutionEnded)
    assert (ended.session, ended.usage, ended.snapshot, ended.process) == ("s1", usage, snapshot, process)
    assert ended.verdict == "approve"


# --- ending badly ----------------------------------------------------------------------------------------------------


# proves: a-core 109
def test_a_passing_failure_queues_the_next_attempt_and_says_nothing() -> None:
    talk = talking()
    said = talk.run(failure("transient"))
    assert kinds(said) == ["ExecutionEnded", "ExecutionQueued"]
    again = only(said, e.ExecutionQueued)
    assert (again.attempt, again.not_before, again.reason) == (1, NOON + 30, "retry")
    assert talk.state.status == "Active"


# proves: a-core 112
def test_a_retry_runs_with_the_text_of_the_original_dispatch_and_in_its_lineage() -> None:
    talk = talking()
    first = talk.queued()[0]
    again = only(talk.run(failure("transient")), e.ExecutionQueued)
    assert again.message == first.message
    assert again.execution != first.execution
    assert talk.state.runs[again.execution].lineage == talk.state.runs[first.execution].lineage


def test_a_retry_follows_the_config_as_it_is_now() -> None:
    talk = talking()
    talk.start()
    talk.rules = type(CHAIN)(
        agents={"dev": agent("dev", max_retries=1, backend="other")},
        trigger_intents=CHAIN.trigger_intents,
        prompt_hashes={"dev": "h2"},
    )
    again = only(talk.end(failure("transient")), e.ExecutionQueued)
    assert (again.backend, again.prompt_hash) == ("other", "h2")


@pytest.mark.parametrize("outcome", [failure(), TIMED_OUT, failure("quota_exhausted"), failure("auth_failure")])
def test_a_final_failure_tells_the_operator_and_fails_the_thread(outcome: Outcome) -> None:
    talk = talking()
    said = talk.run(outcome)
    assert kinds(said) == ["ExecutionEnded", "MessagePosted", "ThreadFailed"]
    posted = only(said, e.MessagePosted)
    assert (posted.intent, posted.recipient, posted.body) == ("error", "operator", outcome.error)
    assert only(said, e.ExecutionEnded).category == outcome.category
    assert talk.state.status == "Failed"


def test_a_failure_without_a_word_is_still_told() -> None:
    posted = only(talking().run(Outcome(status="failed")), e.MessagePosted)
    assert posted.body == "the execution ended as failed and said nothing"
    assert only(talking().run(failure(error="", reply="I gave up")), e.MessagePosted).body == "I gave up"


def test_what_still_waits_in_a_thread_that_fails_is_cancelled_in_the_same_append() -> None:
    talk = talking()
    talk.dispatch("reviewer", body="later")
    waiting = talk.queued()[1].execution
    said = talk.run(failure())
    cancelled = only(said, e.ExecutionCancelled)
    assert cancelled.execution == waiting
    assert "failed" in cancelled.reason
    assert (talk.state.in_flight(), talk.state.status) == ((), "Failed")
    assert talk.log[-1].lineage != talk.state.runs[waiting].lineage
    assert next(one.lineage for one in talk.log if one.event == cancelled) == talk.state.runs[waiting].lineage


# proves: a-core 133
def test_a_failure_in_the_middle_of_a_chain_fails_the_thread_and_hands_nothing_on() -> None:
    talk = talking()
    talk.run(success())
    said = talk.run(failure())
    assert kinds(said) == ["ExecutionEnded", "MessagePosted", "ThreadFailed"]
    assert only(said, e.MessagePosted).intent == "error"
    assert talk.state.status == "Failed"
    assert talk.queued() == []


# proves: a-core 114
def test_a_thread_completed_before_its_run_failed_stays_completed() -> None:
    talk = talking()
    execution = talk.start()
    talk.append(e.ThreadClosed(status="Completed", by="operator"))
    said = talk.end(failure("transient"), execution)
    assert kinds(said) == ["ExecutionEnded", "MessagePosted"]
    assert talk.state.status == "Completed"


def test_a_success_in_a_thread_that_was_closed_meanwhile_is_kept_and_goes_nowhere() -> None:
    talk = talking()
    execution = talk.start()
    talk.append(e.ThreadClosed(status="Completed", by="operator"))
    assert kinds(talk.end(success(), execution)) == ["ExecutionEnded", "MessagePosted"]


# proves: a-core 113, b-mcp-cli-merge 18
def test_handoffs_switched_off_stay_off_over_a_retry() -> None:
    talk = Dialogue(CHAIN)
    talk.dispatch(skip_handoff=True)
    talk.run(failure("transient"))
    talk.now += 30
    assert kinds(talk.run(success())) == ["ExecutionEnded", "MessagePosted"]
    assert talk.messages("handoff") == []


def test_a_handoff_that_needs_a_retry_is_made_once_and_from_the_attempt_that_succeeded() -> None:
    talk = talking()
    talk.run(failure("transient"))
    talk.now += 30
    said = talk.run(success("second try"))
    assert kinds(said) == ["ExecutionEnded", "MessagePosted", "MessagePosted", "ExecutionQueued"]
    assert "second try" in talk.messages("handoff")[0].body


# --- crashes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("on_crash", "fresh"), [("resume", False), ("requeue", True)])
def test_a_crash_is_answered_at_once_as_the_agent_wishes(on_crash: str, fresh: bool) -> None:
    talk = Dialogue(rules(agent("dev", on_crash=on_crash)))
    talk.dispatch()
    again = only(talk.run(CRASHED), e.ExecutionQueued)
    assert (again.reason, again.not_before, again.fresh_session) == ("crash", None, fresh)


def test_a_crash_is_final_for_an_agent_that_wishes_so() -> None:
    talk = Dialogue(rules(agent("dev", on_crash="fail", max_retries=5)))
    talk.dispatch()
    assert kinds(talk.run(CRASHED)) == ["ExecutionEnded", "MessagePosted", "ThreadFailed"]


def test_what_crashes_three_times_is_not_started_a_fourth_time() -> None:
    talk = Dialogue(rules(DEV))
    talk.dispatch()
    talk.run(CRASHED)
    talk.run(CRASHED)
    assert kinds(talk.run(CRASHED)) == ["ExecutionEnded", "MessagePosted", "ThreadFailed"]
    talk.dispatch()
    assert "ExecutionQueued" in kinds(talk.run(CRASHED)), "a new dispatch counts from the beginning"


def test_crashes_use_up_no_retries_and_failures_no_crashes() -> None:
    talk = Dialogue(rules(agent("dev", max_retries=1)))
    talk.dispatch()
    talk.run(CRASHED)
    again = only(talk.run(failure("transient")), e.ExecutionQueued)
    assert (again.attempt, again.not_before) == (2, NOON + 30), "the first retry, after the first delay"
    talk.now += 30
    assert only(talk.run(CRASHED), e.ExecutionQueued).attempt == 3
    assert "ThreadFailed" in kinds(talk.run(failure("transient"))), "one retry was allowed"


def test_a_conversation_begun_anew_stays_so_while_nothing_of_it_is_known() -> None:
    talk = Dialogue(rules(agent("dev", on_crash="requeue", max_retries=3)))
    talk.dispatch()
    talk.run(success(session="old"))
    talk.dispatch()
    talk.run(CRASHED)
    assert only(talk.run(failure("transient")), e.ExecutionQueued).fresh_session
    talk.now += 30
    again = only(talk.run(failure("transient", session="new")), e.ExecutionQueued)
    assert not again.fresh_session
    assert sessions(talk) == {("dev", "cli"): "new"}


# --- ending once -----------------------------------------------------------------------------------------------------


# proves: a-core 51, a-core 57
def test_what_has_ended_or_was_cancelled_ends_no_second_time() -> None:
    talk = talking(to="reviewer")
    ended = talk.start()
    talk.end(success())
    talk.now += 1e6
    for late in (success("late"), failure("transient"), TIMED_OUT, CRASHED):
        assert talk.end(late, ended) == ()
    talk.dispatch()
    cancelled = talk.start()
    talk.abandon()
    assert kinds(talk.end(success("late"), cancelled)) == ["ExecutionStopped"]
    for late in (success("later"), failure("transient"), TIMED_OUT, CRASHED):
        assert talk.end(late, cancelled) == ()
    assert [posted.body for posted in talk.messages("response")] == ["done"]
    assert talk.state.status == "Abandoned"


def test_a_cancelled_run_that_is_gone_leaves_its_remains_and_frees_the_worktree() -> None:
    talk = talking()
    running = talk.start()
    talk.abandon()
    snapshot = e.SnapshotTaken(commit="c", head="h", dirty=True)
    stopped = only(talk.end(failure("killed", snapshot=snapshot), running), e.ExecutionStopped)
    assert stopped.snapshot == snapshot
    assert talk.state.occupied_by() is None
    assert talk.stopped(running) == ()


def test_a_start_is_recorded_once_and_not_after_the_end() -> None:
    talk = talking(to="reviewer")
    execution = talk.start()
    started = e.ExecutionStarted(execution=execution, pid=8, started_at=NOON)
    assert decide_started(talk.state, started) == ()
    talk.end(success())
    assert decide_started(talk.state, started) == ()


# --- conversations ---------------------------------------------------------------------------------------------------


def sessions(talk: Dialogue) -> dict[tuple[str, str], str]:
    """Return the conversation of each agent on each backend, by its name there."""
    return {key: session.id for key, session in talk.state.sessions.items()}


# proves: a-core 97
def test_a_run_that_was_cut_off_after_naming_its_conversation_is_continued_in_it() -> None:
    talk = Dialogue(rules(agent("dev", on_crash="fail")))
    talk.dispatch()
    talk.run(Outcome(status="crashed", session="s1", error="lost"))
    talk.dispatch()
    assert sessions(talk)[("dev", "cli")] == "s1"
    assert not talk.queued()[0].fresh_session


# proves: a-core 98
def test_the_conversation_that_ended_last_is_continued() -> None:
    talk = Dialogue(rules(agent("dev", max_retries=3)))
    for session in ("s1", "s2", None, "s3", ""):
        talk.dispatch()
        talk.run(success(session=session))
    assert sessions(talk) == {("dev", "cli"): "s3"}


# proves: a-core 100, a-core 101
def test_no_agent_continues_the_conversation_of_another_agent_or_of_another_backend() -> None:
    talk = Dialogue(rules(agent("dev"), agent("reviewer")))
    talk.dispatch("dev")
    talk.run(success(session="s1"))
    talk.rules = rules(agent("dev", backend="other"), agent("reviewer"))
    talk.dispatch("dev")
    talk.run(success(session="s2"))
    assert sessions(talk) == {("dev", "cli"): "s1", ("dev", "other"): "s2"}
    assert talk.state.session_to_resume("reviewer", "cli", "/src/app", elsewhere=True) is None


# proves: a-core 99
def test_an_empty_conversation_is_not_recorded() -> None:
    talk = talking(to="reviewer")
    assert only(talk.run(success(session="")), e.ExecutionEnded).session is None


def test_a_conversation_the_cli_no_longer_knows_is_forgotten_and_a_new_one_begun() -> None:
    talk = Dialogue(rules(DEV, agent("reviewer")))
    for alias in ("reviewer", "dev"):
        talk.dispatch(alias)
        talk.run(success(session=f"of {alias}"))
    talk.dispatch("dev")
    again = only(talk.run(failure("stale_session")), e.ExecutionQueued)
    assert again.fresh_session
    assert sessions(talk) == {("reviewer", "cli"): "of reviewer"}


def test_a_conversation_that_is_bound_to_its_directory_is_not_continued_in_another() -> None:
    talk = talking(to="reviewer")
    talk.run(success(session="s1"))
    (run,) = talk.state.runs.values()
    assert run.requested is not None
    for workdir, elsewhere, found in [
        (run.requested.workdir, False, "s1"),
        (run.requested.workdir, True, "s1"),
        ("/elsewhere", True, "s1"),
        ("/elsewhere", False, None),
    ]:
        session = talk.state.session_to_resume("reviewer", "cli", workdir, elsewhere=elsewhere)
        assert (session.id if session is not None else None) == found


def test_what_a_cli_has_counted_for_a_conversation_is_kept_until_it_counts_again() -> None:
    talk = talking(to="reviewer")
    talk.run(success(session="s1", usage=e.Usage(tokens_in=5), counted=e.Usage(tokens_in=500)))
    for session, counted, kept in [("s1", None, 500), ("s1", 700, 700), ("s2", None, None)]:
        talk.dispatch("reviewer")
        talk.run(success(session=session, counted=e.Usage(tokens_in=counted)))
        assert talk.state.sessions[("reviewer", "cli")].counted == e.Usage(tokens_in=kept)
