"""The merges of one target branch: one at a time, in order, and none both published and failed."""

import re
from collections import Counter

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from compas.api.advice import in_commands
from compas.domain import events as e
from compas.domain.decision import Decision, Refusal
from compas.domain.merge import (
    OPEN,
    Queue,
    decide_cancel,
    decide_handed_back,
    decide_outcome,
    decide_queue,
    decide_start,
    evolve,
)
from tests.kit.domain.thread_dialogue import kinds, refusal

STREAM = e.merge_stream("/src/app", "main")


class MergeDialogue:
    """One target branch in dialogue with its rules."""

    def __init__(self) -> None:
        self.state = Queue(stream=STREAM)
        self.log: list[e.Recorded] = []

    def queue(self, op: str, thread: str = "", status: e.ThreadStatus = "Active") -> Decision:
        queued = e.MergeQueued(
            op=op,
            thread=thread or f"thread of {op}",
            repository="/src/app",
            source=f"compas/{op}",
            target="main",
            strategy="merge",
            requested_by="operator",
            message="",
            source_tip="c" * 40,
        )
        return decide_queue(self.state, queued, thread_status=status, lineage=f"lineage of {op}")

    def start(self, op: str, status: e.ThreadStatus = "Active") -> Decision:
        return decide_start(self.state, op, thread_status=status)

    def cancel(self, op: str) -> Decision:
        return decide_cancel(self.state, op, "olga")

    def outcome(self, event: e.MergeStarted | e.MergePrepared | e.MergeCompleted | e.MergeFailed) -> Decision:
        return decide_outcome(self.state, event)

    def play(self, decision: Decision) -> tuple[e.Event, ...]:
        assert not isinstance(decision, Refusal), decision
        for draft in decision:
            recorded = e.Recorded(
                position=len(self.log) + 1,
                stream=draft.stream,
                version=len(self.log) + 1,
                event=draft.event,
                at=0.0,
                lineage=draft.lineage,
            )
            self.log.append(recorded)
            self.state = evolve(self.state, recorded)
        return tuple(draft.event for draft in decision)


def prepared(op: str) -> e.MergePrepared:
    return e.MergePrepared(op=op, kind="merge", target_old="a" * 40, new_commit="b" * 40)


def completed(op: str) -> e.MergeCompleted:
    return e.MergeCompleted(op=op, new_commit="b" * 40, summary="Merged")


def failed(op: str) -> e.MergeFailed:
    return e.MergeFailed(op=op, code="conflict", reason="both sides changed a.txt")


@pytest.mark.parametrize("status", ["Active", "Completed", "Failed"])
def test_work_of_a_thread_that_was_not_given_up_is_queued(status: e.ThreadStatus) -> None:
    talk = MergeDialogue()
    assert kinds(talk.play(talk.queue("op1", status=status))) == ["MergeQueued"]
    assert talk.state.depth() == 1
    assert talk.log[0].lineage == "lineage of op1"


# proves: b-mcp-cli-merge 78
def test_a_merge_of_an_abandoned_thread_is_refused() -> None:
    found = refusal(MergeDialogue().queue("op1", status="Abandoned"))
    assert found.code == "thread_abandoned"
    assert "reopen" in found.message


def test_a_second_merge_of_a_thread_is_refused_while_the_first_is_pending_and_names_it() -> None:
    talk = MergeDialogue()
    talk.play(talk.queue("op1", "t1"))
    for step in (talk.start("op1"), talk.outcome(prepared("op1"))):
        found = refusal(talk.queue("op2", "t1"))
        assert (found.code, "op1" in in_commands(found.message)) == ("merge_pending", True)
        talk.play(step)
    talk.play(talk.queue("other", "t2"))
    talk.play(talk.start("op1"))
    talk.play(talk.outcome(failed("op1")))
    assert kinds(talk.play(talk.queue("op2", "t1"))) == ["MergeQueued"]


