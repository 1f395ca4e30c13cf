from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from compas.runner.ladder import KILL_LIMIT_SECS, Ladder

ORDER = ["running", "draining", "terminating", "killing", "done"]


def ladder(deadline: float | None = None) -> Ladder:
    return Ladder(deadline=deadline, grace_secs=5.0, drain_secs=1.0)


def test_an_agent_that_leaves_nothing_behind_is_done_at_once() -> None:
    steps = ladder()
    steps.agent_ended(10.0)
    assert steps.advance(10.0, nothing_left=True, output_closed=True) is None
    assert (steps.phase, steps.cause, steps.due) == ("done", None, None)


def test_leftovers_are_drained_then_terminated_then_killed_then_given_up() -> None:
    steps = ladder()
    steps.agent_ended(10.0)
    assert steps.advance(10.9, nothing_left=False, output_closed=False) is None
    assert steps.advance(11.0, nothing_left=False, output_closed=False) == "terminate"
    assert steps.advance(15.9, nothing_left=False, output_closed=False) is None
    assert steps.advance(16.0, nothing_left=False, output_closed=False) == "kill"
    assert steps.advance(16.5, nothing_left=False, output_closed=False) == "kill"
    assert steps.advance(16.0 + KILL_LIMIT_SECS, nothing_left=False, output_closed=False) is None
    assert (steps.phase, steps.cause) == ("done", None)


def test_output_that_a_stranger_holds_open_is_waited_for_no_longer_than_the_drain() -> None:
    steps = ladder()
    steps.agent_ended(10.0)
    steps.advance(10.5, nothing_left=True, output_closed=False)
    assert steps.phase == "draining"
    steps.advance(11.0, nothing_left=True, output_closed=False)
    assert steps.phase == "done"


def test_the_first_cause_counts() -> None:
    steps = ladder()
    assert steps.request_end("timeout", "too long", None, 0.0) == "terminate"
    assert steps.request_end("stopped", "by hand", None, 0.1) is None
    assert steps.cause == ("timeout", "too long")


def test_a_stop_after_the_agent_ended_hurries_its_leftovers_and_changes_no_cause() -> None:
    steps = ladder()
    steps.agent_ended(10.0)
    assert steps.request_end("stopped", "by hand", None, 10.1) == "terminate"
    assert (steps.phase, steps.cause) == ("terminating", None)


def test_a_later_stop_can_shorten_the_grace_but_not_below_two_seconds_nor_lengthen_it() -> None:
    steps = ladder()
    steps.request_end("stopped", "", 60.0, 0.0)
    steps.request_end("stopped", "", 0.0, 1.0)
    assert steps.due == 3.0
    steps.request_end("stopped", "", 60.0, 1.0)
    assert steps.due == 3.0


class LadderMachine(RuleBasedStateMachine):
    """Whatever happens in whatever order, it goes down only, and time alone brings it to its end."""

    def __init__(self) -> None:
        super().__init__()
        self.ladder = ladder(deadline=50.0)
        self.now = 0.0
        self.deepest = 0
        self.cause: object = None

    @rule(secs=st.floats(0, 20))
    def pass_time(self, secs: float) -> None:
        self.now += secs

    @rule()
    def agent_ends(self) -> None:
        self.ladder.agent_ended(self.now)

    @rule(grace=st.none() | st.floats(0, 30))
    def stop(self, grace: float | None) -> None:
        self.ladder.request_end("stopped", "", grace, self.now)

    @precondition(lambda self: self.ladder.phase != "running")
    @rule(nothing_left=st.booleans(), output_closed=st.booleans())
    def advance(self, nothing_left: bool, output_closed: bool) -> None:
        action = self.ladder.advance(self.now, nothing_left=nothing_left, output_closed=output_closed)
        if nothing_left:
            assert action is None

    @invariant()
    def only_goes_down_and_keeps_its_cause(self) -> None:
        depth = ORDER.index(self.ladder.phase)
        assert depth >= self.deepest
        assert self.cause in (None, self.ladder.cause)
        self.deepest, self.cause = depth, self.ladder.cause
        assert (self.ladder.due is None) == (self.ladder.phase == "done")

    def teardown(self) -> None:
        self.ladder.request_end("stopped", "", None, self.now)
        for _ in range(4):
            if self.ladder.due is not None:
                self.ladder.advance(self.ladder.due, nothing_left=False, output_closed=False)
        assert self.ladder.phase == "done"


TestLadderMachine = LadderMachine.TestCase
TestLadderMachine.settings = settings(max_examples=40, deadline=None)
