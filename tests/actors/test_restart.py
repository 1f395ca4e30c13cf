from dataclasses import dataclass
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from actors.restart import Backoff, Forget, GiveUp, Restart, RestartPolicy, RestartRecord, Strategy, decide

STRATEGIES: tuple[Strategy, ...] = ("one_for_one", "one_for_all", "rest_for_one")


@dataclass(frozen=True)
class Kid:
    id: str
    restart: Literal["permanent", "transient", "temporary"] = "permanent"
    significant: bool = False


ABC = (Kid("a"), Kid("b"), Kid("c"))


def decide_crash(
    policy: RestartPolicy,
    kids: tuple[Kid, ...],
    child_id: str,
    record: RestartRecord | None = None,
    now: float = 0,
) -> tuple[RestartRecord, object]:
    return decide(policy, record or RestartRecord(), kids, child_id, is_abnormal=True, now=now, chance=0.0)


@pytest.mark.parametrize(
    ("strategy", "stop", "start"),
    [
        ("one_for_one", ("b",), ("b",)),
        ("one_for_all", ("c", "b", "a"), ("a", "b", "c")),
        ("rest_for_one", ("c", "b"), ("b", "c")),
    ],
)
def test_each_strategy_stops_in_reverse_and_starts_in_order(
    strategy: Strategy, stop: tuple[str, ...], start: tuple[str, ...]
) -> None:
    _, decision = decide_crash(RestartPolicy(strategy), ABC, "b")
    assert decision == Restart(stop, start, 0.0)


def test_a_temporary_sibling_is_stopped_with_its_group_and_not_started() -> None:
    kids = (Kid("a"), Kid("b", "temporary"), Kid("c"))
    _, decision = decide_crash(RestartPolicy("one_for_all"), kids, "a")
    assert decision == Restart(("c", "b", "a"), ("a", "c"), 0.0)


@pytest.mark.parametrize(
    ("restart", "is_abnormal", "is_restarted"),
    [
        ("permanent", False, True),
        ("permanent", True, True),
        ("transient", False, False),
        ("transient", True, True),
        ("temporary", False, False),
        ("temporary", True, False),
    ],
)
def test_the_restart_type_says_which_ends_lead_to_a_restart(
    restart: Literal["permanent", "transient", "temporary"], is_abnormal: bool, is_restarted: bool
) -> None:
    kids = (Kid("a", restart),)
    _, decision = decide(RestartPolicy(), RestartRecord(), kids, "a", is_abnormal=is_abnormal, now=0.0, chance=0.0)
    assert isinstance(decision, Restart if is_restarted else Forget)


def test_a_significant_child_ends_its_supervisor_only_when_it_is_not_restarted() -> None:
    kids = (Kid("a", "transient", significant=True),)
    _, decision = decide(RestartPolicy(), RestartRecord(), kids, "a", is_abnormal=False, now=0.0, chance=0.0)
    assert decision == Forget(end_supervisor=True)
    assert isinstance(decide_crash(RestartPolicy(), kids, "a")[1], Restart)


def test_more_restarts_than_the_intensity_within_the_period_give_up() -> None:
    policy = RestartPolicy(intensity=2, period=5.0)
    record = RestartRecord()
    seen = []
    for now in (0.0, 1.0, 4.9):
        record, decision = decide_crash(policy, ABC, "a", record, now)
        seen.append(type(decision))
    assert seen == [Restart, Restart, GiveUp]


def test_restarts_older_than_the_period_do_not_count() -> None:
    policy = RestartPolicy(intensity=2, period=5.0)
    record = RestartRecord()
    for now in (0.0, 1.0, 5.0, 6.0, 10.0):
        record, decision = decide_crash(policy, ABC, "a", record, now)
        assert isinstance(decision, Restart), now


def test_an_intensity_of_zero_gives_up_at_the_first_crash() -> None:
    assert isinstance(decide_crash(RestartPolicy(intensity=0), ABC, "a")[1], GiveUp)


def test_back_off_doubles_up_to_its_maximum_and_begins_again_after_a_quiet_time() -> None:
    policy = RestartPolicy(intensity=99, backoff=Backoff(1.0, 5.0, reset_after=10.0))
    record, now, delays = RestartRecord(), 0.0, []
    for _ in range(5):
        record, decision = decide_crash(policy, ABC, "a", record, now)
        assert isinstance(decision, Restart)
        delays.append(decision.delay)
        now += decision.delay + 1.0
    assert delays == [1.0, 2.0, 4.0, 5.0, 5.0]
    _, decision = decide_crash(policy, ABC, "a", record, now + 9.0)
    assert isinstance(decision, Restart)
    assert decision.delay == 1.0


