"""Runs the dashboard in a terminal: urwid on trio, drawing at most so often, and the terminal restored at the end."""

import errno
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager

import trio
import urwid

from actors.remote.session import Session
from compas.api.supervision import HEALTH, HealthRequest
from compas.client.bringing import Bringing
from compas.client.connection import Reach, reach
from compas.client.origin import terminal
from compas.client.place import Place
from compas.client.reach import caller_meta, origin_meta, standing_meta, start_rule
from compas.clock import Clock, wall_clock
from compas.dashboard.colours import PaletteEntry, depth_of, palette, scheme_of
from compas.dashboard.controller import Controller, Outfit
from compas.dashboard.feed import Feed
from compas.dashboard.pages.all import PAGES
from compas.dashboard.painting import Painting
from compas.dashboard.tabs.all import TABS
from compas.dashboard.terminal_hands import TerminalHands
from compas.dashboard.theme import shows_signs
from compas.dashboard.widgets.surface import Surface
from compas.distribution import installed_version
from compas.errors import CompasError

CLIENT = "compas dashboard"
"""What the supervisor calls us in its log."""

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
    meta = {**(caller_meta(environ) or origin_meta(terminal())), **standing_meta()}
    bringing = Bringing(environ, is_lasting=True)

    def reach_with(*, is_allowed: bool) -> Reach:
        start = start_rule(place, environ, is_allowed=is_allowed)
        return lambda: bringing_keys(lambda: reach(place, start, client=CLIENT, meta=meta), bringing)

    looking, starting = reach_with(is_allowed=False), reach_with(is_allowed=True)
    if may_start:
        async with starting():
            pass  # errors are told before the screen opens
    screen = urwid.display.raw.Screen(bracketed_paste_mode=True)
    depth = depth_of(environ)
    screen.set_terminal_properties(colors=depth, bright_is_bold=False)
    ended = Ended()
    try:
        await show(
            lambda controller: Feed(
                looking,
                controller.update,
                wall_clock,
                start=starting if may_start else None,
                ring=lambda sound: _ring(screen, sound),
            ),
            screen,
            clock=wall_clock,
            ended=ended,
            has_signs=shows_signs(environ),
            palette_entries=tuple(palette(scheme_of(environ), depth)),
            environ=environ,
        )
    except* OSError as group:
        if not all(error.errno in _HUNG_UP for error in _leaves(group)):
            raise
        ended.code = ended.code or 128 + signal.SIGHUP
    except* urwid.InputClosedError:
        ended.code = ended.code or 128 + signal.SIGHUP
    return ended.code


@asynccontextmanager
async def bringing_keys(reach: Reach, bringing: Bringing) -> AsyncIterator[Session]:
    """Open a session, and give the supervisor what it asks for of this shell. Raises what `reach` does."""
    async with reach() as session:
        if beside := bringing.beside(HEALTH.name, session.welcome.meta):
            await session.request(HEALTH.name, HealthRequest(is_brief=True), HEALTH.response, meta=beside)
        yield session


def _ring(screen: urwid.display.raw.Screen, sound: str) -> None:
    """Send something to the terminal that leaves the screen as it is."""
    screen.write(sound)
    screen.flush()


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
    palette_entries: Sequence[PaletteEntry] = tuple(palette("terminal", 16)),
) -> None:
    """Open the screen and show what the feed brings, until quit, a signal, or an error; the terminal is restored.

    `environ` is that of programs which the person starts from the dashboard.
    """
    event_loop = urwid.TrioEventLoop()
    loop = urwid.MainLoop(urwid.SolidFill(), palette_entries, screen, event_loop=event_loop)
    hands = TerminalHands(loop, environ)
    # The nursery is inside: what has borrowed the terminal gives it back before the screen is closed for good.
    with loop.start():
        async with trio.open_nursery() as nursery:
            feeds: list[Feed] = []
            controller = Controller(
                lambda: feeds[0],
                nursery,
                clock,
                Outfit(tabs=TABS, pages=PAGES, hands=hands, version=installed_version("")),
                on_change=lambda: painting.mark(),
            )
            feeds.append(open_feed(controller))
            surface = Surface(controller, has_signs=has_signs, on_input=lambda: painting.mark())
            loop.widget = surface

            def draw() -> None:
                surface.invalidate()
                loop.draw_screen()

            painting = Painting(draw, lambda: controller.tick_seconds, drawing=hands.drawing)
            painting.mark()
            nursery.start_soon(_obey_signals, nursery, ended)
            nursery.start_soon(feeds[0].run)
            nursery.start_soon(painting.run)
            await event_loop.run_async()


async def _obey_signals(nursery: trio.Nursery, ended: Ended) -> None:
    with trio.open_signal_receiver(*_SIGNALS) as signals:
        async for number in signals:
            ended.code = 128 + number
            nursery.cancel_scope.cancel()
            return
