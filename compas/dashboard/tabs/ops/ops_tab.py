"""The tab that a developer looks at all day: what runs, what waits, what needs them, what is being merged."""

from collections.abc import Iterator
from functools import partial

import msgspec

from compas.dashboard.board import Board
from compas.dashboard.keymap import Binding
from compas.dashboard.lines import BLANK, Line, cut_line, fit, one_line, plain, width_of
from compas.dashboard.tabs.ops.row import OpsRow
from compas.dashboard.tabs.ops.sections import Section, rows_of, sections_of
from compas.dashboard.theme import MARK, sign_of
from compas.dashboard.times import ago, elapsed, hour
from compas.dashboard.widgets.listing import Entry, fixed

NAMED_FROM, WIDE_FROM, BATCHED_FROM = 90, 100, 120
"""Columns from which threads are named, columns are wider, and batches are shown (c-config-dashboard 94)."""


class Columns(msgspec.Struct, frozen=True):
    """How wide each column is; `about` gets what is left."""

    word: int
    who: int
    name: int
    batch: int
    about: int
    time: int


def columns_for(width: int) -> Columns:
    """Return the columns of a row on a screen of this width; a column of no width is left out."""
    name = 14 if width >= NAMED_FROM else 0
    word, who = (14, 18) if width >= WIDE_FROM else (12, 12)
    batch = 14 if width >= BATCHED_FROM else 0
    time = 11
    about = width - 4 - sum(size + 1 for size in (word, who, name, batch, time) if size) - 1
    return Columns(word, who, name, batch, max(1, about), time)


class OpsView(msgspec.Struct, frozen=True, kw_only=True):
    """See View."""

    board: Board
    sections: tuple[Section, ...]
    text: str

    @property
    def rows(self) -> tuple[OpsRow, ...]:
        """See View."""
        return rows_of(self.sections)

    def entries(self, width: int, now: float, selected: str | None) -> list[Entry]:
        """See View."""
        found = [entry for section in self.sections for entry in _section(section, width, now, selected)]
        if not self.board.threads and not self.text and not self.rows:
            found = fixed(_nothing_yet(self.board, width))
        elif not found:
            found = fixed([BLANK, cut_line(plain(f"  no row matches {one_line(self.text)}", "dim"), width)])
        return [*found, *fixed(_warnings(self.board, width))]


class Ops:
    """See Tab."""

    title = "Ops"
    keys: tuple[Binding, ...] = ()

    def view(self, board: Board, now: float, text: str) -> OpsView:
        """See Tab."""
        return OpsView(board=board, sections=sections_of(board, now, text), text=text)

    def is_ticking(self, board: Board) -> bool:
        """See Tab."""
        return bool(board.running) or any(merge.is_open for merge in board.merges.values())


def _section(section: Section, width: int, now: float, selected: str | None) -> Iterator[Entry]:
    if not section.rows and not section.empty:
        return
    count = str(len(section.rows)) if section.rows else section.empty
    heading = cut_line(Line((("head", f"  {section.title}"), ("dim", f"  {count}"))), width)
    yield from fixed([BLANK, heading])
    columns = columns_for(width)
    for row in section.rows:
        yield Entry(row.key, partial(_row, row, columns, width, now, is_selected=row.key == selected))


def _row(row: OpsRow, columns: Columns, width: int, now: float, *, is_selected: bool) -> Line:
    sign, style = sign_of(row.word)
    said = "dim" if row.is_stale else style
    text = "chosen" if is_selected else "dim" if row.is_stale else ""
    segments = [
        ("accent" if is_selected else "", f"{MARK if is_selected else ' '} "),
        (said, f"{sign} {fit(row.word, columns.word)} "),
        (text, f"{fit(row.who, columns.who)} "),
    ]
    if columns.name:
        segments.append(("dim", f"{fit(_short(row.thread, columns.name), columns.name)} "))
    segments.append((text, f"{fit(row.about, columns.about)} "))
    if columns.batch:
        segments.append(("dim", f"{fit(row.batch, columns.batch)} "))
    time = _time(row, now)
    segments.append(("dim", " " * (columns.time - width_of(time)) + time))
    return cut_line(Line(tuple(segments), row.key), width)


def _short(thread: str, width: int) -> str:
    """Return a thread's name, or the end of a long one: the beginnings of ULIDs are alike."""
    return thread if len(thread) <= width else f"…{thread[1 - width :]}"


def _time(row: OpsRow, now: float) -> str:
    if row.due is not None:
        return hour(row.due, now)
    if row.since is None:
        return ""
    if row.word in ("running", "ending", "merging", "queued"):
        return elapsed(now - row.since)
    return ago(now - row.since)


def _nothing_yet(board: Board, width: int) -> list[Line]:
    agents = ", ".join(one_line(agent.alias) for agent in board.health.agents) if board.health is not None else ""
    example = board.health.agents[0].alias if board.health is not None and board.health.agents else "AGENT"
    lines = [
        BLANK,
        plain("  No agent has been given anything to do yet."),
        BLANK,
        Line((("dim", "  Try    "), ("code", f'compas dispatch {one_line(example)} "Add a health check endpoint."'))),
    ]
    if agents:
        lines.append(Line((("dim", "  Agents "), ("", agents))))
    return [cut_line(line, width) for line in lines]


def _warnings(board: Board, width: int) -> list[Line]:
    """Return what keeps agents from working, below everything else."""
    if board.health is None:
        return []
    unusable = [f"{agent.alias} cannot be used: {agent.detail}" for agent in board.health.agents if not agent.usable]
    said = [cut_line(plain(f"  ! {one_line(text)}", "warn"), width) for text in (*unusable, *board.health.warnings)]
    return [BLANK, *said] if said else []
