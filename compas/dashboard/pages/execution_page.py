"""The page of one execution: what it was given, what it says, what it does, and when what happened to it."""

from typing import ClassVar, Literal, get_args

import trio

from compas.api.threads import TranscriptExecution, TranscriptResponse
from compas.dashboard.event_reading import EventReading
from compas.dashboard.keymap import Binding, Context
from compas.dashboard.lines import BLANK, Line, Segment, cut_line, one_line, plain
from compas.dashboard.page_keys import PAGE_KEYS
from compas.dashboard.pages.page import OnChange, Subject
from compas.dashboard.runs.card import AT_WORK, OVER, card
from compas.dashboard.runs.run_reader import RunChoice
from compas.dashboard.runs.task import body_lines, task_lines
from compas.dashboard.runs.timeline import timeline
from compas.dashboard.selection import NO_THREAD
from compas.dashboard.source import Asks
from compas.dashboard.state import Update
from compas.dashboard.widgets.pager import Pager

Pane = Literal["input", "output", "steps", "timeline"]
PANES: tuple[Pane, ...] = get_args(Pane)

_WIDE_FROM = 60


class ExecutionPage:
    """Each part keeps its own place. What is live follows its end until the execution has ended."""

    kind: ClassVar[str] = "execution"
    context: Context = "page"
    keys: ClassVar[tuple[Binding, ...]] = PAGE_KEYS["execution"]

    def __init__(self, asks: Asks, thread: str, execution: str, on_change: OnChange) -> None:
        self.thread = thread
        self._choice = RunChoice(asks, thread, execution, on_change)
        self._events = EventReading(asks, thread, on_change)
        self._pane: Pane | None = None
        self._pagers = _pagers()
        self._replied: tuple[object, int, list[Line]] = (None, 0, [])
        self._is_raw = False
        self._has_ended = False

    @classmethod
    def open(cls, asks: Asks, subject: Subject | None, on_change: OnChange) -> "ExecutionPage | str":
        """See PageKind."""
        if subject is None:
            return NO_THREAD
        if subject.execution is None:
            return "nothing has been started in this thread yet"
        return cls(asks, subject.thread, subject.execution, on_change)

    @property
    def execution(self) -> str:
        """See Page."""
        return self._choice.execution

    @property
    def pager(self) -> Pager:
        """See Page: that of the part which is shown."""
        return self._pagers[self._pane or "input"]

    def heading(self) -> Line:
        """See Page."""
        return Line((("head", one_line(self.thread)), ("dim", f"  {one_line(self.execution)}")))

    def above(self, width: int, now: float) -> list[Line]:
        """See Page."""
        run, place = self._choice.run, self._choice.place
        if run is None:
            return []
        titles: list[Segment] = []
        for number, pane in enumerate(PANES, 1):
            is_shown = pane == self._pane
            name = pane.capitalize() + (" raw" if is_shown and self._is_raw and pane in ("output", "steps") else "")
            gap = ("", "   " if width >= _WIDE_FROM else "  ") if titles else ("", "")
            titles += [gap, ("dim", f"{number} "), ("accent" if is_shown else "dim", name)]
        # First, so that a long error does not push them off a small screen.
        return [cut_line(Line(tuple(titles)), width), *card(run, place, width, now), BLANK]

    def lines(self, width: int, now: float) -> list[Line]:
        """See Page."""
        run = self._choice.run
        transcript = self._choice.transcript.answer
        if run is None or transcript is None:
            return self._choice.transcript.instead()
        if self._pane is None:
            self._begin(run)
        if self._choice.reader.is_over and run.status in OVER and not self._has_ended:
            self._has_ended = True
            for pager in self._pagers.values():
                pager.stay_at_end()
        match self._pane:
            case "output":
                return self._output(run, transcript, width)
            case "steps":
                return self._steps(width, now)
            case "timeline":
                return timeline(self._events.events, run.id, width, now)
            case _:
                return task_lines(run, transcript, width)

    def _begin(self, run: TranscriptExecution) -> None:
        """Show at first what is worth most: the task of what waits, the steps of what works, else what came of it."""
        if run.status in AT_WORK:
            self._pane = "steps"
        else:
            self._pane = "output" if run.status in OVER else "input"
        for pane in ("output", "steps", "timeline"):
            self._pagers[pane].is_following = run.status not in OVER

    def _output(self, run: TranscriptExecution, transcript: TranscriptResponse, width: int) -> list[Line]:
        reader = self._choice.reader
        if self._is_raw:
            return reader.printed.lines(width)
        said = [one for one in transcript.messages if one.execution_id == run.id]
        reply = next((one for one in said if one.intent == "response"), said[-1] if said else None)
        if reply is not None:
            # Laid out once: it may be long, and the screen is drawn whenever anything happens anywhere.
            if self._replied[0] is reply and self._replied[1] == width:
                return self._replied[2]
            head = f"{reply.reference}  {one_line(reply.sender)} → {one_line(reply.to)}  {one_line(reply.intent)}"
            self._replied = (reply, width, [plain(head, "dim"), BLANK, *body_lines(reply.body or "(empty)", width)])
            return self._replied[2]
        if said_so_far := reader.steps.said(width):
            return said_so_far
        if reader.printed.is_empty:
            return [plain("  it has said nothing", "dim")] if reader.is_over else [plain("  nothing yet", "dim")]
        return [
            plain("  Nothing of what it printed is an answer; it printed:", "dim"),
            BLANK,
            *reader.printed.lines(width),
        ]

    def _steps(self, width: int, now: float) -> list[Line]:
        reader = self._choice.reader
        if self._is_raw:
            return reader.printed.lines(width)
        if not reader.steps.is_empty:
            return reader.steps.lines(width, now)
        if reader.steps.trouble:
            return [plain(f"  {reader.steps.trouble}", "warn")]
        if reader.printed.is_empty:
            return [plain("  it has done nothing yet", "dim")]
        return [plain("  No step is known of what it printed; J shows it as it was printed.", "dim")]

    def tell(self, word: str) -> str:
        """See Page."""
        match word:
            case "next-pane" | "previous-pane":
                at = PANES.index(self._pane or "input")
                self._pane = PANES[(at + (1 if word == "next-pane" else -1)) % len(PANES)]
            case "input" | "output" | "steps" | "timeline":
                self._pane = word
            case "raw":
                self._is_raw = not self._is_raw
            case "details":
                self._choice.reader.steps.has_details = not self._choice.reader.steps.has_details
            case "older" | "newer":
                return self._step(-1 if word == "older" else 1)
        return ""

    def _step(self, by: int) -> str:
        trouble = self._choice.step(by)
        if not trouble:
            shown = self._pane
            self._pane, self._pagers, self._has_ended = None, _pagers(), False
            run = self._choice.run
            if run is not None and shown is not None:
                self._begin(run)
                self._pane = shown
        return trouble

    def is_ticking(self) -> bool:
        """See Page."""
        return self._choice.is_at_work

    def hear(self, update: Update) -> None:
        """See Page."""
        self._choice.hear(update)

    async def run(self) -> None:
        """See Page."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._choice.read)
            nursery.start_soon(self._events.run)


def _pagers() -> dict[Pane, Pager]:
    return {pane: Pager(is_following=False) for pane in PANES}
