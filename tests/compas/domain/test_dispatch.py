"""Accepting messages: what they open, continue or reopen, and the work they make."""

from typing import get_args

import pytest

from compas.domain import events as e
from tests.kit.domain.thread_dialogue import NOON, Dialogue, agent, failure, kinds, only, refusal, rules, success

DEV = agent("dev")
HUMAN = agent("human", role="operator")


# proves: a-core 1, a-core 11
def test_a_message_for_an_unknown_thread_opens_it_and_queues_one_execution_that_names_it() -> None:
    talk = Dialogue(rules(DEV))
    said = talk.dispatch()
    assert kinds(said) == ["ThreadOpened", "MessagePosted", "ExecutionQueued"]
    assert talk.state.status == "Active"
    queued = only(said, e.ExecutionQueued)
    assert queued.message == only(said, e.MessagePosted).message
    assert (queued.agent, queued.backend, queued.attempt, queued.not_before) == ("dev", "cli", 0, None)


def test_a_second_dispatch_stays_on_the_thread_and_reopens_nothing() -> None:
    talk = Dialogue(rules(DEV))
    talk.dispatch()
    assert kinds(talk.dispatch(body="and a test")) == ["MessagePosted", "ExecutionQueued"]
    assert len(talk.queued()) == 2


def test_every_dispatch_begins_a_lineage_of_its_own() -> None:
    talk = Dialogue(rules(DEV))
    talk.dispatch()
    talk.dispatch()
    lineages = [message.lineage for message in talk.state.messages.values()]
    assert lineages == list(talk.state.messages)
    assert [run.lineage for run in talk.state.runs.values()] == lineages


# proves: a-core 2, b-mcp-cli-merge 17
def test_a_later_message_brings_batch_and_summary_and_never_erases_them() -> None:
    talk = Dialogue(rules(DEV))
    talk.dispatch()
    assert only(talk.dispatch(batch="b1", summary="health"), e.ThreadDescribed).batch == "b1"
    assert kinds(talk.dispatch()) == ["MessagePosted", "ExecutionQueued"]
    assert (talk.state.batch, talk.state.summary) == ("b1", "health")
    talk.dispatch(batch="b2")
    assert (talk.state.batch, talk.state.summary) == ("b2", "health")
    talk.dispatch(batch="", summary="")
    talk.dispatch(summary="  \n")
    assert (talk.state.batch, talk.state.summary) == ("b2", "health")


def test_a_summary_of_blanks_is_none_and_one_among_blanks_is_kept_without_them() -> None:
    talk = Dialogue(rules(DEV))
    talk.dispatch(summary="   ")
    assert talk.state.summary is None
    talk.dispatch(summary="  health\n")
    assert talk.state.summary == "health"


# proves: a-core 6
def test_only_the_message_that_asked_for_it_has_handoffs_switched_off() -> None:
    talk = Dialogue(rules(agent("dev", "reviewer"), agent("reviewer")))
    assert only(talk.dispatch(skip_handoff=True), e.MessagePosted).skip_handoff
    talk.run(success())
    assert not only(talk.dispatch(), e.MessagePosted).skip_handoff
    talk.run(success())
    assert [posted.skip_handoff for posted in talk.messages("response") + talk.messages("handoff")] == [False] * 3


# proves: a-core 13
def test_a_message_that_only_informs_starts_nothing_and_says_so() -> None:
    talk = Dialogue(rules(DEV))
    assert kinds(talk.dispatch(intent="note")) == ["ThreadOpened", "MessagePosted"]
    assert talk.next() is None
    why = talk.rules.why_idle(recipient="dev", intent="note")
    assert why is not None
    assert "'note'" in why
    assert "dispatch, handoff" in why


def test_a_message_to_an_operator_role_is_kept_and_said_to_run_never() -> None:
    talk = Dialogue(rules(DEV, HUMAN))
    assert kinds(talk.dispatch("human")) == ["ThreadOpened", "MessagePosted"]
    why = talk.rules.why_idle(recipient="human", intent="dispatch")
    assert why is not None
    assert "role operator" in why
    assert talk.rules.why_idle(recipient="dev", intent="dispatch") is None
    assert "no agent 'stranger'" in str(talk.rules.why_idle(recipient="stranger", intent="dispatch"))


# proves: a-core 14
def test_a_recorded_message_for_the_operator_or_for_nobody_starts_nothing() -> None:
    talk = Dialogue(rules(DEV, HUMAN))
    talk.dispatch()
    for recipient in ("operator", "human", "stranger"):
        posted = e.MessagePosted(message=recipient, sender="dev", recipient=recipient, intent="dispatch", body="x")
        talk.append(posted, lineage=recipient)
        assert not talk.rules.triggers(recipient=recipient, intent="dispatch")
    assert len(talk.state.runs) == 1


# proves: a-core 16
def test_without_agents_or_without_trigger_intents_messages_start_nothing() -> None:
    without_intents = Dialogue(rules(DEV, intents=()))
    assert kinds(without_intents.dispatch()) == ["ThreadOpened", "MessagePosted"]
    without_workers = Dialogue(rules(HUMAN))
    assert kinds(without_workers.dispatch("human")) == ["ThreadOpened", "MessagePosted"]
    assert (without_intents.next(), without_workers.next()) == (None, None)


# proves: b-mcp-cli-merge 1
def test_a_name_that_is_no_agent_is_refused_with_all_the_names() -> None:
    talk = Dialogue(rules(DEV, agent("reviewer")))
    found = refusal(talk.decide_dispatch("nobody"))
    assert found.code == "unknown_agent"
    assert "dev, reviewer" in found.message
    assert not talk.state.exists


