"""Composes a screen: where the list or the page stands, and what the lines above and below it say. Pure."""

import msgspec

from compas.api.advice import in_commands
from compas.dashboard.board import Board
from compas.dashboard.keymap import Context, hints_in
from compas.dashboard.lines import BLANK, Line, cut_line, joined, one_line, plain, spread, wrap
from compas.dashboard.pages.page import Page
from compas.dashboard.tab_place import TabPlace
from compas.dashboard.tabs.tab import Row, View
from compas.dashboard.times import hour

LEAST_COLUMNS, LEAST_ROWS = 40, 10
_STATES = {"ready": "good", "recovering": "warn", "stopping": "warn"}


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a screen is made of. `selected` is the row of the list that is selected."""

    board: Board
    titles: tuple[str, ...]
    place: TabPlace
    view: View
    selected: Row | None
    page: Page | None
    context: Context
    notice: str
    may_start: bool
    now: float


def paint(frame: Frame, columns: int, rows: int) -> list[Line]:
    """Return just as many lines as the screen has rows."""
    if columns < LEAST_COLUMNS or rows < LEAST_ROWS:
        return _too_small(columns, rows)
    above = [_first_line(frame, columns), *_banner(frame, columns)]
    height = rows - len(above) - 2
    body = _body(frame, columns, height)
    body += [BLANK] * (height - len(body))
    # Where a page stands is known once it is laid out.
    below = [_status(frame, columns), spread(_hints(frame), _position(frame), columns)]
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
    return listing.window(frame.view.entries(columns, frame.now, listing.selected), height)


def _before_the_first(board: Board, width: int) -> list[Line]:
    if board.link == "recovering":
        said = "The supervisor is recovering: it reads its log and looks after the agents of the one before it."
    elif board.link == "lost":
        said = "There is no connection to a supervisor."
    else:
        said = "Connecting to the supervisor …"
    return [BLANK, cut_line(plain(f"  {said}", "dim"), width)]


def _first_line(frame: Frame, columns: int) -> Line:
    """Name the tabs and say how the supervisor is; a page needs the room for itself while all is well."""
    if frame.page is None:
        shown = frame.place.tab.title
        titles = [("accent" if title == shown else "dim", f"  {title}") for title in frame.titles]
        return spread(Line((("head", " compas"), *titles)), _supervisor(frame.board), columns)
    is_well = frame.board.link == "connected"
    title = Line((("", " "), *frame.page.heading().segments))
    return spread(title, BLANK if is_well else _supervisor(frame.board), columns)


def _supervisor(board: Board) -> Line:
    """Say how the supervisor is, and how much is going on."""
    health = board.health
    if board.link == "lost":
        return plain("not connected ", "bad")
    if board.link == "recovering" or health is None:
        return plain(f"{board.link} ", "warn")
    work = f"{board.running} of {board.places} running"
    queued = sum(1 for row in board.threads.values() if row.execution_status == "queued")
    parts = [
        plain(one_line(health.state), _STATES.get(health.state, "warn")),
        plain(work + (f", {queued} queued" if queued else ""), ""),
        plain(f"epoch {health.epoch} ", "dim"),
    ]
    return joined(parts, ("dim", " · "))


def _banner(frame: Frame, columns: int) -> list[Line]:
    """Say what is wrong with the connection, and that what is shown may be old."""
    board = frame.board
    if board.link == "lost":
        since = hour(board.lost_at, frame.now, with_seconds=True) if board.lost_at is not None else ""
        said = f"connection lost at {since}; connecting again." if board.health is not None else "no connection yet."
        offer = " S starts a supervisor." if frame.may_start else ""
        reason = f" {one_line(board.trouble)}"
        return [cut_line(Line((("notice", " ! "), ("warn", f" {said}{offer}"), ("dim", reason))), columns)]
    if board.health is not None and board.health.state == "stopping":
        said = "the supervisor is stopping; it starts no more work"
        return [cut_line(Line((("notice", " ! "), ("warn", f" {said}"))), columns)]
    if board.health is not None and board.health.config_notices:
        said = one_line(" · ".join(board.health.config_notices))
        return [cut_line(Line((("notice", " ! "), ("warn", f" {said}"))), columns)]
    return []


def _status(frame: Frame, columns: int) -> Line:
    """Say what was just refused, or what is selected and what may be done about it."""
    if frame.notice:
        return plain(f" {one_line(frame.notice)}", "warn")
    if frame.page is not None or frame.selected is None:
        return BLANK
    name, what_now = one_line(frame.selected.thread), one_line(in_commands(frame.selected.what_now))
    # A command that names the thread can be copied as it stands.
    shown = (("dim", f" {what_now}"),) if name in what_now else (("", f" {name}"), ("dim", f"  {what_now}"))
    return cut_line(Line(shown), columns)


def _hints(frame: Frame) -> Line:
    text = frame.place.filter.text
    if frame.context == "filter":
        typed = Line((("accent", " /"), ("", text), ("accent", "█")))
        return joined([typed, *_keys(frame)], ("dim", "   "))
    keys = joined(_keys(frame), ("dim", "  "))
    if frame.context == "list" and text:
        return Line((("accent", f" /{text}"), ("dim", "  Esc shows all   "), *keys.segments))
    return Line((("", " "), *keys.segments))


def _keys(frame: Frame) -> list[Line]:
    shown = frame.page.kind if frame.page is not None else ""
    own = frame.page.keys if frame.page is not None else frame.place.tab.keys
    return [Line((("accent", key), ("dim", f" {word}"))) for key, word in hints_in(frame.context, shown, own)]


def _position(frame: Frame) -> Line:
    if frame.page is None:
        return BLANK
    style = "accent" if frame.page.pager.is_following else "dim"
    return plain(f"{frame.page.pager.position} ", style)
