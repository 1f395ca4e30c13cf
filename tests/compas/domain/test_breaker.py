"""The circuit breaker: when it opens, whom it lets through, and that it is never stuck."""

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from compas.domain import events as e
from compas.domain.breaker import COUNTED, Breaker, End, decide_breaker, evolve
from compas.domain.specs import BreakerSpec

NOON = 1_700_000_000.0
SPEC = BreakerSpec(failure_threshold=3, cooldown_secs=60)


class Bench:
    """A breaker and the log around it: executions end, the clock goes on, and it decides after each."""

    def __init__(self, spec: BreakerSpec = SPEC) -> None:
        self.spec = spec
        self.now = NOON
        self.position = 0
        self.ends: list[End] = []
        self.state = Breaker(backend="b")
        self.said: list[e.Event] = []

    def end(self, status: e.EndStatus = "failed", category: e.Category = "transient", **fields: object) -> str:
        """End an execution that was started just now, unless told otherwise; return where the breaker stands."""
        self.position += 1
        plain = End(position=self.position, status=status, category=category, began_at=self.now)
        self.ends.insert(0, msgspec.structs.replace(plain, **fields))
        return self.decide()

    def success(self) -> str:
        return self.end("completed", "")

    def decide(self) -> str:
        for draft in decide_breaker(self.state, tuple(self.ends), self.spec, self.now):
            self.position += 1
            recorded = e.Recorded(
                position=self.position,
                stream=draft.stream,
                version=self.state.version + 1,
                event=draft.event,
                at=self.now,
            )
            self.state = evolve(self.state, recorded)
            self.said.append(draft.event)
        return self.state.state(self.now)


# proves: a-core 115
def test_three_final_failures_open_it_until_the_cooldown_is_over() -> None:
    bench = Bench()
    assert [bench.end() for _ in range(3)] == ["closed", "closed", "open"]
    assert (bench.state.places(bench.now), bench.state.opened and bench.state.opened.until) == (0, NOON + 60)
    bench.now += 60
    assert (bench.decide(), bench.state.places(bench.now)) == ("half_open", 1)


# proves: a-core 116
def test_a_success_begins_the_count_anew() -> None:
    bench = Bench()
    for _ in range(4):
        assert [bench.end(), bench.end(), bench.success()] == ["closed"] * 3


# proves: a-core 118
def test_a_probe_that_fails_opens_it_again_and_one_that_succeeds_closes_it() -> None:
    bench = Bench()
    for _ in range(3):
        bench.end()
    bench.now += 61
    assert bench.end() == "open"
    assert bench.state.opened is not None
    assert bench.state.opened.until == bench.now + 60
    bench.now += 61
    assert bench.success() == "closed"
    assert [bench.end(), bench.end()] == ["closed"] * 2


# proves: a-core 119, a-core 102
@pytest.mark.parametrize(
    "fields",
    [
        {"is_final": False},
        {"category": "stale_session"},
        {"category": "agent_error"},
        {"category": "killed"},
        {"category": "unknown"},
        {"status": "timed_out", "category": "timeout"},
        {"status": "crashed", "category": "unknown"},
    ],
)
def test_what_says_nothing_about_the_backend_neither_opens_nor_locks_it(fields: dict[str, object]) -> None:
    bench = Bench()
    assert {bench.end(**fields) for _ in range(9)} == {"closed"}
    for _ in range(3):
        bench.end()
    bench.now += 61
    assert (bench.end(**fields), bench.state.places(bench.now)) == ("half_open", 1)


def test_failures_of_what_was_at_work_when_it_opened_say_nothing_new_and_their_success_closes_it() -> None:
    bench = Bench()
    for _ in range(3):
        bench.end()
    bench.now += 10
    assert bench.end(began_at=NOON - 5) == "open"
    bench.now += 55
    assert bench.end(began_at=NOON - 5) == "half_open"
    assert len(bench.said) == 1
    assert bench.end("completed", "", began_at=NOON - 5) == "closed"


