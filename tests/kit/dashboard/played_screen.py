"""A dashboard without a terminal: keys are typed, and the screen is read as text."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import trio
import urwid
from urwid.testing import render_text

from compas.dashboard.controller import Controller, Outfit
from compas.dashboard.feed import Feed
from compas.dashboard.pages.all import PAGES
from compas.dashboard.tabs.all import TABS
from compas.dashboard.tabs.tab import Tab
from compas.dashboard.widgets.surface import Surface
from tests.kit.dashboard.played_supervisor import NOW, PlayedSupervisor


class PlayedHands:
    """Notes what the terminal was lent for; `written` is what the person adds to a text in the editor."""

    def __init__(self) -> None:
        self.environ: dict[str, str] = {"SHELL": "/bin/sh", "EDITOR": "ed"}
        self.lent: list[tuple[list[str], str | None, dict[str, str]]] = []
        self.ran: list[tuple[list[str], str | None, dict[str, str]]] = []
        self.copied: list[str] = []
        self.written = ""
        self.ends_with = (0, "")

    async def lend(self, command: Sequence[str], *, cwd: str | None = None, environ: Mapping[str, str]) -> int:
        await trio.lowlevel.checkpoint()
        self.lent.append((list(command), cwd, dict(environ)))
        return self.ends_with[0]

    async def run(
        self, command: Sequence[str], *, cwd: str | None = None, environ: Mapping[str, str]
    ) -> tuple[int, str]:
        await trio.lowlevel.checkpoint()
        self.ran.append((list(command), cwd, dict(environ)))
        return self.ends_with

    async def write(self, text: str) -> str:
        await trio.lowlevel.checkpoint()
        return text + self.written

    def copy(self, text: str) -> None:
        self.copied.append(text)


class PlayedScreen:
    """One dashboard. Everything that is under way is let settle before the screen is read."""

    def __init__(self, controller: Controller, surface: Surface, start: float, hands: PlayedHands) -> None:
        self.controller = controller
        self.hands = hands
        self.size = (80, 24)
        self._surface = surface
        self._start = start

    async def type(self, *keys: str) -> None:
        """Type keys, by urwid's names; a longer text that is no name is typed letter by letter."""
        for key in keys:
            self._surface.keypress(self.size, key)
        await trio.testing.wait_all_tasks_blocked()

    async def paste(self, text: str) -> None:
        """Paste a text, as a terminal that marks pastes sends it."""
        await self.type("begin paste", *("enter" if char == "\n" else char for char in text), "end paste")

    async def click(self, row: int, column: int = 5) -> None:
        """Click into the screen."""
        self._surface.mouse_event(self.size, "mouse press", 1, column, row, True)
        await trio.testing.wait_all_tasks_blocked()

    async def wheel(self, *, down: bool) -> None:
        """Turn the wheel by one step."""
        self._surface.mouse_event(self.size, "mouse press", 5 if down else 4, 5, 5, True)
        await trio.testing.wait_all_tasks_blocked()

    async def lines(self) -> list[str]:
        """Read the screen."""
        await trio.testing.wait_all_tasks_blocked()
        urwid.CanvasCache.clear()
        return render_text(self._surface, self.size, strip=True)

    async def text(self) -> str:
        """Read the screen as one text."""
        return "\n".join(await self.lines())

    async def line(self, text: str) -> str:
        """Read the one line with this text in it."""
        found = [line for line in await self.lines() if text in line]
        assert len(found) == 1, (text, "\n".join(await self.lines()))
        return found[0]

    async def section(self, title: str) -> list[str]:
        """Read the rows under a heading of the list, up to the next blank line."""
        lines = await self.lines()
        at = next(number for number, line in enumerate(lines) if line.startswith(f"  {title}"))
        below = lines[at + 1 :]
        return below[: next((number for number, line in enumerate(below) if not line.strip()), len(below))]

    async def selected(self) -> str:
        """Read the line that is marked as selected."""
        return await self.line("▌")


@asynccontextmanager
async def open_screen(
    supervisor: PlayedSupervisor,
    size: tuple[int, int] = (80, 24),
    *,
    may_start: bool = False,
    tabs: Sequence[Tab] = TABS,
    version: str = "",
) -> AsyncIterator[PlayedScreen]:
    """Show what this supervisor tells; the clock of the screen goes with the test's virtual one."""
    started = trio.current_time()

    def clock() -> float:
        return NOW + trio.current_time() - started

    async with trio.open_nursery() as helpers:
        feeds: list[Feed] = []
        hands = PlayedHands()
        outfit = Outfit(tabs=tabs, pages=PAGES, hands=hands, version=version)
        controller = Controller(lambda: feeds[0], helpers, clock, outfit, on_change=lambda: None)
        start = supervisor.reach_and_start if may_start else None
        feeds.append(Feed(supervisor.reach, controller.update, clock, start=start))
        helpers.start_soon(feeds[0].run)
        screen = PlayedScreen(controller, Surface(controller), started, hands)
        screen.size = size
        await trio.testing.wait_all_tasks_blocked()
        yield screen
        helpers.cancel_scope.cancel()
