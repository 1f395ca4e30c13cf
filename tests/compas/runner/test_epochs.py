"""The rule by which a runner knows its supervisor, and the record that it rests on."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compas.runner.epochs import RECORD, believe, read_epoch, record_epoch

epochs = st.integers(-(2**63), 2**64)
records = st.none() | st.integers(0, 2**63)


@given(st.lists(epochs), st.integers(1, 2**62), records)
def test_no_message_moves_a_runner(tolds: list[int], own: int, recorded: int | None) -> None:
    in_force = own if recorded is None else recorded
    held = own
    for told in (*tolds, in_force):
        held, refusal = believe(told, held=held, recorded=recorded)
        assert held == in_force
        assert (refusal == "") == (told == in_force), "the supervisor of the record is served, and nobody else"


@given(st.lists(st.tuples(epochs, records)), st.integers(1, 2**62), st.integers(1, 2**62))
def test_a_supervisor_that_has_written_itself_down_is_served_whatever_came_before(
    past: list[tuple[int, int | None]], own: int, new: int
) -> None:
    held = own
    for told, recorded in past:
        held, _ = believe(told, held=held, recorded=recorded)
    assert believe(new, held=held, recorded=new) == (new, "")


def test_a_refusal_says_what_was_claimed_and_what_holds() -> None:
    assert believe(3, held=2, recorded=5).refusal == "epoch 3 is over, this execution belongs to epoch 5"
    assert believe(9, held=2, recorded=None).refusal == "epoch 9 has not begun: the record says 2"


@pytest.mark.parametrize("epoch", [1, 42, 2**63 - 1])
def test_what_is_recorded_is_read(tmp_path: Path, epoch: int) -> None:
    record_epoch(tmp_path, 7)
    record_epoch(tmp_path, epoch)
    assert read_epoch(str(tmp_path)) == epoch
    assert [path.name for path in tmp_path.iterdir()] == [RECORD]


NO_NUMBERS = [b"", b"\n", b"-1\n", b"1.5", b"7 8", b"0x10", b"9" * 20, b"9" * 1_000_000, b"\xff\xfe", b"\xd9\xa3"]


def write(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


@pytest.mark.parametrize(
    "put",
    [*map(write, NO_NUMBERS), Path.mkdir, os.mkfifo, lambda path: path.symlink_to("elsewhere")],
)
def test_what_is_no_record_is_not_believed_and_the_next_one_takes_its_place(
    tmp_path: Path, put: Callable[[Path], object]
) -> None:
    (tmp_path / "elsewhere").write_text("99")
    put(tmp_path / RECORD)
    assert read_epoch(str(tmp_path)) is None
    if not (tmp_path / RECORD).is_dir():
        record_epoch(tmp_path, 7)
        assert read_epoch(str(tmp_path)) == 7
    assert (tmp_path / "elsewhere").read_text() == "99"


def test_what_was_left_of_a_record_that_was_never_finished_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("kept")
    (tmp_path / f"{RECORD}.new").symlink_to("elsewhere")
    record_epoch(tmp_path, 7)
    assert (read_epoch(str(tmp_path)), (tmp_path / "elsewhere").read_text()) == (7, "kept")
