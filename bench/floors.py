"""The floors: what a machine needs for the same thing when nothing stands between."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

PAGE = bytes(4096)
"""What a small transaction writes."""
_ECHO = "import socket\ns = socket.socket(fileno=0)\nwhile d := s.recv(4096): s.sendall(d)\n"
_REQUEST = bytes(200)

# fdatasync is Linux's; macOS has only fsync, and its own F_FULLFSYNC, which we do not ask for here.
sync = getattr(os, "fdatasync", os.fsync)


class DurableFile:
    """A file that grows by a page at a time, each on disk before the next."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def append(self) -> None:
        """Write a page and return when it is on disk."""
        os.write(self._descriptor, PAGE)
        sync(self._descriptor)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


class Echo:
    """Another process at the end of a Unix socket, which sends back what it gets."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def round_trip(self) -> None:
        """Send a small request and receive it again."""
        self._connection.sendall(_REQUEST)
        left = len(_REQUEST)
        while left:
            left -= len(self._connection.recv(left))


class Floor:
    """A durable file and an echo; see `open_floor`."""

    def __init__(self, file: DurableFile, echo: Echo) -> None:
        self.file = file
        self.echo = echo


@contextlib.contextmanager
def open_floor(directory: Path) -> Iterator[Floor]:
    """Make a durable file in a directory and start an echo; both end with the block."""
    ours, theirs = socket.socketpair()
    file = DurableFile(directory / "floor")
    command: Sequence[str] = [sys.executable, "-I", "-S", "-c", _ECHO]
    with theirs:
        process = subprocess.Popen(command, stdin=theirs.fileno(), stdout=subprocess.DEVNULL)
    try:
        yield Floor(file, Echo(ours))
    finally:
        ours.close()
        process.wait()
        file.close()
