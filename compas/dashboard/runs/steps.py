"""What an agent was seen doing, step by step, followed as it does it."""

from collections import deque

import trio

from actors.remote.errors import SessionLost, WireError
from compas.api.activity import EXECUTION_EVENTS, ExecutionEvent, ExecutionEventsRequest
from compas.dashboard.breaks import lines_of
from compas.dashboard.feed import in_words
from compas.dashboard.lines import BLANK, Line, clean_lines, one_line, plain, wrap
from compas.dashboard.markdown import markdown
from compas.dashboard.pages.page import OnChange
from compas.dashboard.source import Asks
from compas.dashboard.times import hour
from compas.dashboard.widgets.appended import Appended
from compas.domain.steps import Step, shown_step

KEPT = 5000
"""Steps that are kept: what is older is in `compas execution-events`."""
DETAIL_ROWS = 20
"""Rows of a step's detail that are shown."""
SAID_ROWS = 6
"""Rows of what the agent says that are shown without the details."""


class Steps:
    """The newest steps. Over a lost connection it goes on where it was."""

    def __init__(self, asks: Asks, execution: str, on_change: OnChange) -> None:
        self.is_over = False
        self.trouble = ""
        self.has_details = False
        self._asks = asks
        self._execution = execution
        self._on_change = on_change
        self._events: deque[ExecutionEvent] = deque(maxlen=KEPT)
        self._after = -1
        self._count = 0
        self._laid_out: Appended[ExecutionEvent] = Appended(KEPT)
        self._said: Appended[ExecutionEvent] = Appended(KEPT)

    @property
    def is_empty(self) -> bool:
        """Whether none was seen."""
        return not self._events

    def said(self, width: int) -> list[Line]:
        """Return what the agent said, one piece after the other; empty while it has said nothing."""

        def lay_out(one: ExecutionEvent) -> list[Line]:
            if one.kind != "message":
                return []
            return [*map(Line, markdown(one.detail or one.summary, width)), BLANK]

        return self._said.lines(self._events, self._count, width, lay_out)

    def lines(self, width: int, now: float) -> list[Line]:
        """Return them in lines of at most `width` columns."""
        details = self.has_details
        key = (width, details, int(now // 86_400))
        found = self._laid_out.lines(
            self._events, self._count, key, lambda one: _step(one, width, now, details=details)
        )
        return found or [plain("  no steps to show; z shows the details", "dim")]

    async def run(self) -> None:
        """Read them until the execution has ended."""
        while True:
            try:
                session = await self._asks.session()
                request = ExecutionEventsRequest(execution_id=self._execution, after=self._after, follow=True)
                async with session.open_stream(EXECUTION_EVENTS.name, request, ExecutionEvent) as events:
                    async for event in events:
                        self._events.append(event)
                        self._count += 1
                        self._after = event.index
                        self._on_change()
                break
            except SessionLost:
                await trio.lowlevel.checkpoint()
            except WireError as error:
                self.trouble = one_line(in_words(error))
                break
        self.is_over = True
        self._on_change()


def _step(one: ExecutionEvent, width: int, now: float, *, details: bool) -> list[Line]:
    step = shown_step(
        kind=one.kind, tool=one.tool, summary=one.summary, detail=one.detail, failed=one.failed, details=details
    )
    if step is None:
        return []
    clock = hour(one.at, now, with_seconds=True)
    if step.is_said:
        return _message(step, clock, width, is_whole=details)
    room = max(1, width - len(clock) - 4)
    margin = " " * (len(clock) + 3)
    said = clean_lines(step.text)[0]
    first, *rest = lines_of(said, wrap(said, room), "dim" if step.is_aside else "", margin)
    found = [Line((("dim", f"{clock} "), (step.tone, f"{step.sign} "), *first.segments)), *rest]
    if step.detail:
        found += _detail(step.detail, margin, room)
    return found


def _message(step: Step, clock: str, width: int, *, is_whole: bool) -> list[Line]:
    """What was said is worth more rows than what was done."""
    pieces = markdown(step.text, max(1, width - len(clock) - 4)) or [(("", ""),)]
    shown = pieces if is_whole else pieces[:SAID_ROWS]
    margin = " " * (len(clock) + 3)
    rows = [Line((("dim", f"{clock} "), (step.tone, f"{step.sign} "), *shown[0]))]
    rows += [Line((("", margin), *piece)) for piece in shown[1:]]
    if len(shown) < len(pieces):
        rows.append(plain(f"{margin}… {len(pieces) - len(shown)} more lines", "dim"))
    return rows


def _detail(detail: str, margin: str, room: int) -> list[Line]:
    rows = [
        Line((("", margin), *part.segments))
        for line in clean_lines(detail)
        for part in lines_of(line, wrap(line, room), "dim")
    ]
    if len(rows) > DETAIL_ROWS:
        rows = [*rows[:DETAIL_ROWS], plain(f"{margin}… {len(rows) - DETAIL_ROWS} more lines", "dim")]
    return rows
