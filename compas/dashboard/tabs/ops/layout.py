"""Lays a row of the tab out: in one line, whose columns depend on the screen, or in two on a narrow one. Pure."""

import msgspec

from compas.api.threads import BatchTotal
from compas.dashboard.amounts import progress
from compas.dashboard.lines import Line, Segment, cut, cut_line, cut_words, fit, right, spread, width_of
from compas.dashboard.tabs.ops.batches import standing
from compas.dashboard.tabs.ops.row import OpsRow
from compas.dashboard.theme import marks, sign_of
from compas.dashboard.times import ago, elapsed, soon

TWO_LINES_BELOW = 72
BAR = 8
SIZED_FROM, PRICED_FROM, COUNTED_FROM, NAMED_FROM = 90, 100, 120, 150
"""Columns from which sizes are shown, costs, tokens, and the names of threads and branches (c-config-dashboard 94)."""


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """How wide each column is; the title gets what is left, and a column of no width is left out."""

    word: int
    who: int
    name: int
    branch: int
    change: int
    tokens: int
    cost: int
    title: int
    time: int = 10


def columns_for(width: int) -> Columns:
    """Return the columns of a row on a screen of this width."""
    word, who = 14, 20 if width >= COUNTED_FROM else 17 if width >= PRICED_FROM else 14
    name, branch = (14, 22) if width >= NAMED_FROM else (0, 0)
    tokens = 8 if width >= COUNTED_FROM else 0
    change = 11 if width >= SIZED_FROM else 0
    cost = 8 if width >= PRICED_FROM else 0
    given = sum(size + 1 for size in (word, who, name, branch, change, tokens, cost, 10) if size)
    return Columns(
        word=word,
        who=who,
        name=name,
        branch=branch,
        change=change,
        tokens=tokens,
        cost=cost,
        title=max(1, width - 3 - given),
    )


def lines_of(row: OpsRow, width: int, now: float, *, is_selected: bool, is_marked: bool) -> list[Line]:
    """Return a row's lines: two on a narrow screen, else one."""
    start = marks(is_selected=is_selected, is_marked=is_marked)
    if width < TWO_LINES_BELOW:
        found = _two(row, start, width, now)
    else:
        found = [Line((*start, *_cells(row, columns_for(width), now, is_selected=is_selected)))]
    ground = "chosen" if is_selected else ""
    return [msgspec.structs.replace(cut_line(line, width), key=row.key, ground=ground) for line in found]


def height_for(width: int) -> int:
    """Return how many lines each row has on a screen of this width."""
    return 2 if width < TWO_LINES_BELOW else 1


def _two(row: OpsRow, start: tuple[Segment, ...], width: int, now: float) -> list[Line]:
    sign, style = sign_of(row.word)
    said = "dim" if row.is_stale else style
    indent = ("", "  ") if row.inside else ("", "")
    first = Line((*start, indent, (said, f"{sign} {row.word}"), ("dim", f"  {row.who}")))
    about = _about(row, width - 6, "dim" if row.is_stale else "")
    return [spread(first, Line((("dim", f"{_time(row, now)} "),)), width), Line((("", "    "), indent, *about))]


def _cells(row: OpsRow, columns: Columns, now: float, *, is_selected: bool) -> list[Segment]:
    sign, style = sign_of(row.word)
    said = "dim" if row.is_stale else style
    text = "dim" if row.is_stale else "bold" if is_selected else ""
    indent = 2 if row.inside else 0
    cells: list[Segment] = [("", " " * indent), (said, f"{sign} {fit(row.word, columns.word - 2)} ")]
    room = columns.title - indent
    about = _about(row, room, text)
    cells += [*about, ("", " " * (room - sum(width_of(piece) for _, piece in about) + 1))]
    cells.append(("dim" if row.is_stale else "who", f"{fit(row.who, columns.who)} "))
    optional = (
        (fit(_short(row.thread, columns.name), columns.name), columns.name),
        (fit(row.branch, columns.branch), columns.branch),
        (right(row.change, columns.change), columns.change),
        (right(row.tokens, columns.tokens), columns.tokens),
        (right(row.cost, columns.cost), columns.cost),
    )
    cells += [("dim", f"{cell} ") for cell, size in optional if size]
    cells.append(("dim", right(_time(row, now), columns.time)))
    return cells


def _about(row: OpsRow, room: int, style: str) -> list[Segment]:
    """Return the title and, beside it, the reason: the title keeps most of the room whatever the reason says."""
    tag = f" ‹{row.batch}›" if row.batch and not row.inside and width_of(row.batch) * 3 < room else ""
    room -= width_of(tag)
    rest = [("dim", tag)] if tag else []
    if not row.reason:
        return [(style, cut_words(row.title, room)), *rest]
    title = cut_words(row.title, max(room * 3 // 5, room - width_of(row.reason) - 3))
    left = room - width_of(title) - 3
    reason = [("bad" if row.is_bad else "dim", f" · {cut_words(row.reason, left)}")] if left > 0 else []
    return [(style, title), *rest, *reason]


def batch_lines(
    row: OpsRow,
    total: BatchTotal | None,
    width: int,
    *,
    is_selected: bool,
    is_marked: bool,
    is_folded: bool,
    count: int,
) -> list[Line]:
    """Return the head of a batch: its name, how far it is, and how many rows are below it."""
    style, words = standing(total)
    full, empty = progress(total.done, total.threads, BAR) if total is not None else ("", "")
    hidden = f"  {count}" if is_folded else ""
    left = width - 4 - width_of(hidden)  # for the name, and how far it is
    has_bar = left - width_of(words) - BAR - 3 >= min(width_of(row.title), width // 2)
    bar: tuple[Segment, ...] = ((style, f"  {full}"), ("faint", empty)) if has_bar and total is not None else ()
    told = f"{' ' if bar else '  '}{words}" if words else ""
    line = Line(
        (
            *marks(is_selected=is_selected, is_marked=is_marked),
            ("accent", "▸ " if is_folded else "▾ "),
            ("bold", cut(row.title, max(8, left - width_of(told) - (BAR + 2 if bar else 0)))),
            ("dim", hidden),
            *bar,
            (style, told),
        ),
        row.key,
        "chosen" if is_selected else "",
    )
    return [cut_line(line, width)]


def _short(thread: str, width: int) -> str:
    """Return a thread's name, or the end of a long one: the beginnings of ULIDs are alike."""
    return thread if len(thread) <= width or width < 1 else f"…{thread[1 - width :]}"


def _time(row: OpsRow, now: float) -> str:
    if row.due is not None:
        return soon(row.due, now)
    if row.since is None:
        return ""
    if row.word in ("running", "ending", "merging"):
        return elapsed(now - row.since)
    return ago(now - row.since)
