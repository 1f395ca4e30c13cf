"""Decides when the screen is drawn: when something has changed, at most so often, and while a time on it runs."""

from collections.abc import Callable

import trio

DRAW_SECONDS = 1 / 30
"""However much happens, it is drawn at most so often."""


class Painting:
    """Draws by `draw`. `pace` says how soon, in seconds, the times that are shown change by themselves.

    Whoever holds `drawing` keeps the screen as it is, such as while another program has the terminal.
    """

    def __init__(
        self, draw: Callable[[], None], pace: Callable[[], float], *, drawing: trio.Lock | None = None
    ) -> None:
        self.drawing = drawing or trio.Lock()
        self._draw = draw
        self._pace = pace
        self._changed = trio.Event()
        self._retimed = trio.Event()

    def mark(self) -> None:
        """Something has changed."""
        self._changed.set()
        self._retimed.set()

    async def run(self) -> None:
        """Draw until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._paint)
            nursery.start_soon(self._tick)

    async def _paint(self) -> None:
        """Draw what has changed, however often it did in the meantime, once."""
        while True:
            await self._changed.wait()
            self._changed = trio.Event()
            async with self.drawing:
                self._draw()
            await trio.sleep(DRAW_SECONDS)

    async def _tick(self) -> None:
        """Draw running times again; the pace is looked at again whenever something has changed."""
        while True:
            pace = self._pace()
            with trio.move_on_after(pace) as waiting:
                while self._pace() == pace:
                    await self._retimed.wait()
                    self._retimed = trio.Event()
            if waiting.cancelled_caught:
                self._changed.set()
