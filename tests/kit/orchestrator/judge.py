"""Judges whether anybody was disturbed while a tree was asked anything."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


class Judge(logging.Handler):
    """Notes what must not be: a restart of an actor, an error, a traceback, a request without an answer."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Note a record that tells of a failure of ours."""
        is_of_the_runtime = record.name == "actors" and record.levelno >= logging.WARNING
        if record.levelno >= logging.ERROR or record.exc_info or is_of_the_runtime:
            self.found.append(f"{record.name}: {record.getMessage()[:400]}")

    def note_answer(self, asked: str, code: object, message: str) -> None:
        """Note an answer that is an excuse for a failure of ours."""
        if code in ("internal", "unavailable"):
            self.found.append(f"{asked} was answered with {code}: {message[:400]}")

    def note_silence(self, asked: str) -> None:
        """Note that there was no answer."""
        self.found.append(f"{asked} was not answered")


@contextmanager
def judging() -> Iterator[Judge]:
    """Judge until the end of the block."""
    judge, root = Judge(), logging.getLogger()
    root.addHandler(judge)
    try:
        yield judge
    finally:
        root.removeHandler(judge)
