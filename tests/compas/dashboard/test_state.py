"""What is folded from events is what the supervisor itself would say, whatever comes in whatever order."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compas.api.advice import in_commands
from compas.api.history import LogEvent
from compas.api.threads import StatusResponse
from compas.dashboard.board import KEPT_THREADS, Board
from compas.dashboard.selection import Selection, moved
from compas.dashboard.selection import settled as settle
from compas.dashboard.state import DetailsRead, Greeted, HealthRead, Lost, Opened, Update, evolve
from compas.dashboard.tabs.ops.ops_tab import Ops
from compas.dashboard.tabs.ops.placing import placed_threads
from compas.dashboard.tabs.ops.sections import Section, rows_of, sections_of
from compas.dashboard.tabs.tab import Look, Narrowed
from compas.dashboard.widgets.listing import Listing
from compas.domain import events as e
from tests.kit.dashboard.played_supervisor import NOW, agent, executing, health, logged, row, settled

THREADS = ("a", "b", "c")
OPS = ("o1", "o2")

_messages = st.builds(
    e.MessagePosted,
    message=st.just("m"),
    sender=st.sampled_from(["operator", "dev"]),
    recipient=st.sampled_from(["dev", "operator"]),
    intent=st.sampled_from(["dispatch", "response", "review-request"]),
    body=st.text(max_size=8),
)
_run = st.sampled_from(["x1", "x2"])
_thread_events = st.one_of(
    st.builds(
        e.ThreadOpened,
        thread=st.just("a"),
        summary=st.none() | st.text(max_size=5),
        answers_to=st.sampled_from([None, "lead"]),
    ),
    _messages,
    st.builds(
        e.ExecutionQueued,
        execution=_run,
        message=st.just("m"),
        agent=st.just("dev"),
        backend=st.just("b"),
        attempt=st.integers(0, 2),
        not_before=st.none() | st.just(NOW + 50),
    ),
    st.builds(e.ExecutionRequested, execution=_run, workdir=st.just("w")),
    st.builds(e.ExecutionStarted, execution=_run, pid=st.just(1), started_at=st.just(NOW)),
    st.builds(
        e.ExecutionEnded,
        execution=_run,
        status=st.sampled_from(["completed", "failed", "timed_out", "crashed"]),
        error=st.text(max_size=5),
        verdict=st.sampled_from(["approve", "request_changes", ""]),
    ),
    st.builds(e.ExecutionCancelled, execution=_run, reason=st.just("r")),
    st.builds(e.ExecutionStopped, execution=_run),
    st.builds(e.ThreadClosed, status=st.sampled_from(["Completed", "Failed"]), by=st.just("operator")),
    st.builds(e.ThreadFailed, execution=_run),
    st.builds(e.ThreadAbandoned, by=st.just("operator")),
    st.builds(e.ThreadReopened, previous=st.just("Completed"), by=st.just("operator")),
)
_merge_events = st.one_of(
    st.builds(
        e.MergeQueued,
        op=st.sampled_from(OPS),
        thread=st.sampled_from(THREADS),
        repository=st.just("/r"),
        source=st.just("s"),
        target=st.just("main"),
        strategy=st.just("merge"),
        requested_by=st.just("operator"),
        message=st.just("m"),
        source_tip=st.just("c"),
    ),
    st.builds(e.MergeStarted, op=st.sampled_from(OPS)),
    st.builds(e.MergeCompleted, op=st.sampled_from(OPS), new_commit=st.just("c"), summary=st.just("s")),
    st.builds(e.MergeFailed, op=st.sampled_from(OPS), code=st.just("conflict"), reason=st.just("r")),
)
_events = st.one_of(
    st.tuples(st.sampled_from([e.thread_stream(name) for name in THREADS]), _thread_events),
    st.tuples(st.just(e.merge_stream("/r", "main")), _merge_events),
    st.tuples(st.just("supervisor"), st.just(e.SupervisorStarted(pid=1, boot_id="b", version="1"))),
    st.tuples(st.just("supervisor"), st.builds(e.ConfigLoaded, digest=st.just("d"), waiting=st.just(("state_dir",)))),
    st.tuples(st.just("supervisor"), st.just(e.ConfigRefused(digest="", errors=("no such file",)))),
)
_statuses = st.lists(
    st.builds(executing, st.sampled_from(THREADS)) | st.builds(settled, st.sampled_from(THREADS)),
    max_size=3,
    unique_by=lambda one: one.thread_id,
)
_others = st.one_of(
    st.just(Greeted(state="recovering")),
    st.just(Lost(reason="gone", at=NOW)),
    st.just(HealthRead(health=health(agents=(agent("other"),)))),
    st.builds(
        lambda rows, events: Opened(
            health=health(events=events, places=3), status=StatusResponse(threads=tuple(rows), total=len(rows))
        ),
        _statuses,
        st.integers(0, 30),
    ),
)


def updates(found: Sequence[tuple[str, e.Event] | Update]) -> list[Update]:
    numbered = enumerate(found, 1)
    return [logged(number, *one, at=NOW + number) if isinstance(one, tuple) else one for number, one in numbered]


def listed(board: Board, now: float) -> tuple[Section, ...]:
    return sections_of(board, placed_threads(board, now, {}), now, Narrowed())


def opened(*rows: object, events: int = 0) -> Board:
    status = StatusResponse(threads=tuple(rows), total=len(rows))  # type: ignore[arg-type]
    return evolve(Board(), Opened(health=health(events=events, places=3), status=status))


@given(st.lists(_events | _others, max_size=30), st.lists(st.integers(-3, 3), min_size=30, max_size=30))
def test_whatever_happens_every_row_stands_once_and_one_of_them_is_selected(
    found: list[tuple[str, e.Event] | Update], moves: list[int]
) -> None:
    board, selection, listing = Board(), Selection(), Listing()
    for update, by in zip(updates(found), moves, strict=False):
        board = evolve(board, update)
        keys = [one.key for one in rows_of(listed(board, NOW))]
        assert len(keys) == len(set(keys))
        assert {key for key in keys if key.startswith("thread:")} == {f"thread:{name}" for name in board.threads}
        before = selection
        selection = settle(selection, keys)
        assert (selection.key in keys) == bool(keys)
        if before.key in keys:
            assert selection.key == before.key
        selection = moved(selection, keys, by)
        listing.settle(keys)
        listing.move(by)
        blocks = Ops().view(board, NOW, Narrowed()).blocks(80, NOW, Look(selected=listing.selected))
        for height in (5, 12, 40):
            lines = listing.window(blocks, 80, height)
            assert len(lines) <= height
            if listing.selected and board.health is not None:
                assert listing.selected in [line.key for line in lines]


@given(st.lists(_events, max_size=25), st.integers(0, 25), st.integers(0, 25))
def test_reading_again_in_the_middle_of_the_events_changes_nothing_of_where_threads_stand(
    found: list[tuple[str, e.Event]], read_at: int, heard_from: int
) -> None:
    """A snapshot that has the first n events in it, and then all events since long before, come to the same."""
    every = [update for update in updates(found) if isinstance(update, LogEvent)]
    throughout = opened()
    for update in every:
        throughout = evolve(throughout, update)
    snapshot = opened()
    for update in every[:read_at]:
        snapshot = evolve(snapshot, update)
    rows = tuple(reversed(snapshot.threads.values()))
    again = evolve(
        Board(),
        Opened(health=health(events=min(read_at, len(every)), places=3), status=StatusResponse(threads=rows, total=1)),
    )
    for update in every[min(heard_from, read_at) :]:
        again = evolve(again, update)
    assert dict(again.threads) == dict(throughout.threads)


def test_events_from_before_the_reading_tell_of_merges_and_titles_only() -> None:
    board = opened(settled("a"), events=10)
    posted = e.MessagePosted(message="m", sender="o", recipient="dev", intent="dispatch", body="\n# Title \nmore")
    board = evolve(board, logged(4, "thread:a", posted))
    board = evolve(board, logged(5, "thread:a", e.ThreadAbandoned(by="operator")))
    assert board.threads["a"].thread_status == "Active"
    assert board.titles == {"a": "# Title"}


def test_what_is_not_the_newest_execution_moves_nothing() -> None:
    board = opened(executing("a"))
    board = evolve(board, logged(1, "thread:a", e.ExecutionEnded(execution="older", status="failed")))
    assert board.threads["a"].execution_status == "executing"


def test_only_so_many_threads_are_kept() -> None:
    board = opened(*(row(f"t{number}", thread_status="Completed") for number in range(KEPT_THREADS)))
    board = evolve(board, logged(1, "thread:new", e.ThreadOpened(thread="new")))
    assert len(board.threads) == KEPT_THREADS
    assert "new" in board.threads
    assert board.total == KEPT_THREADS + 1


def test_what_needs_somebody_is_not_forgotten_for_what_has_ended() -> None:
    others = (row(f"t{number}", thread_status="Completed") for number in range(KEPT_THREADS - 1))
    board = opened(*others, settled("waits", updated_at=NOW - 86_400))
    for number in range(50):
        board = evolve(board, logged(number + 1, f"thread:new{number}", e.ThreadOpened(thread=f"new{number}")))
    assert len(board.threads) == KEPT_THREADS
    assert "waits" in board.threads
    assert "new49" in board.threads


def merged(op: str, at: float, *events: e.Event, thread: str = "a", target: str = "main") -> list[LogEvent]:
    queued = e.MergeQueued(
        op=op,
        thread=thread,
        repository="/r",
        source="s",
        target=target,
        strategy="merge",
        requested_by="o",
        message="m",
        source_tip="c",
    )
    return [logged(1, e.merge_stream("/r", target), event, at) for event in (queued, *events)]


def placed(board: Board) -> list[tuple[str, str]]:
    return [(section.title, row.word) for section in listed(board, NOW) for row in section.rows]


def test_an_answer_that_another_agent_gets_needs_nobody_until_the_operator_asks_there_himself() -> None:
    joined = opened(settled("a", answers_to="lead", verdict="approve"))
    assert placed(joined) == [("Recently finished", "approved")]
    assert placed(opened(settled("a", verdict="approve"))) == [("Needs you", "approved")]
    asks = e.MessagePosted(message="m", sender="operator", recipient="dev", intent="dispatch", body="And this?")
    assert placed(evolve(joined, logged(1, "thread:a", asks))) == [("Needs you", "approved")]
    failed = opened(settled("a", answers_to="lead", execution_status="failed", thread_status="Failed"))
    assert placed(failed) == [("Needs you", "failed")]


@pytest.mark.parametrize(
    ("review", "word", "said"),
    [
        ("approved", "approved", "compas merge a"),
        ("changes_requested", "changes due", "changes were requested"),
        ("changed_since_the_approval", "changed", "changed since the approval"),
        ("changed_since_the_review", "changed", "changed since the review"),
        ("no_snapshot", "unrecorded", "its work could not be recorded"),
        ("not_reviewed", "answered", "not reviewed"),
        (None, "answered", "compas close a"),
    ],
)
def test_a_thread_that_has_answered_shows_how_it_stands_to_its_review(review: str | None, word: str, said: str) -> None:
    board = opened(settled("a", review=review))
    (shown,) = (row for section in listed(board, NOW) for row in section.rows)
    assert shown.word == word
    assert said in f"{shown.reason} {in_commands(shown.what_now)}"


def test_a_review_that_is_read_again_takes_the_place_of_the_one_before() -> None:
    board = opened(settled("a", review="approved"), settled("b", review="not_reviewed"))
    again = (settled("a", review="changed_since_the_approval", execution_status="failed"), settled("gone"))
    read = evolve(board, DetailsRead(status=StatusResponse(threads=again, total=2)))
    assert read.threads["a"].execution_status == "completed", "where it stands, events tell"
    assert {name: row.review for name, row in read.threads.items()} == {
        "a": "changed_since_the_approval",
        "b": "not_reviewed",
    }


def shown_merges(found: list[LogEvent], now: float) -> list[str]:
    board = opened(settled("a"))
    for event in found:
        board = evolve(board, event)
    return [one.key for one in rows_of(listed(board, now)) if one.key.startswith("merge:")]


# proves: c-config-dashboard 104
def test_a_failed_merge_is_hidden_by_the_success_of_the_same_one_only() -> None:
    failed = merged("o1", NOW, e.MergeFailed(op="o1", code="conflict", reason="r"))
    same = merged("o2", NOW, e.MergeCompleted(op="o2", new_commit="c", summary="s"))
    other = merged("o3", NOW, e.MergeCompleted(op="o3", new_commit="c", summary="s"), target="next")
    earlier = merged("o0", NOW - 1, e.MergeCompleted(op="o0", new_commit="c", summary="s"))
    assert shown_merges(failed + same, NOW) == ["merge:o2"]
    assert shown_merges(failed + other, NOW) == ["merge:o1", "merge:o3"]
    assert shown_merges(earlier + failed, NOW) == ["merge:o1", "merge:o0"]


# proves: c-config-dashboard 105
def test_a_completed_merge_is_shown_for_600_seconds_and_a_failed_one_for_1800() -> None:
    done = merged("o1", NOW, e.MergeCompleted(op="o1", new_commit="c", summary="s"))
    failed = merged("o2", NOW, e.MergeFailed(op="o2", code="conflict", reason="r"))
    waiting = merged("o3", NOW)
    assert (shown_merges(done, NOW + 599), shown_merges(done, NOW + 600)) == (["merge:o1"], [])
    assert (shown_merges(failed, NOW + 1799), shown_merges(failed, NOW + 1800)) == (["merge:o2"], [])
    assert shown_merges(waiting, NOW + 86_400) == ["merge:o3"]


def test_a_lost_connection_keeps_what_was_known_and_since_when() -> None:
    board = evolve(opened(executing("a")), Lost(reason="killed", at=NOW))
    board = evolve(board, Greeted(state="ready"))
    board = evolve(board, Lost(reason="killed again", at=NOW + 9))
    assert (board.link, board.trouble, board.lost_at) == ("lost", "killed again", NOW)
    assert msgspec.to_builtins(board.threads["a"])["execution_status"] == "executing"


@given(
    st.lists(_events | _others, max_size=30), st.lists(st.sampled_from([0, 1, 60, 90_000]), min_size=30, max_size=30)
)
def test_rows_taken_from_the_view_before_are_those_that_would_be_made_now(
    found: list[tuple[str, e.Event] | Update], waits: list[int]
) -> None:
    board, now, before = Board(), NOW, Ops().view(Board(), NOW, Narrowed())
    for update, wait in zip(updates(found), waits, strict=False):
        board, now = evolve(board, update), now + wait
        before = Ops().view(board, now, Narrowed(), before)
        assert before.rows == Ops().view(board, now, Narrowed()).rows
