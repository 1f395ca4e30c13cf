"""Measures the dashboard while very much happens: `python -m bench.dashboard_storm [--threads N] [--agents N]`."""

import argparse
import fcntl
import itertools
import json
import os
import pty
import re
import select
import sys
import termios
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import trio

from bench.crowd import fill
from bench.dashboard import NoHands
from bench.stamps import PATIENCE_SECS, BenchError
from bench.workplace import Workplace, ask, open_workplace
from compas.api.dispatch import DISPATCH, DispatchRequest
from compas.api.history import EVENTS, EventsRequest, LogEvent
from compas.api.supervision import HEALTH
from compas.api.threads import StatusResponse
from compas.client.connection import reach
from compas.client.place import place_of
from compas.client.reach import start_rule
from compas.clock import wall_clock
from compas.dashboard.controller import Controller, Outfit
from compas.dashboard.feed import Feed
from compas.dashboard.pages.all import PAGES
from compas.dashboard.painting import Painting
from compas.dashboard.state import Opened
from compas.dashboard.tabs.all import TABS
from compas.dashboard.upkeep import HEALTH_NOW
from compas.dashboard.widgets.surface import Surface

THREADS, AGENTS, LINES_A_SECOND = 10_000, 50, 20
SECONDS = 600
"""How long each agent goes on at most: longer than all is measured; they are ended with the supervisor."""
HOUR = 36_000
"""Events that are replayed, of the newest: ten a second for an hour."""
KEYS = 60
BETWEEN_KEYS = 0.12
SIZE = (120, 40)
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?<>=]*[A-Za-z]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-B]|[=>78])|[\x0e\x0f]")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.dashboard_storm", description=__doc__)
    parser.add_argument("--threads", type=int, default=THREADS, metavar="N", help=f"in the log (default {THREADS})")
    parser.add_argument("--agents", type=int, default=AGENTS, metavar="N", help=f"that print (default {AGENTS})")
    parser.add_argument("--events", type=int, default=HOUR, metavar="N", help=f"to replay (default {HOUR})")
    options = parser.parse_args()
    with open_workplace() as place:
        fill(place.state, options.threads)
        _employ(place, options.agents)
        with place.supervising():
            for line in itertools.chain(trio.run(_replay, place, options.events), _live(place, options.agents)):
                sys.stdout.write(f"    {line}\n")
                sys.stdout.flush()
    return 0


# --- agents that print ---------------------------------------------------------------------------------------------


def _employ(place: Workplace, agents: int) -> None:
    """Let the config have agents of two kinds in turns: those with steps, and those that only print."""
    script = place.root / "talker.json"
    pause = 1 / LINES_A_SECOND
    turn: list[dict[str, object]] = []
    count = SECONDS * LINES_A_SECOND
    for number in range(count):
        turn += [{"say": f"step {number}: reading what is around it, to see how it hangs together"}, {"pause": pause}]
    script.write_text(json.dumps({"turns": [turn]}))
    lines = f"import time\nfor i in range({count}): print('line', i, 'of many words', flush=True); time.sleep({pause})"
    written = {
        "default_workdir": "repo",
        "state_dir": "state",
        "backend_definitions": [{"name": "printer", "command": sys.executable}],
        "orchestration": {"max_concurrent_triggers": agents},
        "agents": [
            {"alias": f"a{number}", "backend": "printer", "backend_args": ["-S", "-c", lines]}
            if number % 2
            else {"alias": f"a{number}", "backend": "scripted", "script": script.name}
            for number in range(agents)
        ],
    }
    place.config.write_text(json.dumps(written))


