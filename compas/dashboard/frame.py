"""Composes a screen: where the list or the page stands, and what the lines above and below it say. Pure."""

import msgspec

from compas.client.other_version import versions_differ
from compas.dashboard.advice_keys import with_keys
from compas.dashboard.board import Board
from compas.dashboard.keymap import Context, hints_in
from compas.dashboard.lines import BLANK, Line, cut_line, cut_words, one_line, plain, spread, width_of, wrap
from compas.dashboard.pages.page import Page
from compas.dashboard.tab_line import supervisor_lines, tab_line
from compas.dashboard.tab_place import TabPlace
from compas.dashboard.tabs.tab import Row, View
from compas.dashboard.times import hour

LEAST_COLUMNS, LEAST_ROWS = 40, 10
BANNER_PART = 8
"""What is wrong takes at most such a part of the rows."""
NOTICE_ROWS = 3
"""Rows that what is said to the person takes at most."""
FACTS_FROM = 16
"""Rows from which there is a line more for what is known of the selected row."""


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a screen is made of. `selected` is the row of the list that is selected, `shown` the tab's number.

    `marked` is how many rows are marked. `version` is that of this dashboard; empty where it is not to be compared with
    the supervisor's.
    """

    board: Board
    titles: tuple[str, ...]
    shown: int
    place: TabPlace
    view: View
    selected: Row | None
    marked: int
    page: Page | None
    context: Context
    notice: str
    may_start: bool
    now: float
    version: str = ""


def paint(frame: Frame, columns: int, rows: int) -> list[Line]:
    """Return just as many lines as the screen has rows."""
    if columns < LEAST_COLUMNS or rows < LEAST_ROWS:
        return _too_small(columns, rows)
    above = [_first_line(frame, columns), *_banner(frame, columns, rows)]
    about = _about(frame, columns, rows)
    height = rows - len(above) - len(about) - 1
    body = _body(frame, columns, height)
    body += [BLANK] * (height - len(body))
    # Where a page stands is known once it is laid out.
    position = _position(frame)
    hints = spread(_hints(frame, columns - width_of(position.text) - 1), position, columns)
    below = [*about, msgspec.structs.replace(hints, ground="bar")]
    return [cut_line(line, columns) for line in (*above, *body, *below)]


def _too_small(columns: int, rows: int) -> list[Line]:
    said = f"too small: {columns}x{rows}, and compas needs {LEAST_COLUMNS}x{LEAST_ROWS}"
    lines = [plain(part, "notice") for part in wrap(said, max(1, columns))]
    return [*lines, *[BLANK] * rows][:rows]


def _body(frame: Frame, columns: int, height: int) -> list[Line]:
    if frame.page is not None:
        above = frame.page.above(columns - 2, frame.now)[: height // 2]
        lines = frame.page.lines(columns - 2, frame.now)
        shown = (*above, *frame.page.pager.window(lines, height - len(above)))
        return [Line((("", " "), *line.segments)) for line in shown]
    if frame.board.health is None:
        return _before_the_first(frame.board, columns)
    listing = frame.place.listing
    return listing.window(frame.view.blocks(columns, frame.now, frame.place.look()), columns, height)


def _before_the_first(board: Board, width: int) -> list[Line]:
    if board.link == "recovering":
        said = "The supervisor is recovering: it reads its log and looks after the agents of the one before it."
    elif board.link == "lost":
        said = "There is no connection to a supervisor."
    else:
        said = "Connecting to the supervisor …"
    return [BLANK, *(plain(f"  {part}", "dim") for part in wrap(said, width - 3))]


def _first_line(frame: Frame, columns: int) -> Line:
    """Name the tabs and say how the supervisor is; a page needs the room for itself while all is well."""
    if frame.page is None:
        return tab_line(frame.titles, frame.shown, frame.board, columns)
    is_well = frame.board.link == "connected"
    title = Line((("", " "), *frame.page.heading().segments))
    return spread(title, BLANK if is_well else next(supervisor_lines(frame.board)), columns)


def _banner(frame: Frame, columns: int, rows: int) -> list[Line]:
    """Say what is wrong with the connection, and that what is shown may be old."""
    board = frame.board
    if board.link == "lost":
        since = hour(board.lost_at, frame.now, with_seconds=True) if board.lost_at is not None else ""
        said = f"connection lost at {since}; connecting again." if board.health is not None else "no connection yet."
        said += " S starts a supervisor." if frame.may_start else ""
        said += f" {one_line(board.trouble)}"
    else:
        said = _notice_of(board, frame.version)
    if not said:
        return []
    first, *rest = wrap(said, max(1, columns - 5))
    found = [Line((("notice", " ! "), ("warn", f" {first}"))), *(plain(f"    {part}", "warn") for part in rest)]
    most = max(1, rows // BANNER_PART)
    if len(found) > most:
        found[most - 1] = cut_line(Line((*found[most - 1].segments, ("warn", " …"))), columns)
    return found[:most]


def _notice_of(board: Board, version: str) -> str:
    """Return what is to be known all the time, the most urgent first."""
    if board.health is not None and board.health.state == "stopping":
        return "the supervisor is stopping; it starts no more work"
    if board.health is not None and board.health.config_notices:
        return one_line(" · ".join(board.health.config_notices))
    if board.behind:
        return f"{board.behind} s behind: more happens than can be read"
    return one_line(versions_differ(board.server, version, client="this dashboard"))


def _about(frame: Frame, columns: int, rows: int) -> list[Line]:
    """Say what was just refused, or what is selected, what is known of it, and what may be done about it."""
    if frame.page is not None:
        return _notice(frame.notice, columns) or [BLANK]
    row = frame.selected
    found = _notice(frame.notice, columns) or [_what_now(row, columns - 1)]
    if rows >= FACTS_FROM:
        facts = cut_words(one_line(row.facts), columns - 1) if row is not None else ""
        if not facts and not frame.notice and row is not None and not row.thread:
            # What explains a row has both lines to itself.
            parts = wrap(one_line(with_keys(row.what_now)), columns - 2)
            found = [plain(f" {part}", "dim") for part in (parts[0], cut_words(" ".join(parts[1:3]), columns - 2))]
        else:
            found.insert(0, plain(f" {facts}", "dim") if facts else BLANK)
    return found


def _notice(said: str, columns: int) -> list[Line]:
    """Return what was just said to the person, in as many lines as it takes, up to a few."""
    parts = wrap(one_line(said), columns - 2) if said else []
    if len(parts) > NOTICE_ROWS:
        rest = " ".join(parts[NOTICE_ROWS - 1 : NOTICE_ROWS + 1])
        parts = [*parts[: NOTICE_ROWS - 1], cut_words(rest, columns - 2)]
    return [plain(f" {part}", "warn") for part in parts]


def _what_now(row: Row | None, width: int) -> Line:
    """Return what may be done about a row: with commands, where these have room, else with the keys alone."""
    if row is None:
        return BLANK
    name, what_now = one_line(row.thread), one_line(with_keys(row.what_now))
    # A command that names the thread can be copied as it stands.
    if name not in what_now and width_of(f"{name}  {what_now}") <= width:
        return Line((("", f" {name}"), ("dim", f"  {what_now}")))
    if width_of(what_now) > width:
        what_now = one_line(with_keys(row.what_now, are_alone=True))
    return plain(f" {cut_words(what_now, width)}", "dim")


def _hints(frame: Frame, width: int) -> Line:
    """Say what is being looked for, and what keys mean: as many as there is room for, in the order of the keymap."""
    text = frame.place.filter.text
    line = BLANK
    if frame.context == "filter":
        line = Line((("accent", " /"), ("", text), ("accent", "█ ")))
    elif frame.context == "list" and text:
        line = Line((("accent", f" /{text}"), ("dim", "  Esc shows all ")))
    for key in _keys(frame):
        longer = Line((*line.segments, ("dim", "  " if line.segments else " "), *key.segments))
        if width_of(longer.text) > width:
            break
        line = longer
    return line


def _keys(frame: Frame) -> list[Line]:
    shown = frame.page.kind if frame.page is not None else ""
    own = frame.page.keys if frame.page is not None else frame.place.tab.keys
    return [Line((("accent", key), ("dim", f" {word}"))) for key, word in hints_in(frame.context, shown, own)]


def _position(frame: Frame) -> Line:
    if frame.page is None:
        return plain(f"{frame.marked} marked ", "accent") if frame.marked else BLANK
    style = "accent" if frame.page.pager.is_following else "dim"
    return plain(f"{frame.page.pager.position} ", style)
