"""Reads what an agent CLI was recorded saying, or what a test says in its place, as an execution does."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from compas.backends.backend import Answer, ExitStatus, OutputReader, Progress, StreamName
from tests.kit.places import TRANSCRIPTS

FIRST = "00000000-0000-4000-8000-000000000001"
"""The name of the first conversation in every transcript whose CLI names them so."""

Line = tuple[StreamName, str]


class Read(NamedTuple):
    """What became of some output."""

    answer: Answer
    progress: list[Progress]

    def told(self) -> list[tuple[str, str, str | None]]:
        return [(each.kind, each.summary, each.tool) for each in self.progress if each.kind != "usage"]

    def kinds(self) -> list[str]:
        return [each.kind for each in self.progress]


def scenes_of(backend: str) -> list[str]:
    return sorted(path.stem for path in (TRANSCRIPTS / backend).glob("*.jsonl"))


def lines_of(backend: str, scene: str) -> tuple[list[Line], ExitStatus]:
    """Return the lines of a transcript, and how the CLI ended."""
    *said, end = [json.loads(line) for line in (TRANSCRIPTS / backend / f"{scene}.jsonl").read_text().splitlines()]
    status = ExitStatus(code=end["exit"]) if "exit" in end else ExitStatus(signal=end["signal"])
    return [line for each in said for line in _lines(each)], status


def _lines(said: dict[str, Any]) -> Iterator[Line]:
    ((stream, text),) = said.items()
    assert stream in ("stdout", "stderr")
    yield stream, as_text(text)


def as_text(line: dict[str, Any] | str) -> str:
    return line if isinstance(line, str) else json.dumps(line)


def read_lines(reader: OutputReader, lines: Iterable[Line], status: ExitStatus) -> Read:
    progress = [each for stream, line in lines for each in reader.feed(stream, line)]
    return Read(reader.finish(status), progress)


def read_scene(reader: OutputReader, backend: str, scene: str) -> Read:
    """Read a transcript."""
    lines, status = lines_of(backend, scene)
    return read_lines(reader, lines, status)


def read_said(reader: OutputReader, *said: dict[str, Any] | str, code: int = 0, stderr: str = "") -> Read:
    """Read output that is written by hand."""
    lines: list[Line] = [("stdout", as_text(each)) for each in said]
    lines += [("stderr", line) for line in stderr.splitlines()]
    return read_lines(reader, lines, ExitStatus(code=code))