def _live(place: Workplace, agents: int) -> Iterator[str]:
    """Run the dashboard in a terminal beside agents that print, and time keys from their press to their redraw."""
    with place.connect() as connection:
        for number in range(agents):
            request = DispatchRequest(to=f"a{number}", body=f"Talk, {number}.", thread_id=f"live-{number}")
            ask(connection, DISPATCH, request)
    for number in range(agents):
        place.wait_for_event(f"live-{number}", "execution.started")
    with _Screen(place) as screen:
        screen.until("Needs you")
        screen.rest(3.0)
        before, began, frames = screen.memory(), time.monotonic(), screen.frames
        yield screen.told("list: a key that moves", list(screen.moves(KEYS)))
        screen.type("/")
        yield screen.told("list: a letter of a filter", list(screen.letters("live-1", KEYS // 10)))
        screen.type("\r")
        screen.rest(1.0)
        screen.type("l")
        screen.rest(3.0)
        screen.type("/")
        yield screen.told("log that is followed: a letter of a search", list(screen.letters("step 1", KEYS // 10)))
        seconds = time.monotonic() - began
        rate = (screen.frames - frames) / seconds
        beside = f"{agents} agents at {LINES_A_SECOND} lines a second"
        yield f"redraws a second, over {seconds:.0f} s beside {beside}: {rate:.1f}"
        with place.connect() as connection:
            yield f"agents that were still at it in the end: {ask(connection, HEALTH, HEALTH_NOW).active} of {agents}"
        yield f"memory before and after: {before:.1f} and {screen.memory():.1f} MB"


class _Screen:
    """The dashboard on a terminal of its own."""

    def __init__(self, place: Workplace) -> None:
        self._master, slave = pty.openpty()
        termios.tcsetwinsize(slave, SIZE[::-1])
        self._pid = os.fork()
        if self._pid == 0:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for number in range(3):
                os.dup2(slave, number)
            command = place.compas("dashboard", "--standalone")
            os.execvpe(command[0], command, place.environ | {"TERM": "xterm-256color"})
        os.close(slave)
        self.frames = 0

    def __enter__(self) -> "_Screen":
        return self

    def __exit__(self, *_: object) -> None:
        self.type("\x03")
        os.close(self._master)
        os.waitpid(self._pid, 0)

    def type(self, keys: str) -> None:
        """Type keys."""
        os.write(self._master, keys.encode())

    def until(self, words: str) -> float:
        """Read until something with these words was drawn; return the seconds that took."""
        began, seen = time.perf_counter(), ""
        while words not in seen:
            left = began + PATIENCE_SECS - time.perf_counter()
            if not self._ready(left):
                raise BenchError(f"the dashboard did not draw {words!r}")
            seen = _ESCAPES.sub("", (seen + self._read())[-40_000:])
        return time.perf_counter() - began

    def rest(self, seconds: float) -> None:
        """Read what is drawn for some time."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            if self._ready(left):
                self._read()

    def moves(self, count: int) -> Iterator[float]:
        """Move the selection up and down, and yield the seconds until its mark was drawn."""
        for number in range(count):
            self.rest(BETWEEN_KEYS)
            self.type("j" if number % 10 < 5 else "k")
            yield self.until("▌")

    def letters(self, text: str, rounds: int) -> Iterator[float]:
        """Type a text and erase it again, and yield the seconds until each letter was drawn."""
        for _ in range(rounds):
            for number in range(len(text)):
                self.rest(BETWEEN_KEYS)
                self.type(text[number])
                yield self.until(f"/{text[: number + 1]}█")
            self.type("\x7f" * len(text))
            self.until("/█")

    def told(self, name: str, spans: Sequence[float]) -> str:
        """Say how long keys took."""
        return _told(name, spans)

    def memory(self) -> float:
        """Return how much memory it has, in MB."""
        return _memory(self._pid)

    def _ready(self, seconds: float) -> bool:
        return bool(select.select([self._master], [], [], max(0.0, seconds))[0])

    def _read(self) -> str:
        text = os.read(self._master, 65_536).decode(errors="replace")
        self.frames += text.count("\x1b[?25l")
        return text


# --- an hour at once -----------------------------------------------------------------------------------------------


async def _replay(place: Workplace, most: int) -> list[str]:
    """Read the whole log as if all of it happened now, drawing meanwhile, and time keys."""
    spans: list[float] = []
    taken = draws = 0
    memory: list[float] = []
    where = place_of(place.config, place.environ)
    rule = start_rule(where, place.environ, is_allowed=False)
    with _keyboard() as keys:
        async with trio.open_nursery() as helpers, reach(where, rule, client="bench") as session:
            controller = Controller(
                lambda: feed,
                helpers,
                wall_clock,
                Outfit(tabs=TABS, pages=PAGES, hands=NoHands()),
                on_change=lambda: painting.mark(),
            )
            feed = Feed(lambda: reach(where, rule, client="bench"), controller.update, wall_clock)  # it is never run
            surface = Surface(controller, on_input=lambda: painting.mark())
            pressed: list[float] = []

            def draw() -> None:
                nonlocal draws
                draws += 1
                surface.invalidate()
                surface.render(SIZE, focus=True).content()
                spans.extend(time.perf_counter() - at for at in pressed)
                pressed.clear()

            painting = Painting(draw, lambda: 1.0)

            async def type_keys() -> None:
                while True:
                    await trio.lowlevel.wait_readable(keys)
                    pressed.extend(msgspec.json.decode(line) for line in os.read(keys, 65_536).splitlines())
                    surface.keypress(SIZE, "j" if len(spans) % 10 < 5 else "k")

            helpers.start_soon(painting.run)
            helpers.start_soon(type_keys)
            health = await session.request(HEALTH.name, HEALTH_NOW, HEALTH.response)
            first = max(0, health.events - most)
            begun = msgspec.structs.replace(health, events=first)
            controller.update(Opened(health=begun, status=StatusResponse(threads=(), total=0)))
            began = time.perf_counter()
            async with session.open_stream(EVENTS.name, EventsRequest(after=first, follow=True), LogEvent) as events:
                async for event in events:
                    controller.update(event)
                    taken += 1
                    if taken % ((health.events - first) // 5 or 1) == 0:
                        memory.append(_memory(os.getpid()))
                    if event.position >= health.events:
                        break
            seconds = time.perf_counter() - began
            helpers.cancel_scope.cancel()
    return [
        f"{taken:,} events replayed in {seconds:.1f} s: {taken / seconds:,.0f} a second, {draws / seconds:.1f} redraws",
        _told("list, while they are replayed: a key that moves", spans),
        f"memory at each fifth of them: {', '.join(f'{one:.1f}' for one in memory)} MB",
    ]


@contextmanager
def _keyboard() -> Iterator[int]:
    """Give a pipe into which the time is written whenever a key is pressed; a thread of its own presses them."""
    reading, writing = os.pipe()
    released = threading.Event()

    def press() -> None:
        while not released.wait(BETWEEN_KEYS):
            os.write(writing, msgspec.json.encode(time.perf_counter()) + b"\n")

    finger = threading.Thread(target=press)
    finger.start()
    try:
        yield reading
    finally:
        released.set()
        finger.join()
        os.close(reading)
        os.close(writing)


def _told(name: str, spans: Sequence[float]) -> str:
    ordered = sorted(spans)
    if not ordered:
        return f"{name}: no key was pressed"
    half, most = ordered[len(ordered) // 2] * 1000, ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)] * 1000
    return f"{name}: p50 {half:.1f} ms, p99 {most:.1f} ms, of {len(ordered)} keys"


def _memory(pid: int) -> float:
    """Return how much memory a process has now, in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    sys.exit(main())
