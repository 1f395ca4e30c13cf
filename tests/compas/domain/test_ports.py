"""Leases of ports: whatever is asked for, in whatever order, no port is two worktrees' at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compas.api.advice import in_commands
from compas.domain import events as e
from compas.domain.decision import Refusal
from compas.domain.ports import FIRST, LAST, Leases, candidates, decide_lease, decide_release, evolve, missing

OWNERS = st.tuples(st.sampled_from(["t1", "t2", "t3"]), st.sampled_from(["/a", "/b"]))
LEASE = st.tuples(st.just("lease"), OWNERS, st.integers(0, 5))
RELEASE = st.tuples(st.just("release"), OWNERS, st.just(0))
FEW = range(FIRST, FIRST + 12)
"""So few that they run out."""


def play(state: Leases, decision: object) -> Leases:
    assert isinstance(decision, tuple)
    for draft in decision:
        recorded = e.Recorded(position=1, stream=draft.stream, version=state.version + 1, event=draft.event, at=0.0)
        assert draft.stream == e.PORTS_STREAM
        state = evolve(state, recorded)
    return state


@given(st.lists(LEASE | RELEASE, max_size=40), st.sets(st.sampled_from(FEW)), st.integers(0, 11))
def test_no_port_is_ever_leased_twice_nor_one_that_somebody_uses(
    steps: list[tuple[str, tuple[str, str], int]], used: set[int], begin: int
) -> None:
    state, had = Leases(), dict[tuple[str, str], tuple[int, ...]]()
    for kind, owner, count in steps:
        if kind == "release":
            state = play(state, decide_release(state, owner))
            had.pop(owner, None)
            assert decide_release(state, owner) == ()
            continue
        free = [port for port in candidates(state, begin) if port in FEW and port not in used]
        decision = decide_lease(state, owner, count, free)
        if isinstance(decision, Refusal):
            assert missing(state, owner, count) > len(free)
            assert "are free" in in_commands(decision.message)
        else:
            state = play(state, decision)
            assert len(state.held.get(owner, ())) >= count
            assert decide_lease(state, owner, count, []) == ()
        # What somebody has is neither taken away nor exchanged.
        assert state.held.get(owner, ())[: len(had.get(owner, ()))] == had.get(owner, ())
        had = dict(state.held)
        leased = [port for ports in state.held.values() for port in ports]
        assert len(leased) == len(set(leased))
        assert not used & set(leased)


def test_candidates_go_around_once_and_leave_out_what_is_leased() -> None:
    state = play(Leases(), decide_lease(Leases(), ("t1", "/a"), 2, [FIRST, LAST]))
    found = list(candidates(state, LAST - FIRST))
    assert found[0] == FIRST + 1
    assert sorted(found) == list(range(FIRST + 1, LAST))


def test_an_event_of_another_stream_is_a_bug_of_the_caller() -> None:
    opened = e.Recorded(position=1, stream="thread:t", version=1, event=e.ThreadOpened(thread="t"), at=0.0)
    with pytest.raises(ValueError, match="not about ports"):
        evolve(Leases(), opened)
