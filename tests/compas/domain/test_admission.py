"""Who may run: limits that are never exceeded, and a line in which nobody is passed over for long."""

import hypothesis.strategies as st
import msgspec
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from compas.domain.admission import Claim, Limits, Line, Restriction, enqueue, grant, leave, occupy, restriction_of


def claim(execution: str, agent: str = "dev", position: int = 0) -> Claim:
    return Claim(execution=execution, agent=agent, position=position)


def line_of(*claims: Claim) -> Line:
    line = Line()
    for each in claims:
        line = enqueue(line, each)
    return line


def names(granted: tuple[Claim, ...]) -> list[str]:
    return [each.execution for each in granted]


# proves: a-core 17
def test_an_agent_at_its_limit_waits_until_it_has_ended() -> None:
    limits = Limits(overall=5, per_agent=1)
    line, granted = grant(line_of(claim("a", position=1), claim("b", position=2)), limits)
    assert names(granted) == ["a"]
    line, granted = grant(line, limits)
    assert granted == ()
    _, granted = grant(leave(line, "a"), limits)
    assert names(granted) == ["b"]


# proves: a-core 18
def test_an_agent_at_its_limit_does_not_hold_up_those_behind_it() -> None:
    line = occupy(line_of(claim("old", "a", 1), claim("young", "b", 2)), claim("busy", "a", 0))
    line, granted = grant(line, Limits(overall=5, per_agent=1))
    assert names(granted) == ["young"]
    assert list(line.waiting) == ["old"]


# proves: a-core 19
def test_with_one_place_for_all_the_older_runs_and_the_other_stays_queued() -> None:
    line, granted = grant(line_of(claim("second", "b", 2), claim("first", "a", 1)), Limits(overall=1, per_agent=1))
    assert names(granted) == ["first"]
    assert list(line.waiting) == ["second"]


def test_an_agents_own_limit_goes_before_that_of_all() -> None:
    limits = Limits(overall=9, per_agent=1, of_agent={"dev": 2})
    line = line_of(*(claim(f"{agent}{n}", agent, n) for n in range(3) for agent in ("dev", "lead")))
    assert sorted(names(grant(line, limits)[1])) == ["dev0", "dev1", "lead0"]


def test_asking_twice_or_while_running_gives_no_second_place() -> None:
    limits = Limits(overall=5, per_agent=5)
    line, granted = grant(line_of(claim("a"), claim("a")), limits)
    assert names(granted) == ["a"]
    assert grant(enqueue(line, claim("a")), limits)[1] == ()


def test_what_was_found_alive_counts_though_there_is_no_room_for_it() -> None:
    line = occupy(occupy(Line(), claim("x")), claim("y"))
    line, granted = grant(enqueue(line, claim("z", "lead")), Limits(overall=1, per_agent=1))
    assert granted == ()
    assert names(grant(leave(line, "x"), Limits(overall=1, per_agent=1))[1]) == []
    assert names(grant(leave(leave(line, "x"), "y"), Limits(overall=1, per_agent=1))[1]) == ["z"]


def test_a_place_that_is_taken_up_is_no_longer_waited_for() -> None:
    line = occupy(line_of(claim("a"), claim("b")), claim("a"))
    assert (list(line.waiting), list(line.running)) == (["b"], ["a"])
    assert leave(line, "unknown") == line


def on(backend: str, execution: str, position: int = 0) -> Claim:
    return Claim(execution=execution, agent="dev", position=position, backend=backend)


# proves: a-core 120
def test_a_backend_whose_breaker_is_open_waits_and_holds_up_no_other() -> None:
    line = line_of(on("a", "first", 1), on("b", "second", 2))
    _, granted = grant(line, Limits(overall=5, per_agent=5), {"a": Restriction(places=0)})
    assert names(granted) == ["second"]


def test_a_half_open_breaker_lets_one_in_at_a_time_beside_those_that_were_there_before() -> None:
    line = occupy(line_of(on("a", "first", 1), on("a", "second", 2)), on("a", "old"))
    restrictions = {"a": msgspec.structs.replace(restriction_of(line, "a", 0), places=1)}
    limits = Limits(overall=5, per_agent=5)
    line, granted = grant(line, limits, restrictions)
    assert names(granted) == ["first"]
    assert grant(line, limits, restrictions)[1] == ()
    assert names(grant(leave(line, "first"), limits, restrictions)[1]) == ["second"]


class AdmissionMachine(RuleBasedStateMachine):
    """Executions come, are let in, are found alive and leave in any order, also twice. What always holds:

    * Limits: letting in never exceeds a limit; only what was found alive may.
    * Once: nobody is let in who did not wait, and nobody twice.
    * Order: whoever was passed over by a younger one had no room of its own at that moment.
    * Nobody starves: after letting in, whoever still waits finds its agent, or everything, full.
    * When all that run have left, those who wait come in by themselves, until nobody waits.
    """

    def __init__(self) -> None:
        super().__init__()
        self.line = Line()
        self.limits = Limits(overall=3, per_agent=1, of_agent={"b": 2})
        self.admitted: set[str] = set()
        self.adopted: set[str] = set()
        self.names = 0

    @rule(agent=st.sampled_from("abc"), position=st.integers(0, 20))
    def arrive(self, agent: str, position: int) -> None:
        self.names += 1
        self.line = enqueue(self.line, claim(f"x{self.names}", agent, position))

    @rule(agent=st.sampled_from("abc"))
    def is_found_alive(self, agent: str) -> None:
        self.names += 1
        self.adopted.add(f"x{self.names}")
        self.line = occupy(self.line, claim(f"x{self.names}", agent, self.names))

    @rule(number=st.integers(1, 30))
    def leave(self, number: int) -> None:
        self.line = leave(self.line, f"x{number}")

    @rule(number=st.integers(1, 30))
    def ask_again(self, number: int) -> None:
        for known in (self.line.waiting, self.line.running):
            if f"x{number}" in known:
                before = self.line
                self.line = enqueue(self.line, known[f"x{number}"])
                assert self.line == before

    @rule(overall=st.integers(1, 4), per_agent=st.integers(1, 2))
    def the_limits_change(self, overall: int, per_agent: int) -> None:
        self.limits = Limits(overall=overall, per_agent=per_agent, of_agent={"b": 2})

    @rule()
    def let_in(self) -> None:
        before = self.line
        self.line, granted = grant(before, self.limits)
        room = before
        for one in granted:
            assert one.execution in before.waiting
            assert one.execution not in self.admitted
            assert self.has_room(room, one.agent)
            older = [other for other in room.waiting.values() if other.position < one.position]
            assert not any(self.has_room(room, other.agent) for other in older)
            self.admitted.add(one.execution)
            room = occupy(room, one)
        assert room == self.line
        assert not any(self.has_room(self.line, other.agent) for other in self.line.waiting.values())

    def has_room(self, line: Line, agent: str) -> bool:
        busy = sum(other.agent == agent for other in line.running.values())
        return len(line.running) < self.limits.overall and busy < self.limits.for_agent(agent)

    @invariant()
    def nobody_waits_and_runs(self) -> None:
        assert not set(self.line.waiting) & set(self.line.running)
        assert set(self.line.running) <= self.admitted | self.adopted

    def teardown(self) -> None:
        for _ in range(len(self.line.waiting) + 1):
            for running in list(self.line.running):
                self.line = leave(self.line, running)
            self.let_in()
        assert self.line.waiting == {}


AdmissionMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestAdmissionMachine = AdmissionMachine.TestCase
