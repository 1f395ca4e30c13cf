"""A terminal for one program: what it shows can be waited for, keys can be typed, and its state can be looked at."""

import contextlib
import fcntl
import os
import pty
import re
import select
import subprocess
import termios
import time
from collections.abc import Sequence

from tests.kit.ceiling import CEILING
from tests.kit.system.workshop import Workshop

_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?<>=]*[A-Za-z]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-B]|[=>78])|[\x0e\x0f]")


class Terminal:
    """A pseudo-terminal of 100 columns that the program controls."""

    def __init__(self, workshop: Workshop, command: Sequence[str], **env: str) -> None:
        self._master, self._slave = pty.openpty()
        termios.tcsetwinsize(self._slave, (30, 100))
        self.before = termios.tcgetattr(self._slave)
        self.written = ""
        self._seen = 0
        self.process = workshop.start(
            command,
            env={"TERM": "xterm-256color", **env},
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            os.close(self._master)
        os.close(self._slave)

    @property
    def text(self) -> str:
        """Everything it has shown, one change after another, without colours and movements."""
        return _ESCAPES.sub("", self.written)

    def until(self, words: str) -> None:
        """Read until it has shown these words, after those that were waited for before."""
        end = time.monotonic() + CEILING  # and not of its silence: a clock on the screen never ends to tick
        while (at := self.text.find(words, self._seen)) < 0:
            self._read_before(end, words)
        self._seen = at + len(words)

    def until_written(self, sequence: str) -> None:
        """Read until it has written this, at any time: sequences that the terminal acts on are never shown."""
        end = time.monotonic() + CEILING
        while sequence not in self.written:
            self._read_before(end, sequence)

    def type(self, keys: str) -> None:
        """Type keys, as a terminal sends them."""
        os.write(self._master, keys.encode())

    def hang_up(self) -> None:
        """Close the terminal under the program."""
        os.close(self._master)

    def finish(self) -> int:
        """Read to the program's end and return its exit code."""
        ended = os.pidfd_open(self.process.pid)
        try:
            end = time.monotonic() + CEILING
            while True:
                ready, _, _ = select.select([self._master, ended], [], [], max(0.0, end - time.monotonic()))
                assert ready, f"it did not end:\n{self.text}"
                if self._master in ready:
                    self._read()
                else:
                    return self.process.wait(CEILING)
        finally:
            os.close(ended)

    def is_restored(self) -> bool:
        """Tell whether its settings are those from before, the first screen is back, and the mouse is left alone."""
        after = termios.tcgetattr(self._slave)
        switches = {"1049": False, "1000": False, "1002": False, "1006": False}
        for number, on in re.findall(r"\x1b\[\?([0-9]+)([hl])", self.written):
            switches[number] = on == "h"
        is_left_on = any(switches[name] for name in ("1049", "1000", "1002", "1006"))
        is_cursor_hidden = not switches.get("25", True)
        return after == self.before and not is_left_on and not is_cursor_hidden

    def _read_before(self, end: float, awaited: str) -> None:
        ready, _, _ = select.select([self._master], [], [], max(0.0, end - time.monotonic()))
        assert ready, f"{awaited!r} did not come:\n{self.text[self._seen :]}"
        self._read()

    def _read(self) -> None:
        self.written += os.read(self._master, 65_536).decode(errors="replace")


def wait(process: "subprocess.Popen[bytes]") -> int:
    """Wait for a program's end and return its exit code."""
    return process.wait(CEILING)
