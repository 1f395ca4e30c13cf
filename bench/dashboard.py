"""Measures the dashboard over many threads: `python -m bench.dashboard [--threads N]`."""

import argparse
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import trio
import urwid

from bench.crowd import fill
from bench.workplace import Workplace, ask, open_workplace
from compas.api.figures import COSTS, METRICS, CostsRequest, MetricsRequest
from compas.api.history import LogEvent
from compas.api.merges import MERGE_STATUS
from compas.api.supervision import HEALTH
from compas.api.tasks import TASKS, TasksRequest
from compas.api.threads import STATUS, StatusRequest
from compas.client.connection import reach
from compas.client.place import place_of
from compas.client.reach import start_rule
from compas.clock import wall_clock
from compas.dashboard.controller import Controller, Outfit
from compas.dashboard.feed import Feed
from compas.dashboard.pages.all import PAGES
from compas.dashboard.tabs.all import TABS
from compas.dashboard.upkeep import HEALTH_NOW, MERGES_NOW, STATUS_NOW
from compas.dashboard.widgets.surface import Surface
from compas.domain import events as e

THREADS = 10_000
ROUNDS = 10
EVENTS = 5000
SIZES = ((80, 24), (200, 60))


class NoHands:
    """See Hands: nothing is started from a benchmark, nor written."""

    environ: Mapping[str, str] = {}

    async def lend(self, command: Sequence[str], *, cwd: str | None = None, environ: Mapping[str, str]) -> int:
        """See Hands."""
        raise OSError("a benchmark has no terminal")

    async def run(
        self, command: Sequence[str], *, cwd: str | None = None, environ: Mapping[str, str]
    ) -> tuple[int, str]:
        """See Hands."""
        raise OSError("a benchmark has no terminal")

    async def write(self, text: str) -> str:
        """See Hands."""
        raise OSError("a benchmark has no terminal")

    def copy(self, text: str) -> None:
        """See Hands."""


class Figure(NamedTuple):
    """One line of the table: what was measured, and the median of how long it took, in milliseconds."""

    name: str
    milliseconds: float
    note: str = ""


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.dashboard", description=__doc__)
    parser.add_argument("--threads", type=int, default=THREADS, metavar="N", help=f"in the log (default {THREADS})")
    options = parser.parse_args()
    with open_workplace() as place:
        began = time.monotonic()
        fill(place.state, options.threads)
        sys.stderr.write(f"{options.threads} threads recorded in {time.monotonic() - began:.1f} s\n")
        with place.supervising():
            for figure in (*_answers(place), *trio.run(_screens, place)):
                sys.stdout.write(f"    {figure.name:<34}{figure.milliseconds:>9.2f} ms  {figure.note}\n")
    return 0


def _answers(place: Workplace) -> Iterator[Figure]:
    """Time what the dashboard asks the supervisor for."""
    with place.connect() as connection:
        yield _timed("health, brief", lambda: ask(connection, HEALTH, HEALTH_NOW))
        yield _timed("merges", lambda: ask(connection, MERGE_STATUS, MERGES_NOW))
        yield _timed("status, 250 rows", lambda: ask(connection, STATUS, StatusRequest(limit=250)))
        yield _timed("status, 250 rows with details", lambda: ask(connection, STATUS, STATUS_NOW))
        yield _timed("metrics", lambda: ask(connection, METRICS, MetricsRequest()))
        yield _timed("costs, 14 days", lambda: ask(connection, COSTS, CostsRequest()))
        ended = TasksRequest(filter="ended", every=True, limit=200)
        yield _timed("history, the newest 200", lambda: ask(connection, TASKS, ended))
        rare = TasksRequest(filter="ended", every=True, limit=200, text="task-00007")
        yield _timed("history, words found in the oldest", lambda: ask(connection, TASKS, rare))


def _timed(name: str, act: Callable[[], object], *, rounds: int = ROUNDS, note: str = "") -> Figure:
    spans = []
    for _ in range(rounds):
        began = time.perf_counter()
        act()
        spans.append(time.perf_counter() - began)
    return Figure(name, sorted(spans)[len(spans) // 2] * 1000, note)


async def _screens(place: Workplace) -> list[Figure]:
    """Run a dashboard without a terminal, and time its first screen, every tab, and a storm of events."""
    found: list[Figure] = []
    async with trio.open_nursery() as helpers:
        opened = trio.Event()
        with _running(place, helpers, opened.set) as (controller, surface):
            began = time.perf_counter()
            await opened.wait()
            found.append(Figure("connecting to first screen", (time.perf_counter() - began) * 1000))
            for number, tab in enumerate(TABS):
                controller.show_tab(number)
                await trio.sleep(1.0)
                for size in SIZES:
                    name = f"draw {tab.title} {size[0]}x{size[1]}"
                    found.append(_timed(name, lambda size=size: _draw(surface, size)))  # type: ignore[misc]
            controller.show_tab(0)
            before = _memory()
            storm = time.perf_counter()
            for number in range(EVENTS):
                controller.update(_event(number, controller.board.read_to + 1))
            each = (time.perf_counter() - storm) * 1000 / EVENTS
            grown = (_memory() - before) / 1024
            found.append(Figure("take one event", each, f"{EVENTS} in a row; {grown:+.1f} MB at the most"))
            found.append(_timed("a key, with its screen 80x24", lambda: _press(controller, surface)))
            found.append(Figure("memory at the most", _memory() / 1024, "MB, not ms"))
        helpers.cancel_scope.cancel()
    return found


def _event(number: int, position: int) -> LogEvent:
    thread = f"new-{number % 700}"
    data: dict[str, object] = {"execution": f"n-{number}", "message": "m", "agent": "solo", "backend": "shell"}
    return LogEvent(
        position=position,
        at=wall_clock(),
        stream=e.thread_stream(thread),
        type="execution.queued",
        causation="",
        lineage="",
        epoch=1,
        data=data,
    )


def _draw(surface: Surface, size: tuple[int, int]) -> None:
    surface.invalidate()
    urwid.CanvasCache.clear()
    surface.render(size, focus=True)


def _press(controller: Controller, surface: Surface) -> None:
    controller.press("j")
    _draw(surface, SIZES[0])


def _memory() -> int:
    """Return the most memory this process has had, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@contextmanager
def _running(
    place: Workplace, helpers: trio.Nursery, on_open: Callable[[], None]
) -> Iterator[tuple[Controller, Surface]]:
    where = place_of(place.config, place.environ)
    rule = start_rule(where, place.environ, is_allowed=False)
    feeds: list[Feed] = []

    def tell() -> None:
        if controller.board.health is not None:
            on_open()

    controller = Controller(
        lambda: feeds[0], helpers, wall_clock, Outfit(tabs=TABS, pages=PAGES, hands=NoHands()), on_change=tell
    )
    feeds.append(Feed(lambda: reach(where, rule, client="bench"), controller.update, wall_clock))
    helpers.start_soon(feeds[0].run)
    yield controller, Surface(controller)


if __name__ == "__main__":
    sys.exit(main())