def test_merges_into_one_target_are_taken_in_the_order_of_asking() -> None:
    talk = MergeDialogue()
    for op in ("z", "a", "m"):
        talk.play(talk.queue(op))
    taken = []
    while (current := talk.state.current()) is not None:
        op = current.queued.op
        taken.append(op)
        talk.play(talk.start(op))
        talk.play(talk.outcome(failed(op)))
    assert taken == ["z", "a", "m"]


def test_no_merge_begins_beside_another_or_out_of_turn() -> None:
    talk = MergeDialogue()
    talk.play(talk.queue("op1"))
    talk.play(talk.queue("op2"))
    assert refusal(talk.start("op2")).code == "not_its_turn"
    talk.play(talk.start("op1"))
    found = refusal(talk.start("op2"))
    assert (found.code, "op1" in found.message) == ("not_its_turn", True)


# proves: b-mcp-cli-merge 106
def test_a_queued_merge_whose_thread_was_abandoned_is_cancelled_and_the_next_is_taken() -> None:
    talk = MergeDialogue()
    talk.play(talk.queue("op1"))
    talk.play(talk.queue("op2"))
    assert kinds(talk.play(talk.start("op1", "Abandoned"))) == ["MergeCancelled"]
    current = talk.state.current()
    assert current is not None
    assert current.queued.op == "op2"


def test_a_merge_that_is_over_stays_as_it_is() -> None:
    talk = MergeDialogue()
    talk.play(talk.queue("op1"))
    assert talk.outcome(completed("op1")) == (), "it has not begun"
    talk.play(talk.start("op1"))
    talk.play(talk.outcome(failed("op1")))
    assert [talk.outcome(late) for late in (prepared("op1"), completed("op1"), failed("op1"))] == [(), (), ()]
    assert talk.start("op1") == ()


def started(op: str) -> e.MergeStarted:
    return e.MergeStarted(op=op)


def test_a_merge_is_withdrawn_while_it_waits_or_is_computed_and_not_while_it_is_published() -> None:
    talk = MergeDialogue()
    for op in ("op1", "op2", "op3"):
        talk.play(talk.queue(op))
    talk.play(talk.start("op1"))
    assert kinds(talk.play(talk.cancel("op1"))) == kinds(talk.play(talk.cancel("op2"))) == ["MergeCancelled"]
    found = refusal(talk.cancel("op1"))
    assert (found.code, "op1 is cancelled already" in found.message) == ("merge_is_over", True)
    talk.play(talk.start("op3"))
    talk.play(talk.outcome(prepared("op3")))
    assert refusal(talk.cancel("op3")).code == "past_cancelling"
    talk.play(talk.outcome(completed("op3")))
    assert refusal(talk.cancel("op3")).code == "merge_is_over"
    assert refusal(talk.cancel("gone")).code == "unknown_merge"


def test_a_merge_whose_target_moved_is_started_again_and_can_be_withdrawn() -> None:
    talk = MergeDialogue()
    talk.play(talk.queue("op1"))
    assert talk.outcome(started("op1")) == (), "its turn has not come"
    talk.play(talk.start("op1"))
    assert talk.outcome(started("op1")) == ()
    talk.play(talk.outcome(prepared("op1")))
    assert kinds(talk.play(talk.outcome(started("op1")))) == ["MergeStarted"]
    assert talk.state.operations["op1"].prepared is None
    assert kinds(talk.play(talk.cancel("op1"))) == ["MergeCancelled"]


def test_a_conflict_is_handed_back_once() -> None:
    talk = MergeDialogue()
    talk.play(talk.queue("op1"))
    talk.play(talk.start("op1"))
    talk.play(talk.outcome(e.MergeFailed(op="op1", code="conflict", reason="", hand_back="resolve it")))
    found = talk.state.to_hand_back()
    assert found is not None
    assert found.hand_back == "resolve it"
    told = e.MergeHandedBack(op="op1", summary="handed back to dev")
    assert kinds(talk.play(decide_handed_back(talk.state, told))) == ["MergeHandedBack"]
    assert (decide_handed_back(talk.state, told), talk.state.to_hand_back()) == ((), None)
    assert refusal(decide_handed_back(talk.state, e.MergeHandedBack(op="gone", summary=""))).code == "unknown_merge"


