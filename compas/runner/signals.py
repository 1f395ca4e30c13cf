"""Makes the signals that a runner cares for readable in its loop."""

import os
import signal
from types import FrameType

_WATCHED = (signal.SIGCHLD, signal.SIGTERM)
_IGNORED = (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGQUIT)


class SignalPipe:
    """A pipe that gets one byte, the number, for every signal; ends by SIGTERM become requests."""

    def __init__(self) -> None:
        self._reading, writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(writing, False)
        # A full pipe loses only repetitions: whoever reads it looks at all children anyway.
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        for number in _WATCHED:
            signal.signal(number, _note)
        for number in _IGNORED:
            signal.signal(number, signal.SIG_IGN)

    def fileno(self) -> int:
        """Return the descriptor that is readable after a signal."""
        return self._reading

    def take(self) -> set[int]:
        """Return the numbers that have come since the last call."""
        try:
            return set(os.read(self._reading, 65536))
        except BlockingIOError:
            return set()


def _note(_number: int, _frame: FrameType | None) -> None:
    """Do nothing here: that a handler exists is what makes the wakeup descriptor get its byte."""
