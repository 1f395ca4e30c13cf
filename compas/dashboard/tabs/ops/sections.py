"""Decides in which order threads and merges stand in the list, under which headings. Pure."""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from compas.dashboard.board import Board
from compas.dashboard.tabs.ops.merges import merge_rows
from compas.dashboard.tabs.ops.placing import Placed
from compas.dashboard.tabs.ops.row import OpsRow
from compas.dashboard.tabs.tab import Narrowed

RECENTLY_FINISHED = 12
ORDERS = ("the most urgent first", "the newest first", "the oldest first", "by agent")


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """Rows under a heading; `empty` stands where there are none, and a section without it is left out then.

    `total` is how many there are where they are more than the rows; 0 where that is not known.
    """

    title: str
    rows: tuple[OpsRow, ...]
    empty: str = ""
    total: int = 0


def sections_of(board: Board, placed: Mapping[str, Placed], now: float, narrowed: Narrowed) -> tuple[Section, ...]:
    """Return the list, narrowed to rows that match a text, in one of the `ORDERS`.

    What has finished is cut short, but not before the list has as many rows as are to be there.
    """
    text, searched = narrowed.text, board.searched
    found_there = searched.threads if searched is not None and searched.text == text else frozenset()
    groups: dict[str, list[OpsRow]] = {name: [] for name in ("yours", "running", "waiting", "scheduled", "finished")}
    for thread, one in placed.items():
        if not text or one.row.matches(text) or thread in found_there:
            groups[one.group].append(one.row)
    others = sum(len(rows) for name, rows in groups.items() if name != "finished")
    finished = _newest_first(groups["finished"])
    merges = [row for row in merge_rows(board, now) if not text or row.matches(text)]
    return (
        Section(
            title="Needs you",
            rows=_SORTED[narrowed.order](groups["yours"]),
            empty="" if text else "nothing waits for you",
        ),
        Section(title="Running", rows=_by(groups["running"]), empty="" if text else "nothing is running"),
        Section(title="Waiting", rows=_by(groups["waiting"])),
        Section(title="Scheduled", rows=tuple(sorted(groups["scheduled"], key=lambda row: (row.due or 0, row.key)))),
        Section(title="Merges", rows=tuple(merges)),
        Section(
            title="Recently finished",
            rows=finished[: max(RECENTLY_FINISHED, narrowed.reach - others - len(merges))],
            total=len(finished) if text else board.total - others,
        ),
    )


def rows_of(sections: Iterable[Section]) -> tuple[OpsRow, ...]:
    """Return all rows in the order of the screen."""
    return tuple(row for section in sections for row in section.rows)


def _by(rows: list[OpsRow]) -> tuple[OpsRow, ...]:
    """Order by begin, the oldest first: rows stay where they are while others come and go below."""
    return tuple(sorted(rows, key=lambda row: (row.since or float("inf"), row.key)))


def _newest_first(rows: list[OpsRow]) -> tuple[OpsRow, ...]:
    return tuple(sorted(rows, key=lambda row: (-(row.since or 0.0), row.key)))


def _most_urgent(rows: list[OpsRow]) -> tuple[OpsRow, ...]:
    return tuple(sorted(rows, key=lambda row: (row.rank, -(row.since or 0.0), row.key)))


def _by_worker(rows: list[OpsRow]) -> tuple[OpsRow, ...]:
    return tuple(sorted(rows, key=lambda row: (row.who.casefold(), row.rank, -(row.since or 0.0), row.key)))


_SORTED: tuple[Callable[[list[OpsRow]], tuple[OpsRow, ...]], ...] = (_most_urgent, _newest_first, _by, _by_worker)
