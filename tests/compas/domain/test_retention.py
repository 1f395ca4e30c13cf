"""Nothing that anybody still needs is ever chosen, and what nobody needs goes when its time is over."""

from hypothesis import given
from hypothesis import strategies as st

from compas.domain.retention import ExecutionStanding, RecordedSnapshot, records_to_remove, snapshots_to_archive

NOW = 1000.0
KEEP = 100.0
times = st.floats(0, 2 * NOW)
standings = st.builds(
    ExecutionStanding,
    execution=st.sampled_from([f"x{n}" for n in range(12)]),
    ended_at=st.none() | times,
    is_settled=st.booleans(),
)
snapshots = st.builds(
    RecordedSnapshot,
    execution=st.sampled_from([f"x{n}" for n in range(12)]),
    repository=st.sampled_from(["/a", "/b"]),
    commit=st.sampled_from("cde"),
    thread_status=st.sampled_from(["Active", "Completed", "Abandoned", "Failed"]),
    since=times,
    has_worktree=st.booleans(),
    is_at_work=st.booleans(),
)


@given(
    st.dictionaries(st.sampled_from([f"x{n}" for n in range(15)]), st.booleans()),
    st.lists(standings, max_size=12, unique_by=lambda one: one.execution),
)
def test_files_of_what_runs_is_unknown_or_has_its_log_are_never_chosen(
    has_log: dict[str, bool], known: list[ExecutionStanding]
) -> None:
    removed, due = records_to_remove(has_log, known, KEEP, NOW)
    by_name = {one.execution: one for one in known}
    for name, is_there in has_log.items():
        one = by_name.get(name)
        may_go = not is_there and one is not None and one.is_settled and one.ended_at is not None
        is_old = one is not None and one.ended_at is not None and one.ended_at + KEEP <= NOW
        assert (name in removed) == (may_go and is_old)
        if may_go and not is_old:
            assert one is not None
            assert one.ended_at is not None
            assert NOW < due <= one.ended_at + KEEP
    assert set(removed) <= set(has_log)


@given(st.lists(snapshots, max_size=12, unique_by=lambda one: one.execution))
def test_snapshots_of_an_open_thread_or_beside_a_branch_are_never_chosen(found: list[RecordedSnapshot]) -> None:
    chosen, due = snapshots_to_archive(found, KEEP, NOW)
    for one in found:
        has_ended = one.thread_status in ("Completed", "Abandoned")
        may_go = has_ended and not one.has_worktree and not one.is_at_work
        is_chosen = chosen.get(one.repository, {}).get(one.execution) == one.commit
        assert is_chosen == (may_go and one.since + KEEP <= NOW)
        if may_go and not is_chosen:
            assert NOW < due <= one.since + KEEP
    assert sum(map(len, chosen.values())) <= len(found)


def test_the_files_that_are_oldest_go_first() -> None:
    known = [ExecutionStanding(execution=name, ended_at=at, is_settled=True) for name, at in (("b", 2.0), ("a", 1.0))]
    assert records_to_remove({"a": False, "b": False}, known, KEEP, NOW) == (("a", "b"), float("inf"))
