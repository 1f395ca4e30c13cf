"""Folds pages of threads into what is known: those that come behind, and those that were looked for. Pure."""

from typing import Any

import msgspec

from compas.api.threads import StatusRequest, StatusResponse, StatusRow
from compas.dashboard.board import KEPT_THREADS, MOST_THREADS, Board, Searched

SPARE = 250
"""Threads there is room for beside those that a person has had read."""
_OVER = ("Completed", "Abandoned")


def begin(status: StatusResponse) -> dict[str, Any]:
    """Return, by the names of the board's fields, what the first page tells of threads."""
    rows = _by_name(status)
    return {
        "threads": rows,
        "total": max(status.total, len(rows)),
        "next_after": status.next_after,
        "is_open_next": _may_go_on_open(status),
        "room": KEPT_THREADS,
        "searched": None,
    }


def take_page(board: Board, request: msgspec.Struct, found: StatusResponse) -> Board:
    """Return the board with the threads of a page; of those that are known, events have told more since."""
    if not isinstance(request, StatusRequest) or (request.text is None and request.after != board.next_after):
        return board
    threads = {**{name: row for name, row in _by_name(found).items() if name not in board.threads}, **board.threads}
    board = msgspec.structs.replace(
        board,
        threads=threads,
        batches={**{one.batch_id: one for one in found.batches}, **board.batches},
        room=min(MOST_THREADS, max(board.room, len(threads) + SPARE)),
    )
    if request.text is not None:
        names = frozenset(row.thread_id for row in found.threads)
        searched = Searched(text=request.text, threads=names, total=found.total)
        return msgspec.structs.replace(board, searched=searched)
    return msgspec.structs.replace(board, next_after=found.next_after, is_open_next=_may_go_on_open(found))


def _by_name(status: StatusResponse) -> dict[str, StatusRow]:
    return {row.thread_id: row for row in reversed(status.threads)}


def _may_go_on_open(status: StatusResponse) -> bool:
    """Tell whether there may be open threads behind a page: they stand before those that are over."""
    return status.next_after is not None and status.threads[-1].thread_status not in _OVER