def test_steps_of_a_merge_nobody_knows_are_refused() -> None:
    talk = MergeDialogue()
    assert refusal(talk.start("gone")).code == "unknown_merge"
    assert refusal(talk.outcome(completed("gone"))).code == "unknown_merge"


def test_branches_of_one_name_in_two_repositories_have_streams_of_their_own() -> None:
    assert e.merge_stream("/src/app", "main") != e.merge_stream("/src/lib", "main")
    assert e.merge_stream("/src/app", "main") != e.merge_stream("/src/app", "dev")


def test_an_event_of_another_kind_is_no_part_of_a_queue() -> None:
    stray = e.Recorded(position=9, stream=STREAM, version=1, event=e.ThreadAbandoned(by="operator"), at=0.0)
    with pytest.raises(ValueError, match="event 9 does not belong"):
        evolve(Queue(stream=STREAM), stray)


class MergeMachine(RuleBasedStateMachine):
    """Requests, steps and outcomes in any order, also late and repeated. What always holds:

    * At most one operation is begun and not over.
    * Each operation has at most one outcome: completed, failed or cancelled; never both failed and completed.
    * Operations begin in the order in which they were queued, and no thread has two open at once.
    * The intent to move the target (prepared) is logged only between the beginning and the outcome.
    """

    def __init__(self) -> None:
        super().__init__()
        self.talk = MergeDialogue()
        self.asked = 0

    def try_out(self, decision: Decision) -> None:
        if not isinstance(decision, Refusal):
            self.talk.play(decision)

    @rule(thread=st.sampled_from(["t1", "t2", "t3"]), status=st.sampled_from(["Active", "Failed", "Abandoned"]))
    def ask(self, thread: str, status: e.ThreadStatus) -> None:
        self.asked += 1
        self.try_out(self.talk.queue(f"op{self.asked}", thread, status))

    @rule(number=st.integers(1, 12), status=st.sampled_from(["Active", "Active", "Abandoned"]))
    def start(self, number: int, status: e.ThreadStatus) -> None:
        self.try_out(self.talk.start(f"op{number}", status))

    @precondition(lambda self: self.talk.state.current() is not None)
    @rule(status=st.sampled_from(["Active", "Active", "Abandoned"]))
    def start_the_current_one(self, status: e.ThreadStatus) -> None:
        current = self.talk.state.current()
        assert current is not None
        self.try_out(self.talk.start(current.queued.op, status))

    @rule(number=st.integers(1, 12), event=st.sampled_from([started, prepared, completed, failed]))
    def report(self, number: int, event: type) -> None:
        self.try_out(self.talk.outcome(event(f"op{number}")))

    @rule(number=st.integers(1, 12))
    def cancel(self, number: int) -> None:
        self.try_out(self.talk.cancel(f"op{number}"))

    @invariant()
    def one_at_a_time(self) -> None:
        begun = [one for one in self.talk.state.operations.values() if one.status in OPEN - {"queued"}]
        assert len(begun) <= 1
        assert not begun or self.talk.state.current() == begun[0]
        threads = Counter(one.queued.thread for one in self.talk.state.operations.values() if one.status in OPEN)
        assert all(count == 1 for count in threads.values())

    @invariant()
    def one_outcome_each_and_in_order(self) -> None:
        lives: dict[str, str] = {}
        begun: list[int] = []
        for one in self.talk.log:
            step = type(one.event).__name__.removeprefix("Merge")
            lives[one.event.op] = lives.get(one.event.op, "") + step[0]
            if step == "Started" and lives[one.event.op] == "QS":
                begun.append(self.talk.state.operations[one.event.op].position)
        assert begun == sorted(begun)
        # Q(ueued) S(tarted) P(repared) C(ompleted or -ancelled) F(ailed)
        assert [life for life in lives.values() if not re.fullmatch("QC|Q(S(P*S?)*[CF]?)?", life)] == []


MergeMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestMergeMachine = MergeMachine.TestCase
