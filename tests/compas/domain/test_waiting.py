"""When a wait is over: judged for single pictures, and along the whole life of a thread."""

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given, settings

from compas.domain import events as e
from compas.domain.execution import Outcome
from compas.domain.specs import HandoffSpec
from compas.domain.thread import IN_FLIGHT
from compas.domain.waiting import (
    Found,
    Judgement,
    NothingWillCome,
    Picture,
    SeenExecution,
    SeenMessage,
    StillWaiting,
    WaitFor,
    judge,
)
from tests.kit.domain.thread_dialogue import CRASHED, Dialogue, agent, failure, rules, success

CHAIN = rules(
    agent("dev", max_retries=1, handoff=HandoffSpec(targets=("reviewer",), max_chain_depth=3)),
    agent("reviewer", handoff=HandoffSpec(targets=("dev",), max_chain_depth=3)),
)
ANY = WaitFor(thread="t1", trigger_intents=frozenset({"dispatch", "handoff"}))


def wanted(**changes: object) -> WaitFor:
    return msgspec.structs.replace(ANY, **changes)


def since(after: int, **changes: object) -> WaitFor:
    return wanted(after=after, has_cursor=True, **changes)


def picture(talk: Dialogue, after: int = 0) -> Picture:
    """Read what the store would show of a thread."""
    over = {
        one.event.execution: one.position
        for one in talk.log
        if isinstance(one.event, e.ExecutionEnded | e.ExecutionCancelled)
    }
    return Picture(
        status=talk.state.status,
        messages=tuple(
            SeenMessage(
                number=message.number,
                intent=message.posted.intent,
                recipient=message.posted.recipient,
                from_execution=message.posted.execution is not None,
            )
            for message in talk.state.messages.values()
            if message.number > after
        ),
        executions=tuple(
            SeenExecution(
                execution=name,
                thread=talk.state.thread,
                agent=run.queued.agent,
                status=run.status,
                in_flight=run.status in IN_FLIGHT,
                not_before=run.queued.not_before,
                ended_position=over.get(name),
                error=run.ended.error if run.ended is not None else "",
            )
            for name, run in talk.state.runs.items()
        ),
    )


def judged(talk: Dialogue, wait: WaitFor, *, saw_work: bool = False) -> Judgement:
    return judge(wait, picture(talk, wait.after), saw_work=saw_work)


def body_of(talk: Dialogue, judgement: Judgement) -> str:
    assert isinstance(judgement, Found), judgement
    return next(one.posted.body for one in talk.state.messages.values() if one.number == judgement.number)


def talking(*replies: str) -> Dialogue:
    """Return a thread without handoffs that has had some replies."""
    talk = Dialogue(rules(agent("dev", max_retries=1)))
    talk.dispatch(body="the task")
    for reply in replies:
        talk.run(success(reply))
        talk.dispatch(body="the next task")
    return talk


# --- one message -----------------------------------------------------------------------------------------------------


# proves: b-mcp-cli-merge 20
def test_a_wait_without_a_cursor_takes_a_reply_that_is_there_and_no_task() -> None:
    assert isinstance(judged(talking(), ANY), StillWaiting)
    talk = talking("the reply")
    assert body_of(talk, judged(talk, ANY)) == "the reply"


def test_of_one_dispatch_that_is_over_nothing_more_comes_wherever_the_cursor_stands() -> None:
    talk = talking("the reply")
    talk.run(success("another reply"))
    late = since(talk.log[-1].position)
    assert isinstance(judged(talk, late), StillWaiting), "somebody may still dispatch"
    over = judged(talk, msgspec.structs.replace(late, lineage=next(iter(talk.state.messages.values())).lineage))
    assert over == NothingWillCome(reason="settled", execution=over.execution)


def test_a_wait_on_a_thread_where_nothing_was_started_goes_on() -> None:
    talk = Dialogue(CHAIN)
    talk.dispatch(intent="note")
    assert isinstance(judged(talk, wanted(intent="response")), StillWaiting)
    assert isinstance(judged(talk, wanted(intent="response", chain=True)), StillWaiting)


# proves: b-mcp-cli-merge 27
def test_of_several_replies_after_the_cursor_the_newest_answers() -> None:
    talk = talking("one", "two", "three")
    talk.abandon()
    assert body_of(talk, judged(talk, since(1, intent="response"))) == "three"