def test_an_allowance_that_is_used_up_opens_it_at_once_for_as_long_as_the_backend_said() -> None:
    bench = Bench()
    assert bench.end(category="quota_exhausted", resets_at=NOON + 3600) == "open"
    bench.now += 3599
    assert bench.decide() == "open"
    bench.now += 1
    assert bench.decide() == "half_open"


def test_an_allowance_that_is_used_up_for_nobody_knows_how_long_opens_it_for_the_cooldown() -> None:
    bench = Bench()
    assert bench.end(category="quota_exhausted") == "open"
    bench.now += bench.spec.cooldown_secs
    assert bench.decide() == "half_open"


def test_switched_off_it_never_opens_and_an_open_one_closes() -> None:
    bench = Bench(BreakerSpec(enabled=False))
    assert {bench.end() for _ in range(9)} == {"closed"}
    bench = Bench()
    for _ in range(3):
        bench.end()
    bench.spec = BreakerSpec(enabled=False)
    assert bench.decide() == "closed"


def test_deciding_again_changes_nothing() -> None:
    bench = Bench()
    for _ in range(3):
        bench.end()
    said = len(bench.said)
    for _ in range(3):
        bench.decide()
        bench.now += 100
    assert len(bench.said) == said


ends = st.builds(
    End,
    position=st.just(0),
    status=st.sampled_from(["completed", "failed", "failed", "timed_out", "crashed"]),
    category=st.sampled_from(["", "transient", "quota_exhausted", "auth_failure", "agent_error"]),
    began_at=st.none() | st.sampled_from([NOON - 100, NOON + 70]),
    is_final=st.booleans(),
    resets_at=st.none() | st.just(NOON + 300),
)


@given(listed=st.lists(ends, max_size=8), is_open=st.booleans(), now=st.sampled_from([NOON, NOON + 100]))
def test_what_was_before_the_last_success_changes_nothing(listed: list[End], is_open: bool, now: float) -> None:
    opened = e.BreakerOpened(backend="b", failures=3, category="transient", until=NOON + 60) if is_open else None
    state = Breaker(backend="b", opened=opened)
    newest_first = [
        msgspec.structs.replace(end, position=position) for position, end in reversed([*enumerate(listed, 1)])
    ]
    good = next((place for place, end in enumerate(newest_first) if end.is_success), len(newest_first))
    read = tuple(newest_first[: good + 1])
    assert decide_breaker(state, read, SPEC, now) == decide_breaker(state, tuple(newest_first), SPEC, now)


class Lives(RuleBasedStateMachine):
    """Whatever ends in whatever order, a success makes it whole, and time alone lets somebody through."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench()
        self.failures = 0

    @rule(seconds=st.sampled_from([0.0, 1.0, 30.0, 60.0, 600.0]))
    def go_on(self, seconds: float) -> None:
        self.bench.now += seconds
        self.bench.decide()

    @rule(category=st.sampled_from(sorted(COUNTED)), resets=st.none() | st.sampled_from([1.0, 100.0]))
    def fail(self, category: e.Category, resets: float | None) -> None:
        self.failures += 1
        self.bench.end(category=category, resets_at=None if resets is None else self.bench.now + resets)

    @rule(category=st.sampled_from(["agent_error", "stale_session", "killed", "unknown"]))
    def fail_otherwise(self, category: e.Category) -> None:
        before = self.bench.state
        self.bench.end(category=category)
        assert self.bench.state == before

    @rule(ago=st.sampled_from([0.0, 50.0, 5000.0]))
    def succeed(self, ago: float) -> None:
        self.failures = 0
        assert self.bench.end("completed", "", began_at=self.bench.now - ago) == "closed"

    @invariant()
    def is_never_stuck(self) -> None:
        opened = self.bench.state.opened
        if opened is None:
            assert self.bench.state.places(self.bench.now) is None
        else:
            assert self.failures > 0
            assert self.bench.state.places(opened.until) == 1

    @invariant()
    def alternates(self) -> None:
        closed = [index for index, event in enumerate(self.bench.said) if isinstance(event, e.BreakerClosed)]
        assert all(isinstance(self.bench.said[index - 1], e.BreakerOpened) for index in closed)


TestLives = Lives.TestCase
