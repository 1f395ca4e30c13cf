"""The first line of the screen: the tabs, how the supervisor is, and which tab a click into the line means. Pure."""

from collections.abc import Iterator, Sequence

from compas.dashboard.board import Board
from compas.dashboard.lines import Line, Segment, joined, one_line, plain, spread, width_of

_STATES = {"ready": "good", "recovering": "warn", "stopping": "warn"}

Tabs = list[tuple[int | None, Segment]]
"""Pieces of the line, each with the number of the tab that a click on it shows."""


def tab_line(titles: Sequence[str], shown: int, board: Board, columns: int) -> Line:
    """Return the line: as much of both ends as there is room for, the tabs first."""
    tabs, end = _fitting(titles, shown, board, columns)
    return spread(Line(tuple(segment for _, segment in tabs)), end, columns)


def tab_at(titles: Sequence[str], shown: int, board: Board, columns: int, column: int) -> int | None:
    """Return the number of the tab that stands in a column, None where none does."""
    tabs, _ = _fitting(titles, shown, board, columns)
    begin = 0
    for number, (_, text) in tabs:
        begin += width_of(text)
        if column < begin:
            return number
    return None


def _fitting(titles: Sequence[str], shown: int, board: Board, columns: int) -> tuple[Tabs, Line]:
    ends = list(supervisor_lines(board))
    for tabs in _tabs(titles, shown):
        room = columns - sum(width_of(text) for _, (_, text) in tabs) - 1
        for end in ends:
            if width_of(end.text) <= room:
                return tabs, end
    return tabs, ends[-1]


def _tabs(titles: Sequence[str], shown: int) -> Iterator[Tabs]:
    named: Tabs = [
        (number, ("tab" if number == shown else "dim", f"  {number + 1} {title}"))
        for number, title in enumerate(titles)
    ]
    yield [(None, ("head", " compas")), *named]
    yield named
    yield [(number, (style, f" {text.strip()}")) for number, (style, text) in named]
    ahead = (shown + 1) % len(titles)
    yield [(ahead, ("tab", f" {shown + 1} {titles[shown]}")), (ahead, ("dim", f" of {len(titles)} "))]


def supervisor_lines(board: Board) -> Iterator[Line]:
    """Yield how the supervisor is, and how much is going on, at length and then shorter."""
    health = board.health
    if board.link == "lost":
        yield plain("not connected ", "bad")
        return
    if board.link == "recovering" or health is None:
        yield plain(f"{board.link} ", "warn")
        return
    queued = sum(1 for row in board.threads.values() if row.execution_status == "queued")
    state = plain(one_line(health.state), _STATES.get(health.state, "warn"))
    waiting = f", {queued} queued" if queued else ""
    work = plain(f"{board.running} of {board.places} running{waiting}", "text")
    dot: Segment = ("dim", " · ")
    yield joined([state, work, plain(f"epoch {health.epoch} ", "dim")], dot)
    yield joined([state, plain(f"{work.text} ", "text")], dot)
    yield plain(f"{work.text} ", "text")
    yield plain(f"{board.running}/{board.places} running ", "text")
    yield plain(f"{board.running}/{board.places} ", "text")
