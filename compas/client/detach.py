"""The supervisor's end of a detached start: it leaves the process that started it, and tells it how the start went."""

import os
from contextlib import suppress

LISTENING = "listening"
"""The supervisor has its socket and its state directory; it may take long to open the log."""
READY = "ready"
"""The supervisor has opened its log and answers."""
ALREADY_RUNNING = "already running"
"""How the line begins when another supervisor of this config holds the lock."""
ERROR = "error: "
"""How the line begins when the start failed; the reason follows."""


def leave_starter() -> None:
    """Go on in a child whose parent ends at once, so that nobody but init has to reap it.

    To be called while the process has one thread. The child is in its starter's session without leading it, so it can
    never get a controlling terminal.
    """
    if os.fork():
        os._exit(0)


class StartReport:
    """Tells the starter how the start went, in lines, the last one once; `fd` is None when nobody asked."""

    def __init__(self, fd: int | None) -> None:
        self._fd = fd
        if fd is not None:
            os.set_inheritable(fd, False)

    def tell(self, line: str) -> None:
        """Send a line; all but `LISTENING` end the report, and later calls do nothing. A gone starter is no error."""
        if self._fd is None:
            return
        # At most what a pipe takes at once: nobody may hang here because the starter stopped reading.
        text = " ".join(line.split()).encode(errors="replace")[:4000]
        with suppress(BrokenPipeError):
            os.write(self._fd, text + b"\n")
        if line != LISTENING:
            os.close(self._fd)
            self._fd = None
