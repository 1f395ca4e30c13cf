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

    def mark(self) -> None:
        """Something has changed."""
        self._changed.set()

    async def run(self) -> None:
        """Draw until cancelled: what has changed, however often it did meanwhile, once; and running times again."""
        while True:
            with trio.move_on_after(self._pace()):
                await self._changed.wait()
            self._changed = trio.Event()
            async with self.drawing:
                self._draw()
            await trio.sleep(DRAW_SECONDS)
