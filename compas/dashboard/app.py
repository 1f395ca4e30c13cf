"""Runs the dashboard in a terminal: urwid on trio, drawing at most so often, and the terminal restored at the end."""

import errno
import signal
import sys
from collections.abc import Callable, Iterator, Mapping

import trio
import urwid

from compas.client.connection import Reach, reach
from compas.client.place import Place
from compas.client.reach import caller_meta, start_rule
from compas.clock import Clock, wall_clock
from compas.dashboard.controller import Controller
from compas.dashboard.feed import Feed
from compas.dashboard.pages.all import PAGES
from compas.dashboard.tabs.all import TABS
from compas.dashboard.terminal_hands import TerminalHands
from compas.dashboard.theme import PALETTE, colours_of, shows_signs
from compas.dashboard.widgets.surface import Surface
from compas.errors import CompasError

CLIENT = "compas dashboard"
"""What the supervisor calls us in its log."""
DRAW_SECONDS = 0.05
"""However much happens, it is drawn at most so often."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_HUNG_UP = (errno.EIO, errno.ENXIO, errno.EPIPE, errno.EBADF)


class NoTerminalError(CompasError):
    """There is nothing to draw on."""


def run_dashboard(place: Place, environ: Mapping[str, str], *, may_start: bool) -> int:
    """Show the dashboard until its person leaves; returns the exit code, 128 and the number after a signal.

    With `may_start` a supervisor is started before the screen opens, if none is there. Raises CompasError and
    WireError, all before the screen opens.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise NoTerminalError("the dashboard needs a terminal; `compas status` shows what there is without one")
    if environ.get("TERM", "dumb") in ("", "dumb"):
        raise NoTerminalError("this terminal (TERM=dumb) cannot move its cursor; `compas status` shows what there is")
    return trio.run(_run, place, environ, may_start)


async def _run(place: Place, environ: Mapping[str, str], may_start: bool) -> int:
    meta = caller_meta(environ)

    def reach_with(*, is_allowed: bool) -> Reach:
        start = start_rule(place, environ, is_allowed=is_allowed)
        return lambda: reach(place, start, client=CLIENT, meta=meta)

    looking, starting = reach_with(is_allowed=False), reach_with(is_allowed=True)
    if may_start:
        async with starting():
            pass  # errors are told before the screen opens
    screen = urwid.display.raw.Screen(bracketed_paste_mode=True)
    screen.set_terminal_properties(colors=colours_of(environ), bright_is_bold=False)
    ended = Ended()
    try:
        await show(
            lambda controller: Feed(looking, controller.update, wall_clock, start=starting if may_start else None),
            screen,
            clock=wall_clock,
            ended=ended,
            has_signs=shows_signs(environ),
            environ=environ,
        )
    except* OSError as group:
        if not all(error.errno in _HUNG_UP for error in _leaves(group)):
            raise
        ended.code = ended.code or 128 + signal.SIGHUP
    except* urwid.InputClosedError:
        ended.code = ended.code or 128 + signal.SIGHUP
    return ended.code


def _leaves(group: ExceptionGroup[OSError]) -> Iterator[OSError]:
    for error in group.exceptions:
        if isinstance(error, ExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


class Ended:
    """How the dashboard ended: 0 when its person left."""

    def __init__(self) -> None:
        self.code = 0


async def show(
    open_feed: Callable[[Controller], Feed],
    screen: urwid.display.raw.Screen,
    *,
    clock: Clock,
    ended: Ended,
    has_signs: bool = True,
    environ: Mapping[str, str],
) -> None:
    """Open the screen and show what the feed brings, until quit, a signal, or an error; the terminal is restored.

    `environ` is that of programs which the person starts from the dashboard.
    """
    event_loop = urwid.TrioEventLoop()
    loop = urwid.MainLoop(urwid.SolidFill(), PALETTE, screen, event_loop=event_loop)
    hands = TerminalHands(loop, environ)
    # The nursery is inside: what has borrowed the terminal gives it back before the screen is closed for good.
    with loop.start():
        async with trio.open_nursery() as nursery:
            dirty = _Dirty()
            feeds: list[Feed] = []
            controller = Controller(
                lambda: feeds[0], nursery, clock, tabs=TABS, pages=PAGES, on_change=dirty.mark, hands=hands
            )
            feeds.append(open_feed(controller))
            surface = Surface(controller, has_signs=has_signs)
            loop.widget = surface
            nursery.start_soon(_obey_signals, nursery, ended)
            nursery.start_soon(feeds[0].run)
            nursery.start_soon(_paint, dirty, surface, loop, hands.drawing)
            nursery.start_soon(_tick, dirty, controller)
            await event_loop.run_async()


class _Dirty:
    """Whether anything has changed since the screen was drawn."""

    def __init__(self) -> None:
        self.changed = trio.Event()
        self.retimed = trio.Event()

    def mark(self) -> None:
        """Something has."""
        self.changed.set()
        self.retimed.set()


async def _paint(dirty: _Dirty, surface: Surface, loop: urwid.MainLoop, drawing: trio.Lock) -> None:
    """Draw what has changed, however often it did in the meantime, once."""
    while True:
        await dirty.changed.wait()
        dirty.changed = trio.Event()
        async with drawing:
            surface.invalidate()
            loop.draw_screen()
        await trio.sleep(DRAW_SECONDS)


async def _tick(dirty: _Dirty, controller: Controller) -> None:
    """Draw running times anew; the pace is looked at again whenever something has changed."""
    while True:
        pace = controller.tick_seconds
        with trio.move_on_after(pace) as waiting:
            while controller.tick_seconds == pace:
                await dirty.retimed.wait()
                dirty.retimed = trio.Event()
        if waiting.cancelled_caught:
            dirty.changed.set()


async def _obey_signals(nursery: trio.Nursery, ended: Ended) -> None:
    with trio.open_signal_receiver(*_SIGNALS) as signals:
        async for number in signals:
            ended.code = 128 + number
            nursery.cancel_scope.cancel()
            return