def test_the_quiet_time_counts_from_when_the_child_was_due_up_not_from_its_crash() -> None:
    policy = RestartPolicy(intensity=99, backoff=Backoff(30.0, 60.0, reset_after=10.0))
    record, _ = decide_crash(policy, ABC, "a", now=0.0)
    _, decision = decide_crash(policy, ABC, "a", record, now=31.0)
    assert isinstance(decision, Restart)
    assert decision.delay == 60.0


def test_each_child_has_a_back_off_of_its_own_and_a_forgotten_one_has_none() -> None:
    policy = RestartPolicy(intensity=99, backoff=Backoff(1.0, 8.0))
    record, _ = decide_crash(policy, ABC, "a")
    _, other = decide_crash(policy, ABC, "b", record)
    _, forgotten = decide_crash(policy, ABC, "a", record.without("a"))
    assert isinstance(other, Restart)
    assert isinstance(forgotten, Restart)
    assert other.delay == forgotten.delay == 1.0


@given(
    minimum=st.floats(0, 100),
    span=st.floats(0, 1000),
    jitter=st.floats(0, 2),
    crashes=st.integers(0, 10_000),
    chance=st.floats(0, 1, exclude_max=True),
)
def test_back_off_stays_between_minimum_and_maximum_plus_jitter(
    minimum: float, span: float, jitter: float, crashes: int, chance: float
) -> None:
    backoff = Backoff(minimum, minimum + span, jitter)
    delay = backoff.delay(crashes, chance)
    assert minimum <= delay <= (minimum + span) * (1 + jitter)
    assert backoff.delay(crashes + 1, chance) >= delay


@given(
    strategy=st.sampled_from(STRATEGIES),
    restarts=st.lists(st.sampled_from(["permanent", "transient", "temporary"]), min_size=1, max_size=8),
    data=st.data(),
)
def test_a_restart_starts_exactly_the_stopped_ones_that_are_not_temporary(
    strategy: Strategy, restarts: list[Literal["permanent", "transient", "temporary"]], data: st.DataObject
) -> None:
    kids = tuple(Kid(str(number), restart) for number, restart in enumerate(restarts))
    crashed = data.draw(st.sampled_from(kids))
    _, decision = decide_crash(RestartPolicy(strategy), kids, crashed.id)
    if crashed.restart == "temporary":
        assert decision == Forget(end_supervisor=False)
        return
    assert isinstance(decision, Restart)
    stopped = tuple(reversed(decision.stop))
    assert stopped == tuple(kid.id for kid in kids if kid.id in stopped)
    assert decision.start == tuple(kid.id for kid in kids if kid.id in stopped and kid.restart != "temporary")
    assert crashed.id in decision.start


@pytest.mark.parametrize(
    "make",
    [
        lambda: Backoff(2.0, 1.0),
        lambda: Backoff(jitter=-1.0),
        lambda: RestartPolicy("all"),  # type: ignore[arg-type]
        lambda: RestartPolicy(intensity=-1),
        lambda: RestartPolicy(period=0.0),
    ],
)
def test_rules_that_make_no_sense_are_refused(make: object) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=r"need|none of"):
        make()


class IntensityMachine(RuleBasedStateMachine):
    """Crashes at any times: it gives up exactly when more than `intensity` fall within the period."""

    def __init__(self) -> None:
        super().__init__()
        self.policy = RestartPolicy(intensity=3, period=5.0)
        self.record = RestartRecord()
        self.crashes: list[float] = []
        self.now = 0.0

    @rule(wait=st.integers(0, 12), child=st.sampled_from(ABC))
    def crash(self, wait: int, child: Kid) -> None:
        self.now += wait / 2
        self.crashes.append(self.now)
        self.record, decision = decide_crash(self.policy, ABC, child.id, self.record, self.now)
        within = [at for at in self.crashes if self.now - at < 5.0]
        assert isinstance(decision, GiveUp) == (len(within) > 3)

    @rule(wait=st.integers(0, 12))
    def end_of_a_transient_child_does_not_count(self, wait: int) -> None:
        self.now += wait / 2
        kids = (Kid("t", "transient"),)
        self.record, decision = decide(self.policy, self.record, kids, "t", is_abnormal=False, now=self.now, chance=0.0)
        assert decision == Forget(end_supervisor=False)


TestIntensityMachine = IntensityMachine.TestCase
TestIntensityMachine.settings = settings(max_examples=60, deadline=None)
