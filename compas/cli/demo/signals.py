"""Turns the first signal into an exception, at a moment when the demonstration can clean up after it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

from compas.errors import CompasError

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """Somebody wants an end; `number` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class TimeLimitError(CompasError):
    """The demonstration did not end in the time it has."""


class Interrupts:
    """A context manager; inside it, the first ending signal raises Interrupted, and later ones do nothing.

    After `seconds` it raises TimeLimitError instead. Signals that the caller had set to be ignored stay ignored.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._before: dict[int, Any] = {}
        self._held = False
        self._waiting: int | None = None
        self._over = False

    def __enter__(self) -> "Interrupts":
        for number in (*_ENDING, signal.SIGALRM):
            if signal.getsignal(number) is not signal.SIG_IGN or number == signal.SIGALRM:
                self._before[number] = signal.signal(number, self._arrive)
        signal.setitimer(signal.ITIMER_REAL, self._seconds)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep a signal waiting until the end of the block, so that what is half begun never has to be undone."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._waiting is not None:
            self._raise(self._waiting)

    def finish(self) -> None:
        """From here on signals do nothing: it is being cleaned up already."""
        self._over = True

    def _arrive(self, number: int, frame: FrameType | None) -> None:
        if self._over:
            return
        if self._held:
            self._waiting = self._waiting or number
            return
        self._raise(number)

    def _raise(self, number: int) -> None:
        self._over = True
        if number == signal.SIGALRM:
            raise TimeLimitError(f"the demonstration was not over after {self._seconds:g} s")
        raise Interrupted(number)
