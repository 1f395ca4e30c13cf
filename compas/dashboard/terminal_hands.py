"""Runs other programs in the dashboard's terminal, or beside it; the screen makes room and comes back."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import trio
import urwid

from actors.remote.background import open_background
from compas.dashboard.actions.outside import editor_of

KEPT_BYTES = 4000
"""Of what a program prints beside the dashboard, the end that is kept."""


class TerminalHands:
    """See Hands. `drawing` is held while the terminal is lent: nobody draws then."""

    def __init__(self, loop: urwid.MainLoop, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.drawing = trio.Lock()
        self._loop = loop

    async def lend(self, command: Sequence[str], *, cwd: str | None = None, environ: Mapping[str, str]) -> int:
        """See Hands. Cancelled, it ends the program and takes the terminal back."""
        async with self.drawing:
            with self._loop.paused(), _leaving_interrupts():
                try:
                    ended = await trio.run_process(list(command), cwd=cwd, env=dict(environ), stdin=None, check=False)
                finally:
                    _take_terminal()
        self._loop.draw_screen()
        return ended.returncode

    async def run(
        self, command: Sequence[str], *, cwd: str | None = None, environ: Mapping[str, str]
    ) -> tuple[int, str]:
        """See Hands. Cancelled, it ends the program."""
        kept = b""
        async with open_background() as nursery:

            async def start(task_status: trio.TaskStatus[trio.Process]) -> None:
                await trio.run_process(
                    list(command),
                    cwd=cwd,
                    env=dict(environ),
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    check=False,
                    task_status=task_status,
                )

            process: trio.Process = await nursery.start(start)
            assert process.stdout is not None
            async for piece in process.stdout:
                kept = (kept + piece)[-KEPT_BYTES:]
            code = await process.wait()
        return code, kept.decode(errors="replace").strip()

    async def write(self, text: str) -> str:
        """See Hands. An editor that fails leaves the text as it was."""
        directory = trio.Path(tempfile.mkdtemp(prefix="compas-"))
        try:
            path = directory / "task.md"
            await path.write_text(text, encoding="utf-8")
            code = await self.lend([*editor_of(self.environ), str(path)], environ=self.environ)
            return (await path.read_text(encoding="utf-8", errors="replace")).rstrip("\n") if code == 0 else text
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def copy(self, text: str) -> None:
        """See Hands: by the escape sequence for it, which most terminals know."""
        screen = self._loop.screen
        assert isinstance(screen, urwid.display.raw.Screen)
        screen.write(f"\x1b]52;c;{b64encode(text.encode()).decode()}\x07")
        screen.flush()


@contextmanager
def _leaving_interrupts() -> Iterator[None]:
    """Leave Ctrl-C to the program that has the terminal: it reaches us as well, but is not meant for us.

    A handler is used that does nothing, for the program would inherit that a signal is ignored.
    """
    before = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)


def _take_terminal() -> None:
    """Make us the ones whom the terminal listens to, whatever a program that was killed has left behind."""
    ignored = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        with suppress(OSError):
            os.tcsetpgrp(sys.stdin.fileno(), os.getpgrp())
    finally:
        signal.signal(signal.SIGTTOU, ignored)
