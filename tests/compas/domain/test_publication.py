"""A thread and the merges of its work: whichever is asked for first excludes the other, in any order."""

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from compas.api.advice import in_commands
from compas.domain import events as e
from compas.domain.cleanup import decide_removal
from compas.domain.decision import Decision, Refusal
from compas.domain.lifecycle import Close, decide_abandon, decide_close, decide_reopen
from compas.domain.publication import decide_begin, decide_over
from tests.kit.domain.thread_dialogue import Dialogue, agent, kinds, refusal, rules

REPOSITORY = "/src/app"
NEVER = 1_000_000
"""A position in the log after all others."""


def begun(op: str = "op1") -> e.PublicationBegun:
    return e.PublicationBegun(op=op, repository=REPOSITORY, target="main")


def thread_with_work() -> Dialogue:
    talk = Dialogue(rules(agent("dev")))
    talk.dispatch()
    return talk


def begin(talk: Dialogue, op: str = "op1", asked_at: int = NEVER) -> Decision:
    return decide_begin(talk.state, begun(op), asked_at=asked_at)


def close(talk: Dialogue, status: str = "completed", **fields: object) -> Decision:
    return decide_close(talk.state, Close(by="operator", status=status, **fields), talk.moment())


def test_one_merge_at_a_time_may_move_its_target_and_asking_again_changes_nothing() -> None:
    talk = thread_with_work()
    assert kinds(talk.play(begin(talk))) == ["PublicationBegun"]
    assert begin(talk) == ()
    found = refusal(begin(talk, "op2"))
    assert (found.code, "op1" in in_commands(found.message)) == ("being_published", True)
    assert decide_over(talk.state, "op2") == ()
    assert kinds(talk.play(decide_over(talk.state, "op1"))) == ["PublicationOver"]
    assert decide_over(talk.state, "op1") == ()
    assert kinds(talk.play(begin(talk, "op2"))) == ["PublicationBegun"]


def test_nothing_ends_a_thread_while_its_work_is_published_but_that_merge_itself() -> None:
    talk = thread_with_work()
    talk.play(begin(talk))
    ends = [
        close(talk),
        close(talk, "failed"),
        close(talk, after="op2", asked_at=NEVER),
        decide_abandon(talk.state, "operator", talk.moment()),
        decide_reopen(talk.state, "operator"),
    ]
    assert [refusal(one).code for one in ends] == ["being_published"] * len(ends)
    talk.play(close(talk, after="op1", asked_at=NEVER))
    assert talk.state.status == "Completed"


def test_a_worktree_is_not_removed_while_its_work_is_published_and_not_published_while_it_is_removed() -> None:
    talk = thread_with_work()
    ready = e.WorktreeReady(repository=REPOSITORY, path="/w", branch="compas/t1", base="main", base_commit="c" * 40)
    talk.append(ready)
    talk.play(decide_abandon(talk.state, "operator", talk.moment()))
    talk.play(decide_reopen(talk.state, "operator"))
    talk.play(begin(talk))
    assert refusal(decide_removal(talk.state, REPOSITORY, by="operator")).code == "being_published"
    talk.play(decide_over(talk.state, "op1"))
    talk.play(decide_removal(talk.state, REPOSITORY, by="operator"))
    assert refusal(begin(talk)).code == "being_removed"


def test_a_thread_that_has_ended_since_a_merge_was_asked_for_is_neither_published_nor_closed_by_it() -> None:
    talk = thread_with_work()
    asked_at = talk.log[-1].position
    talk.play(decide_abandon(talk.state, "operator", talk.moment()))
    assert refusal(begin(talk, asked_at=NEVER)).code == "thread_abandoned"
    assert refusal(close(talk, after="op1", asked_at=asked_at)).code == "already_ended"
    talk.play(decide_reopen(talk.state, "operator"))
    assert refusal(begin(talk, asked_at=asked_at)).code == "thread_ended"
    assert kinds(talk.play(begin(talk, asked_at=talk.log[-1].position))) == ["PublicationBegun"]


def test_a_thread_that_nobody_knows_publishes_nothing() -> None:
    assert refusal(begin(Dialogue(rules(agent("dev"))))).code == "thread_ended"


class Exclusion(RuleBasedStateMachine):
    """A thread, and merges that are asked for, published, closed with and told over, in any order. What always holds:

    * Between the beginning of a publication and its end the thread does not end, but by that very merge.
    * A merge that was asked for before the thread last ended begins no publication.
    * A merge never turns an abandoned thread into a completed one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.talk = thread_with_work()
        self.asked: dict[str, int] = {}

    def try_out(self, decision: Decision) -> None:
        if not isinstance(decision, Refusal):
            self.talk.play(decision)

    @rule()
    def ask_for_a_merge(self) -> None:
        self.asked[f"op{len(self.asked)}"] = self.talk.log[-1].position

    @rule(number=st.integers(0, 5))
    def begin(self, number: int) -> None:
        op = f"op{number}"
        if op in self.asked:
            before = self.talk.state
            decision = begin(self.talk, op, self.asked[op])
            if not isinstance(decision, Refusal) and decision:
                assert before.ended_position <= self.asked[op]
                assert before.status != "Abandoned"
            self.try_out(decision)

    @rule(number=st.integers(0, 5))
    def close_with(self, number: int) -> None:
        op = f"op{number}"
        if op in self.asked:
            before = self.talk.state
            self.try_out(close(self.talk, after=op, asked_at=self.asked[op]))
            if self.talk.state.ended_position != before.ended_position:
                assert before.status != "Abandoned"
                assert before.ended_position <= self.asked[op], "it has ended since that was asked for"

    @rule(number=st.integers(0, 5))
    def over(self, number: int) -> None:
        self.try_out(decide_over(self.talk.state, f"op{number}"))

    @rule(status=st.sampled_from(["completed", "failed"]))
    def close(self, status: str) -> None:
        self.try_out(close(self.talk, status))

    @rule(unless_ended=st.booleans())
    def abandon(self, unless_ended: bool) -> None:
        self.try_out(decide_abandon(self.talk.state, "op", self.talk.moment(), unless_ended=unless_ended))

    @rule()
    def reopen(self) -> None:
        self.try_out(decide_reopen(self.talk.state, "op"))

    @rule()
    def dispatch(self) -> None:
        self.try_out(self.talk.decide_dispatch())

    @invariant()
    def nothing_ends_a_thread_in_between(self) -> None:
        publishing = ""
        for one in self.talk.log:
            match one.event:
                case e.PublicationBegun(op=op):
                    assert not publishing
                    publishing = op
                case e.PublicationOver(op=op):
                    assert publishing == op
                    publishing = ""
                case e.ThreadAbandoned():
                    assert not publishing


Exclusion.TestCase.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
TestExclusion = Exclusion.TestCase
