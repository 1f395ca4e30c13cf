"""Learns from agents when they begin and end: each writes a line to a FIFO, and its arrival is the time."""

import os
import queue
import threading
import time
from pathlib import Path

PATIENCE_SECS = 60.0
"""After this long, what has not come will not come."""


class BenchError(Exception):
    """A measurement could not be made; the text says what was awaited."""


class Stamps:
    """A FIFO and its reader. The clock is this process's own monotonic one, for ours and for the floor alike.

    A shell has no fine clock of its own, and an interpreter that has one takes longer to start than all we measure.
    """

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        # Open for writing too: then no writer ever waits for a reader, and no reader sees an end.
        self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._lines: queue.SimpleQueue[tuple[str, float]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._read, name="bench-stamps", daemon=True)
        self._thread.start()

    def wait(self, line: str) -> float:
        """Return when the next line came, in seconds of the monotonic clock; it has to be this one."""
        try:
            found, at = self._lines.get(timeout=PATIENCE_SECS)
        except queue.Empty:
            raise BenchError(f"no agent said {line!r} within {PATIENCE_SECS:g} s") from None
        if found != line:
            raise BenchError(f"the next thing an agent said should be {line!r}, and was {found!r}")
        return at

    def close(self) -> None:
        """End the reader."""
        os.write(self._descriptor, b"\n")
        self._thread.join()
        os.close(self._descriptor)

    def _read(self) -> None:
        while True:
            content = os.read(self._descriptor, 4096)
            at = time.monotonic()
            for line in content.decode().splitlines():
                if not line:
                    return
                self._lines.put((line, at))


class Gate:
    """A FIFO at which an agent waits; each `open` lets one through, also one that has yet to come."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)

    def open(self) -> None:
        """Let one agent go on."""
        os.write(self._descriptor, b"go\n")

    def close(self) -> None:
        """Give the FIFO up."""
        os.close(self._descriptor)
