"""Records what commands write on a terminal, and when, as asciinema plays it."""

import json
import os
import pty
import time
from collections.abc import Mapping
from pathlib import Path

WIDTH, HEIGHT = 104, 26


class Recording:
    """A terminal on which commands run one after another, all with this environment, in this directory."""

    def __init__(self, title: str, environ: Mapping[str, str], cwd: Path) -> None:
        self._title = title
        self._environ = {**environ, "COLUMNS": str(WIDTH), "TERM": "xterm-256color"}
        self._cwd = cwd
        self._began = time.monotonic()
        self._events: list[tuple[float, str]] = []

    @property
    def written(self) -> str:
        """Everything that was written so far."""
        return "".join(text for _, text in self._events)

    def show(self, command: str) -> None:
        """Write a prompt with the command, then run it as `run` does."""
        self._keep(f"\x1b[1m$ {command}\x1b[0m\r\n")
        self.run(command)
        self._keep("\r\n")

    def run(self, command: str) -> None:
        """Run a command to its end. Raises SystemExit where it fails."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self._cwd)
            os.execvpe("sh", ["sh", "-c", f"stty cols {WIDTH} rows {HEIGHT}; {command}"], self._environ)
        while data := _read(terminal):
            self._keep(data.decode(errors="replace"))
        os.close(terminal)
        if code := os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
            raise SystemExit(f"{command!r} ended with {code}:\n{self.written}")

    def save(self, file: Path) -> None:
        """Write the recording to a file."""
        header = {"version": 2, "width": WIDTH, "height": HEIGHT, "title": self._title}
        lines = [json.dumps(header), *(json.dumps([at, "o", text]) for at, text in self._events)]
        file.write_text("\n".join(lines) + "\n")

    def _keep(self, text: str) -> None:
        self._events.append((round(time.monotonic() - self._began, 3), text))


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # the last program on it has ended
        return b""
