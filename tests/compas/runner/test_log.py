import contextlib
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compas.runner import files
from compas.runner.log import Log, Piece
from compas.runner.logformat import cut_notice
from compas.runner.messages import Exit
from compas.runner.reading import read_log

LIMIT = 64 * 1024
batches = st.lists(
    st.tuples(st.integers(1, 40), st.sampled_from([1, 10, 300, 2000, 7000])).map(
        lambda drawn: b"".join(b"%06d%s\n" % (index, b"x" * drawn[1]) for index in range(drawn[0]))
    ),
    max_size=25,
)


def read_all(log: Log, offset: int) -> list[Piece]:
    pieces = []
    while (piece := log.read(offset)) is not None:
        assert piece.offset == offset
        assert piece.content.endswith(b"\n")
        pieces.append(piece)
        offset = piece.next_offset
    return pieces


def assert_is_the_log(pieces: list[Piece], whole: bytes) -> None:
    """Every piece is what was appended there, or one notice that counts exactly what it stands for."""
    for piece in pieces:
        expected = whole[piece.offset : piece.next_offset]
        assert piece.content in (expected, cut_notice(len(expected)).encode())


@settings(max_examples=40, deadline=None)
@given(batches, st.data())
def test_whatever_is_read_live_or_at_the_end_or_from_disk_is_what_was_appended(
    tmp_path_factory: pytest.TempPathFactory, appended: list[bytes], data: st.DataObject
) -> None:
    directory = tmp_path_factory.mktemp("log")
    whole = b""
    boundaries = [0]
    with files.open_directory(directory) as descriptor:
        log = Log(descriptor, LIMIT)
        for content in appended:
            assert_is_the_log(read_all(log, data.draw(st.sampled_from(boundaries))), whole)
            log.append(content)
            whole += content
            boundaries.append(len(whole))
            assert log.end == len(whole)
        start = data.draw(st.sampled_from(boundaries))
        live = read_all(log, start)
        assert_is_the_log(live, whole)
        ending = log.finish()
        assert read_all(log, start) == live
        assert ending.log_bytes <= LIMIT + 7000 + len(cut_notice(len(whole)))
        assert ending.cut_bytes == 0 or len(whole) > LIMIT * 7 // 8
        ended = Exit(
            kind="exited",
            ended_at=0.0,
            log_bytes=ending.log_bytes,
            cut_at=ending.cut_at,
            cut_bytes=ending.cut_bytes,
        )
        files.write_new(descriptor, files.EXIT, ended)
    assert from_disk(directory, start) == b"".join(piece.content for piece in live)
    if whole:
        assert (directory / files.LOG).read_bytes() == from_disk(directory, 0)


def from_disk(directory: Path, offset: int) -> bytes:
    text = ""
    while (chunk := read_log(directory, offset)) is not None:
        text += chunk.text
        offset = chunk.next_offset
    return text.encode()


def test_the_head_and_the_end_are_kept_and_one_line_counts_what_is_missing(tmp_path: Path) -> None:
    lines = b"".join(b"%07d\n" % number for number in range(50_000))
    with files.open_directory(tmp_path) as descriptor:
        log = Log(descriptor, LIMIT)
        log.append(lines)
        ending = log.finish()
    content = (tmp_path / files.LOG).read_bytes()
    notice = cut_notice(ending.cut_bytes).encode()
    head, end = content.split(notice)
    assert lines.startswith(head)
    assert lines.endswith(end)
    assert len(head) == ending.cut_at == LIMIT - LIMIT // 8
    assert LIMIT // 16 < len(end) <= LIMIT // 8
    assert len(head) + ending.cut_bytes + len(end) == len(lines)


@contextlib.contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """Make writes beyond `size` fail, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_log_on_a_full_disk_holds_whole_lines_and_the_rest_is_still_served(tmp_path: Path) -> None:
    with files.open_directory(tmp_path) as descriptor:
        log = Log(descriptor, LIMIT)
        with files_limited_to(10):
            log.append(b"a\nb\n")
            log.append(b"0123456789\n")
            log.append(b"c\n")
            assert b"".join(piece.content for piece in read_all(log, 0)) == b"a\nb\n0123456789\nc\n"
            ending = log.finish()
    assert (tmp_path / files.LOG).read_bytes() == b"a\nb\n"
    assert (ending.log_bytes, ending.cut_at, ending.cut_bytes) == (4, 4, 13)
    assert log.error is not None


def test_a_disk_that_has_room_again_at_the_end_gets_the_rest(tmp_path: Path) -> None:
    with files.open_directory(tmp_path) as descriptor:
        log = Log(descriptor, LIMIT)
        with files_limited_to(2):
            log.append(b"a\nb\n")
        log.append(b"c\n")
        ending = log.finish()
    assert (tmp_path / files.LOG).read_bytes() == b"a\nb\nc\n"
    assert ending.cut_bytes == 0


def test_what_stands_in_the_log_s_place_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("mine")
    (tmp_path / files.LOG).symlink_to("other")
    with files.open_directory(tmp_path) as descriptor:
        log = Log(descriptor, LIMIT)
        log.append(b"a\n")
        assert [piece.content for piece in read_all(log, 0)] == [b"a\n"]
        assert log.finish().log_bytes == 0
    assert (tmp_path / "other").read_text() == "mine"
