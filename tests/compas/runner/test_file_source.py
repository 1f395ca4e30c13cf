import os
from pathlib import Path

import pytest

from compas.runner import files
from compas.runner.file_source import BACKLOG_LIMIT_BYTES, FileSource, open_output_file
from compas.runner.log import Log
from compas.runner.output import Recorder

pytestmark = pytest.mark.system


def test_an_agent_far_ahead_of_the_reader_has_output_skipped_and_counted(tmp_path: Path) -> None:
    with files.open_directory(tmp_path) as directory:
        log = Log(directory, 1 << 20)
        output = open_output_file(directory)
        source = FileSource(os.dup(output), Recorder("stdout", log, list))
        os.write(output, b"first\n")
        source.read_some()
        # A hole stands for what the agent wrote meanwhile: it costs no space.
        os.ftruncate(output, BACKLOG_LIMIT_BYTES + 10_000)
        os.write(output, b"\nlast\n")
        source.finish()
        log.finish()
    first, note, last = (tmp_path / files.LOG).read_text().splitlines()
    assert (first, last) == ("first", "last")
    assert "were skipped" in note
    assert source.skipped_bytes == BACKLOG_LIMIT_BYTES + 10_000 + 1 - len("first\n")


def test_space_is_given_back_behind_the_reader(tmp_path: Path) -> None:
    with files.open_directory(tmp_path) as directory:
        log = Log(directory, 1 << 16)
        output = open_output_file(directory)
        source = FileSource(os.dup(output), Recorder("stdout", log, list))
        for _ in range(8):
            os.write(output, b"x" * 999_999 + b"\n")
            while source.read_some():
                pass
        size = os.fstat(output)
        assert size.st_size == 8_000_000
        assert size.st_blocks * 512 < 3_000_000
        source.finish()


def test_the_output_file_has_no_name(tmp_path: Path) -> None:
    with files.open_directory(tmp_path) as directory:
        output = open_output_file(directory)
        assert os.fstat(output).st_nlink == 0
        assert list(tmp_path.iterdir()) == []
        os.close(output)
