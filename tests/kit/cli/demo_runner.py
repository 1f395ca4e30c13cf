"""Runs `compas demo` as a person does: at a terminal, or with its output going elsewhere; and looks for leftovers."""

import contextlib
import fcntl
import os
import pty
import re
import select
import subprocess
import sys
import termios
from pathlib import Path

from tests.kit.ceiling import CEILING

COMMAND = (sys.executable, "-m", "compas", "demo")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def folders(environ: dict[str, str]) -> list[Path]:
    """Return the folders that demonstrations left in this environment's temporary directory."""
    return sorted(Path(environ["TMPDIR"]).glob("compas-demo-*"))


def processes(environ: dict[str, str]) -> list[int]:
    """Return the processes whose environment names a place in the temporary directory."""
    place = f"COMPAS_RUNTIME_DIR={environ['TMPDIR']}/compas-demo-".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if place in (process / "environ").read_bytes():
                found.append(int(process.name))
    return found


def stays(pid: int, seconds: float = CEILING) -> bool:
    """Tell whether a process is still there after this time; one that is just leaving may do so."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    with contextlib.closing(select.epoll()) as poll:
        poll.register(process, select.EPOLLIN)
        has_ended = bool(poll.poll(seconds))
    os.close(process)
    return not has_ended


class Terminal:
    """A demonstration at a terminal of 80 columns."""

    def __init__(self, environ: dict[str, str], *args: str) -> None:
        self._master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, 80))
        self.text = ""
        self.process = subprocess.Popen(
            [*COMMAND, *args],
            env=environ,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # Ctrl-C works at a controlling terminal only
        )
        os.close(slave)

    def read_until(self, words: str) -> None:
        """Read until these words have been shown; fail when it ends without them."""
        while words not in self.text:
            piece = self._read()
            assert piece, f"it ended without {words!r}:\n{self.text}"
            self.text += piece

    def read_all(self) -> int:
        """Read to the end and return the exit code."""
        while piece := self._read():
            self.text += piece
        os.close(self._master)
        return self.process.wait(timeout=CEILING)

    def press_ctrl_c(self) -> None:
        """Type Ctrl-C."""
        os.write(self._master, b"\x03")

    def lines(self) -> list[str]:
        """Return what is left to be seen, line by line: nothing that was overwritten, and no colours."""
        shown = [line.rpartition("\r\x1b[K")[2] or line for line in self.text.replace("\r\n", "\n").split("\n")]
        return [_COLOUR.sub("", line).rpartition("\r")[2] for line in shown]

    def _read(self) -> str:
        try:
            return os.read(self._master, 65536).decode(errors="replace")
        except OSError:  # the other end is closed
            return ""