def test_a_reply_at_or_before_the_cursor_does_not_answer() -> None:
    talk = talking("one")
    number = next(one.number for one in talk.state.messages.values() if one.posted.intent == "response")
    assert judged(talk, since(number - 1, intent="response")) == Found(number=number)
    assert isinstance(judged(talk, since(number, intent="response")), StillWaiting)


# proves: b-mcp-cli-merge 28
def test_after_a_cursor_the_agents_reply_answers_and_not_the_handoff() -> None:
    talk = Dialogue(CHAIN)
    talk.dispatch()
    talk.run(success("the reply"))
    assert len(talk.messages("handoff")) == 1
    assert body_of(talk, judged(talk, since(2))) == "the reply"
    assert body_of(talk, judged(talk, ANY)) == "the reply"


def test_an_intent_asked_for_has_to_be_met_exactly() -> None:
    talk = Dialogue(CHAIN)
    talk.dispatch()
    talk.run(success())
    assert isinstance(judged(talk, wanted(intent="completion")), StillWaiting)
    assert isinstance(judged(talk, wanted(intent="handoff")), Found)


# proves: b-mcp-cli-merge 26
def test_a_wait_for_a_response_ends_with_the_error_when_the_agent_has_failed() -> None:
    talk = talking()
    assert isinstance(judged(talk, wanted(intent="response")), StillWaiting)
    talk.run(failure(error="no licence"))
    found = judged(talk, wanted(intent="response"))
    assert isinstance(found, NothingWillCome)
    assert (found.reason, found.error) == ("failed", "no licence")
    assert body_of(talk, judged(talk, ANY)) == "no licence", "without an intent the error is the answer"


def test_a_failure_is_told_of_and_not_the_waiting_work_that_it_cancelled() -> None:
    talk = talking("one")
    talk.dispatch(body="one more")
    talk.run(failure(error="no licence"))
    found = judged(talk, since(len(talk.log) - 5, intent="response"))
    assert isinstance(found, NothingWillCome)
    assert (found.reason, found.error) == ("failed", "no licence")


def test_a_wait_ends_when_the_work_was_cancelled_and_when_it_ended_without_a_match() -> None:
    talk = talking()
    execution = talk.start()
    talk.abandon()
    assert judged(talk, wanted(intent="response")) == NothingWillCome(reason="ended", execution=execution)
    talk = talking()
    execution = talk.start()
    talk.end(success())
    assert judged(talk, wanted(intent="question")) == NothingWillCome(reason="settled", execution=execution)


def test_a_wait_ends_when_its_only_work_was_cancelled_by_closing_the_thread() -> None:
    talk = talking()
    execution = talk.queued()[0].execution
    talk.close("failed")
    assert judged(talk, wanted(intent="response")) == NothingWillCome(reason="ended", execution=execution)


def test_work_that_was_over_before_the_cursor_ends_no_wait_and_work_that_was_seen_does() -> None:
    talk = talking()
    talk.run(failure())
    wait = since(len(talk.log), intent="response")
    assert isinstance(judged(talk, wait), StillWaiting)
    assert judged(talk, wait, saw_work=True) == NothingWillCome(reason="settled")


# --- the whole chain -------------------------------------------------------------------------------------------------


# proves: b-mcp-cli-merge 40
def test_a_chain_that_reached_its_limit_is_answered_with_the_request_for_review() -> None:
    talk = Dialogue(CHAIN)
    talk.dispatch()
    for _ in range(4):
        assert isinstance(judged(talk, wanted(chain=True)), StillWaiting)
        talk.run(success())
    assert "limit of 3 handoffs" in body_of(talk, judged(talk, wanted(chain=True)))


# proves: a-core 138
def test_a_chain_handed_to_an_operator_role_ends_with_the_reply() -> None:
    talk = Dialogue(rules(agent("dev", "human"), agent("human", role="operator")))
    talk.dispatch()
    talk.run(success("please look"))
    for wait in (wanted(chain=True), since(1, chain=True), wanted(chain=True, intent="response")):
        assert body_of(talk, judged(talk, wait, saw_work=True)).startswith("please look")


# proves: b-mcp-cli-merge 47
def test_a_chain_handed_to_an_agent_that_is_gone_ends_and_reports_it() -> None:
    talk = Dialogue(CHAIN)
    talk.dispatch()
    talk.start()
    talk.rules = rules(CHAIN.agents["dev"])
    talk.end(success())
    answer = body_of(talk, judged(talk, since(2, chain=True)))
    assert "'reviewer'" in answer
    assert "not in the config any more" in answer