@pytest.mark.parametrize("body", ["", "  \n\t"])
def test_an_empty_message_is_refused(body: str) -> None:
    assert refusal(Dialogue(rules(DEV)).decide_dispatch(body=body)).code == "empty_body"


# proves: b-mcp-cli-merge 19
@pytest.mark.parametrize(
    "name",
    ["", "..", "/etc", "a b", "a/b", "a..b", "merge-x", "Merge-x", "a.lock", "a.", ".a", "-a", "a\n", "ä", "x" * 65],
)
def test_a_name_that_cannot_be_a_folder_and_a_branch_is_refused_with_the_form(name: str) -> None:
    found = refusal(Dialogue(rules(DEV), thread=name).decide_dispatch())
    assert found.code == "bad_thread_id"
    assert "1 to 64 letters" in found.message


def end_as(talk: Dialogue, status: str) -> None:
    match status:
        case "Completed":
            talk.close("completed")
        case "Failed":
            talk.run(failure())
        case _:
            talk.abandon()


# proves: a-core 15, a-core 146, b-mcp-cli-merge 5
@pytest.mark.parametrize("status", [status for status in get_args(e.ThreadStatus) if status != "Active"])
def test_a_dispatch_reopens_an_ended_thread_and_runs_nothing_but_itself(status: e.ThreadStatus) -> None:
    talk = Dialogue(rules(DEV))
    talk.dispatch(body="first")
    talk.dispatch(body="left over")
    end_as(talk, status)
    assert talk.next() is None, "nothing of an ended thread starts"
    said = talk.dispatch(body="new")
    assert only(said, e.ThreadReopened).previous == status
    assert talk.state.status == "Active"
    assert [talk.state.messages[queued.message].posted.body for queued in talk.queued()] == ["new"]


# proves: a-core 146
def test_what_an_older_log_left_queued_in_an_ended_thread_is_cancelled_when_it_is_reopened() -> None:
    talk = Dialogue(rules(DEV))
    left = only(talk.dispatch(), e.ExecutionQueued).execution
    talk.append(e.ThreadClosed(status="Failed", by="operator"))
    said = talk.dispatch()
    assert only(said, e.ExecutionCancelled).execution == left
    assert kinds(said) == ["ExecutionCancelled", "ThreadReopened", "MessagePosted", "ExecutionQueued"]


def test_work_of_a_reopened_thread_waits_until_the_abandoned_process_is_gone() -> None:
    talk = Dialogue(rules(DEV))
    talk.dispatch()
    running = talk.start()
    talk.abandon()
    talk.dispatch(body="new")
    assert talk.next() is None
    talk.stopped(running)
    assert talk.start() != running


# proves: a-core 3
def test_a_message_that_is_no_dispatch_leaves_a_completed_thread_completed() -> None:
    talk = Dialogue(rules(DEV))
    talk.dispatch()
    talk.close("completed")
    before = talk.state.version
    talk.append(e.MessagePosted(message="m", sender="dev", recipient="operator", intent="response", body="late"))
    assert (talk.state.status, talk.state.version) == ("Completed", before + 1)


# proves: a-core 29
def test_a_scheduled_dispatch_waits_for_its_time_and_makes_one_execution() -> None:
    talk = Dialogue(rules(DEV))
    queued = only(talk.dispatch(not_before=NOON + 60), e.ExecutionQueued)
    assert (queued.not_before, queued.reason) == (NOON + 60, "scheduled")
    talk.now = NOON + 59.9
    assert talk.next() is None
    talk.now = NOON + 60
    assert talk.start() == queued.execution
    assert (talk.next(), len(talk.state.runs)) == (None, 1)


# proves: a-core 31
def test_a_scheduled_dispatch_waits_for_its_time_while_others_start_and_end() -> None:
    talk = Dialogue(rules(DEV))
    talk.dispatch()
    later = only(talk.dispatch(not_before=NOON + 60), e.ExecutionQueued).execution
    talk.dispatch()
    talk.run(success())
    talk.run(success())
    assert talk.next() is None
    talk.now = NOON + 60
    assert talk.start() == later


# proves: a-core 30
def test_a_scheduled_dispatch_that_would_start_nothing_now_starts_nothing_later() -> None:
    talk = Dialogue(rules(DEV, HUMAN))
    talk.dispatch(intent="note", not_before=NOON + 60)
    talk.dispatch("human", not_before=NOON + 60)
    talk.now = NOON + 3600
    assert (talk.next(), talk.state.runs) == (None, {})


# proves: b-mcp-cli-merge 9
@pytest.mark.parametrize("early", [0.0, 1.0, 86400.0])
def test_a_dispatch_for_the_past_or_for_this_very_moment_is_refused_with_both_times(early: float) -> None:
    found = refusal(Dialogue(rules(DEV)).decide_dispatch(not_before=NOON - early))
    assert found.code == "not_in_the_future"
    assert "2023-11-14T22:13:20Z" in found.message
    assert ("2023-11-13" in found.message) == (early == 86400.0)


# proves: a-core 32
def test_an_execution_records_the_hash_of_its_agents_prompt_if_it_has_one() -> None:
    inline, file = agent("dev", prompt="be kind"), agent("reviewer", prompt_file="/p.md")
    hashes = {
        "dev": inline.prompt_hash(),
        "reviewer": file.prompt_hash("be strict"),
        "plain": agent("plain").prompt_hash(),
    }
    config = rules(inline, file, agent("plain"))
    talk = Dialogue(type(config)(agents=config.agents, trigger_intents=config.trigger_intents, prompt_hashes=hashes))
    found = {alias: only(talk.dispatch(alias), e.ExecutionQueued).prompt_hash for alias in config.agents}
    assert found == {"dev": hashes["dev"], "reviewer": hashes["reviewer"], "plain": None}
    assert len({*found.values()}) == 3
