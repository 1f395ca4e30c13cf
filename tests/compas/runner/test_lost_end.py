"""A log whose end found no room: what is read of it later says so, and how much is missing."""

from pathlib import Path

from compas.runner import files
from compas.runner.log import Log
from compas.runner.messages import Exit
from compas.runner.reading import read_log, uncut_end
from tests.compas.runner.test_log import files_limited_to

LIMIT = 64 * 1024


def write_on_full_disk(directory: Path, room: int, *lines: bytes) -> Exit:
    """Write a log with so many bytes of room, and record the exit beside it."""
    with files.open_directory(directory) as descriptor:
        log = Log(descriptor, LIMIT)
        with files_limited_to(room):
            for line in lines:
                log.append(line)
            ending = log.finish()
        ended = Exit(
            kind="exited",
            exit_code=0,
            ended_at=1.0,
            log_bytes=ending.log_bytes,
            cut_at=ending.cut_at,
            cut_bytes=ending.cut_bytes,
            log_error=log.error,
        )
        files.write_new(descriptor, files.EXIT, ended)
    return ended


def test_what_is_read_after_a_full_disk_names_the_reason_and_the_size_of_the_gap(tmp_path: Path) -> None:
    ended = write_on_full_disk(tmp_path, 4, b"a\nb\n", b"0123456789\n", b"c\n")
    first = read_log(tmp_path)
    assert first is not None
    assert first.text == "a\nb\n"
    gap = read_log(tmp_path, first.next_offset)
    assert gap is not None
    assert gap.text == "[compas] 13 bytes are missing here: output.log could not be written: File too large\n"
    assert gap.next_offset == uncut_end(ended) == 17
    assert read_log(tmp_path, gap.next_offset) is None


def test_the_end_of_a_log_that_its_limit_has_cut_is_where_the_last_line_ends(tmp_path: Path) -> None:
    lines = [b"%d\n" % number for number in range(40_000)]
    with files.open_directory(tmp_path) as descriptor:
        log = Log(descriptor, LIMIT)
        for line in lines:
            log.append(line)
        ending = log.finish()
    ended = Exit(kind="exited", ended_at=1.0, **ending._asdict())
    assert uncut_end(ended) == sum(map(len, lines)) == log.end