# proves: b-mcp-cli-merge 50
@pytest.mark.parametrize("outcome", [failure("transient"), CRASHED])
def test_a_next_attempt_that_waits_keeps_the_chain_unsettled(outcome: Outcome) -> None:
    talk = Dialogue(CHAIN)
    talk.dispatch()
    talk.run(outcome)
    assert isinstance(judged(talk, wanted(chain=True)), StillWaiting)
    assert isinstance(judged(talk, wanted(intent="response")), StillWaiting)


# proves: a-core 139, b-mcp-cli-merge 46
def test_a_busy_thread_of_the_same_batch_is_no_part_of_the_chain() -> None:
    busy, talk = Dialogue(CHAIN, thread="busy"), Dialogue(rules(agent("dev")))
    for each in (busy, talk):
        each.dispatch(batch="b1")
    busy.start()
    talk.run(success("done"))
    assert body_of(talk, judged(talk, wanted(chain=True))) == "done"


def test_work_of_a_descendant_in_another_thread_keeps_the_chain_unsettled() -> None:
    talk = Dialogue(rules(agent("dev")))
    talk.dispatch()
    talk.run(success())
    seen = picture(talk)
    child = SeenExecution(execution="x", thread="child", agent="r1", status="queued", in_flight=True)
    waiting = msgspec.structs.replace(seen, executions=(*seen.executions, child))
    assert isinstance(judge(wanted(chain=True), waiting, saw_work=True), StillWaiting)
    assert isinstance(judge(ANY, waiting, saw_work=True), Found), "who does not wait for the chain has an answer"


# --- along a whole life ----------------------------------------------------------------------------------------------

STEPS = st.lists(
    st.sampled_from(
        ["dispatch", "note", "start", "success", "approve", "transient", "error", "crash", "abandon", "close"]
    ),
    max_size=25,
)
OUTCOMES = {
    "success": success(),
    "approve": success(verdict="approve"),
    "transient": failure("transient"),
    "error": failure(),
    "crash": CRASHED,
}


def play(talk: Dialogue, step: str) -> None:
    """Do what a step says, if it can be done now."""
    if step in ("dispatch", "note"):
        talk.dispatch(intent=step)
    elif step == "start" and talk.next() is not None:
        talk.start()
    elif step in OUTCOMES and talk.state.occupied_by() is not None:
        talk.end(OUTCOMES[step])
    elif step == "abandon" and talk.state.status != "Completed":
        talk.abandon()
    elif step == "close" and talk.state.occupied_by() is None:
        talk.close("completed")
    talk.now += 40


# proves: a-core 137, b-mcp-cli-merge 39
@settings(max_examples=200, deadline=None)
@given(STEPS, st.integers(0, 12), st.booleans(), st.sampled_from([None, "response", "handoff", "review-request"]))
def test_a_wait_for_the_chain_never_ends_in_its_middle_and_never_goes_back(
    steps: list[str], after: int, has_cursor: bool, intent: str | None
) -> None:
    """Looked at after every append: an answer is the newest match of a settled thread; numbers only grow."""
    talk = Dialogue(CHAIN)
    talk.dispatch()
    wait = wanted(after=after, has_cursor=has_cursor, intent=intent, chain=True)
    newest, saw_work = 0, False
    for step in steps:
        play(talk, step)
        unsettled = bool(talk.state.in_flight())
        saw_work = saw_work or unsettled
        found = judged(talk, wait, saw_work=saw_work)
        assert isinstance(found, StillWaiting) or not unsettled
        assert isinstance(found, StillWaiting) <= (unsettled or not saw_work)
        if isinstance(found, Found):
            assert found.number > after
            assert found.number >= newest
            newest = found.number
            answers = {intent} if intent else {"response", "error", "review-request"}
            later = {one.posted.intent for one in talk.state.messages.values() if one.number > found.number}
            assert not answers & later
        elif isinstance(found, NothingWillCome):
            assert newest == 0, "what was found once is found again"


@settings(max_examples=100, deadline=None)
@given(STEPS, st.integers(0, 12), st.booleans())
def test_a_reply_that_has_been_found_is_never_lost_by_what_comes_later(
    steps: list[str], after: int, has_cursor: bool
) -> None:
    talk = Dialogue(CHAIN)
    talk.dispatch()
    wait = wanted(after=after, has_cursor=has_cursor)
    newest = 0
    for step in steps:
        play(talk, step)
        found = judged(talk, wait)
        number = found.number if isinstance(found, Found) else 0
        assert number >= newest
        newest = number
