"""The page with what the log holds: of a thread, or of all where none is selected."""

import json
from typing import ClassVar

from compas.api.history import LogEvent
from compas.dashboard.breaks import lines_of
from compas.dashboard.event_reading import KEPT, EventReading
from compas.dashboard.keymap import Binding, Context
from compas.dashboard.lines import Line, Segment, chop, clean_lines, cut_line, one_line, plain
from compas.dashboard.page_keys import PAGE_KEYS
from compas.dashboard.pages.page import OnChange, Subject
from compas.dashboard.source import Asks
from compas.dashboard.state import Update
from compas.dashboard.times import hour
from compas.dashboard.widgets.appended import Appended
from compas.dashboard.widgets.pager import Pager

_TYPE = 22
_WIDE_FROM = 60
"""Columns from which events stand in columns, with their positions."""


class EventsPage:
    """Follows the end, one line an event; with the details, each as it is in the log."""

    kind: ClassVar[str] = "events"
    context: Context = "page"
    keys: ClassVar[tuple[Binding, ...]] = PAGE_KEYS["events"]
    execution: str | None = None

    def __init__(self, asks: Asks, thread: str, on_change: OnChange) -> None:
        self.thread = thread
        self.pager = Pager(is_following=True)
        self._reading = EventReading(asks, thread, on_change)
        self._has_details = False
        self._laid_out: Appended[LogEvent] = Appended(KEPT)

    @classmethod
    def open(cls, asks: Asks, subject: Subject | None, on_change: OnChange) -> "EventsPage | str":
        """See PageKind."""
        return cls(asks, subject.thread if subject is not None else "", on_change)

    def heading(self) -> Line:
        """See Page."""
        whose = one_line(self.thread) if self.thread else "all"
        return Line((("head", f"{whose}  events"), ("dim", f"  {len(self._reading.events)}")))

    def above(self, width: int, now: float) -> list[Line]:
        """See Page."""
        return []

    def lines(self, width: int, now: float) -> list[Line]:
        """See Page."""
        if not self._reading.events:
            return [plain(f"  {self._reading.trouble or 'nothing has happened yet'}", "dim")]
        key = (width, self._has_details, int(now // 86_400))
        reading = self._reading
        return self._laid_out.lines(reading.events, reading.count, key, lambda one: self._event(one, width, now))

    def _event(self, one: LogEvent, width: int, now: float) -> list[Line]:
        whose = "" if self.thread else f"{one_line(one.stream)}  "
        clock = hour(one.at, now, with_seconds=True)
        kind = one_line(one.type)
        if width < _WIDE_FROM:
            head: tuple[Segment, ...] = (("dim", f"{clock} "), ("accent", f"{kind} "))
        else:
            head = (("dim", f"{one.position:>6} {clock} "), ("accent", f"{kind:<{_TYPE}} "))
        if not self._has_details:
            told = json.dumps(one.data, ensure_ascii=False, separators=(",", ":"))
            return [cut_line(Line((*head, ("dim", whose), ("", one_line(told)))), width)]
        by = f"{one_line(one.causation)}" if one.causation else ""
        found = [cut_line(Line((*head, ("dim", f"{whose}{by}"))), width)]
        for text in json.dumps(one.data, ensure_ascii=False, indent=1).split("\n")[1:-1]:
            told = clean_lines(text)[0]
            parts = lines_of(told, chop(told, max(1, width - 14)))
            found += [Line((("", " " * 14), *part.segments)) for part in parts]
        return found

    def tell(self, word: str) -> str:
        """See Page."""
        if word == "details":
            self._has_details = not self._has_details
        return ""

    def is_ticking(self) -> bool:
        """See Page."""
        return False

    def hear(self, update: Update) -> None:
        """See Page: the events have a stream of their own."""

    async def run(self) -> None:
        """See Page."""
        await self._reading.run()
