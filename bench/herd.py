"""Many processes of one program, each with pipes to us: all are told the same, and the last one's answer counts."""

import contextlib
import os
import selectors
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence

from bench.stamps import PATIENCE_SECS, BenchError


class Herd:
    """Made by `open_herd`."""

    def __init__(self, processes: "Sequence[subprocess.Popen[bytes]]") -> None:
        self._processes = processes
        self._unread = [b""] * len(processes)

    @property
    def pids(self) -> list[int]:
        """The numbers of the processes."""
        return [process.pid for process in self._processes]

    def say(self, lines: Sequence[bytes]) -> None:
        """Write these lines to each."""
        text = b"".join(line + b"\n" for line in lines)
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.write(text)
            process.stdin.flush()

    def hear(self, count: int) -> tuple[list[list[bytes]], float]:
        """Return the next `count` lines of each, and when the last of them all came (monotonic). Raises BenchError."""
        heard: list[list[bytes]] = [[] for _ in self._processes]
        with selectors.DefaultSelector() as selector:
            for number, process in enumerate(self._processes):
                assert process.stdout is not None
                self._take(number, heard[number], count)
                if len(heard[number]) < count:
                    selector.register(process.stdout, selectors.EVENT_READ, number)
            while selector.get_map():
                ready = selector.select(PATIENCE_SECS)
                if not ready:
                    raise BenchError(f"{len(selector.get_map())} processes say nothing for {PATIENCE_SECS:g} s")
                for key, _ in ready:
                    number: int = key.data
                    data = os.read(key.fd, 1 << 16)
                    if not data:
                        raise BenchError(f"the process {self._processes[number].args!r} has ended")
                    self._unread[number] += data
                    self._take(number, heard[number], count)
                    if len(heard[number]) == count:
                        selector.unregister(key.fileobj)
        return heard, time.monotonic()

    def _take(self, number: int, heard: list[bytes], count: int) -> None:
        while len(heard) < count and b"\n" in self._unread[number]:
            line, _, self._unread[number] = self._unread[number].partition(b"\n")
            heard.append(line)

    def hang_up(self) -> list[int]:
        """Close all pipes to them, and return the exit statuses."""
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.close()
        return [process.wait(PATIENCE_SECS) for process in self._processes]


@contextlib.contextmanager
def open_herd(command: Sequence[str], environ: Mapping[str, str], count: int) -> Iterator[Herd]:
    """Start a program `count` times; what still runs at the end of the block is killed."""
    with contextlib.ExitStack() as stack:
        pipe = subprocess.PIPE
        processes = []
        for _ in range(count):
            process = subprocess.Popen(command, env=dict(environ), stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
            stack.enter_context(process)
            stack.callback(process.kill)
            processes.append(process)
        yield Herd(processes)
