"""Makes the signals that a runner cares for readable in its loop."""

import os
import signal
from types import FrameType

WATCHED = (signal.SIGCHLD, signal.SIGTERM)
IGNORED = (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)


def reset_all_signals() -> None:
    """Set every signal to its default and empty the mask; for the fork server, from which all inherit."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    # As Python itself has it: writing to nobody is an error, not the end.
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def reset_own_signals() -> None:
    """Undo what a runner has set; for its child, before exec: ignored signals pass through that."""
    signal.set_wakeup_fd(-1)
    for number in (*WATCHED, *IGNORED, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)


class SignalPipe:
    """A pipe that gets one byte, the number, for every signal; ends by SIGTERM become requests."""

    def __init__(self) -> None:
        self._reading, writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(writing, False)
        # A full pipe loses only repetitions: whoever reads it looks at all children anyway.
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        for number in WATCHED:
            signal.signal(number, _note)
        for number in IGNORED:
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
