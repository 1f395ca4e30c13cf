"""The tab with the merges: for each target what is merged now, what waits behind it, and what became of the last."""

from collections.abc import Sequence
from functools import partial

import msgspec

from compas.dashboard.amounts import change
from compas.dashboard.board import Board, Merge
from compas.dashboard.keymap import Binding
from compas.dashboard.lines import BLANK, Line, cut_line, one_line, plain, wrap
from compas.dashboard.needs import Need
from compas.dashboard.tabs.tab import Look, Narrowed, Row, Standing, View
from compas.dashboard.theme import sign_of
from compas.dashboard.times import ago, elapsed
from compas.dashboard.widgets.columns import Cell, Column, Table, beside
from compas.dashboard.widgets.listing import Block, Entry
from compas.domain.advice import advise, say

COLUMNS = (
    Column("", 14),
    Column("about", 0),
    Column("asked by", 12, at_least=76),
    Column("how", 7, at_least=100),
    Column("review", 12, at_least=110),
    Column("size", 11, is_right=True, at_least=90),
    Column("commit", 9, at_least=130),
    Column("", 9, is_right=True),
)
_REVIEWS = {
    "approved": "approved",
    "not_reviewed": "not reviewed",
    "changes_requested": "changes due",
    "changed_since_the_approval": "changed",
    "changed_since_the_review": "changed",
    "no_snapshot": "unrecorded",
}


class MergeRow(Row, frozen=True, kw_only=True):
    """A merge; `place` is where it stands in the line of its target, 0 where it does not."""

    merge: Merge
    title: str
    size: str
    place: int = 0

    def matches(self, text: str) -> bool:
        """Tell whether a person who types this text may mean the row."""
        one = self.merge
        said = (
            f"{one.thread} {self.title} {one.source} {one.target} {one.repository} {one.status} {one.by} {one.reason}"
        )
        return all(part in said.casefold() for part in text.casefold().split())


Target = tuple[str, str]
"""A repository and a branch of it."""


class MergesView(msgspec.Struct, frozen=True, kw_only=True):
    """See View."""

    board: Board
    text: str
    targets: tuple[tuple[Target, tuple[MergeRow, ...]], ...]

    @property
    def rows(self) -> tuple[MergeRow, ...]:
        """See View."""
        return tuple(row for _, rows in self.targets for row in rows)

    def members(self, group: str) -> Sequence[Row]:
        """See View: targets cannot be folded."""
        return ()

    def blocks(self, width: int, now: float, look: Look) -> list[Block]:
        """See View."""
        held = [
            plain(f"  {'! ' if number == 0 else '  '}{part}", "warn")
            for said in self.board.held
            for number, part in enumerate(wrap(one_line(said), max(1, width - 6)))
        ]
        found = [Block("held", [BLANK, *held])] if held else []
        if not self.targets:
            said = f"no merge matches {one_line(self.text)}" if self.text else "nothing has been merged yet"
            advice = "" if self.text else "; `compas merge THREAD` merges the branch of a thread"
            lines = [plain(f"  {part}", "dim") for part in wrap(f"{said}{advice}", max(1, width - 3))]
            return [*found, Block("nothing", [BLANK, *lines])]
        table = Table(COLUMNS, width)
        for target, rows in self.targets:
            entries = [Entry(row.key, partial(_lines, row, table, now, look), table.height) for row in rows]
            found.append(Block("\n".join(target), [BLANK, _heading(target, rows, width)], entries))
        return found


class Merges:
    """See Tab."""

    title = "Merges"
    keys: tuple[Binding, ...] = ()
    orders: tuple[str, ...] = ()

    def needs(self, board: Board, text: str, at: Standing) -> tuple[Need, ...]:
        """See Tab: every dashboard knows the merges."""
        return ()

    def view(self, board: Board, now: float, narrowed: Narrowed, before: View | None = None) -> MergesView:
        """See Tab."""
        by_target: dict[Target, list[Merge]] = {}
        for merge in board.merges.values():
            by_target.setdefault((merge.repository, merge.target), []).append(merge)
        found = []
        for target, merges in by_target.items():
            rows = tuple(row for row in _rows(board, merges) if row.matches(narrowed.text))
            if rows:
                found.append((target, rows))
        found.sort(key=lambda one: (-_busy(one[1]), -max(_when(row.merge) for row in one[1]), one[0]))
        return MergesView(board=board, text=narrowed.text, targets=tuple(found))

    def is_ticking(self, board: Board) -> bool:
        """See Tab."""
        return any(merge.status == "merging" for merge in board.merges.values())


def _busy(rows: Sequence[MergeRow]) -> int:
    return sum(1 for row in rows if row.merge.is_open)


def _when(merge: Merge) -> float:
    return merge.ended_at or merge.started_at or merge.queued_at


def _rows(board: Board, merges: Sequence[Merge]) -> list[MergeRow]:
    """Return those at work, then those in line, in their order, then those that are over, the newest first."""
    line = sorted((one for one in merges if one.is_open), key=lambda one: (one.status != "merging", one.queued_at))
    over = sorted((one for one in merges if not one.is_open), key=lambda one: (-_when(one), one.op))
    waiting = [one.op for one in line if one.status == "queued"]
    return [_row(board, one, waiting.index(one.op) + 1 if one.op in waiting else 0) for one in (*line, *over)]


def _row(board: Board, merge: Merge, place: int) -> MergeRow:
    parts = [
        one_line(f"{merge.source} → {merge.target}"),
        f"{merge.conflicts} conflict{'' if merge.conflicts == 1 else 's'}" if merge.conflicts else "",
        f"{one_line(merge.handed_back_to)} has it again" if merge.handed_back_to else "",
        "on the operator's word" if merge.forced else "",
        one_line(merge.op),
    ]
    what_now = say("")
    if merge.is_open:
        what_now = say(advise("wait_merge", op_id=merge.op), ", or ", advise("merge_cancel", op_id=merge.op))
    elif merge.status == "merge failed":
        what_now = say(advise("merge_status", op_id=merge.op), " says what to do")
    return MergeRow(
        key=f"merge:{merge.op}",
        thread=merge.thread,
        merge=merge,
        title=one_line(board.title_of(merge.thread)),
        size=change(board.sizes.get(merge.thread)),
        place=place,
        facts=" · ".join(part for part in parts if part),
        what_now=what_now,
    )


def _heading(target: Target, rows: Sequence[MergeRow], width: int) -> Line:
    repository, branch = target
    waiting = sum(1 for row in rows if row.merge.status == "queued")
    count = f"  {waiting} in line" if waiting else ""
    where = f"  {one_line(repository)}" if repository else ""
    return cut_line(Line((("head", f"  {one_line(branch)}"), ("dim", where), ("warn", count))), width)


def _lines(row: MergeRow, table: Table, now: float, look: Look) -> list[Line]:
    merge = row.merge
    sign, style = sign_of(merge.status)
    word = f"{merge.status} {row.place}." if row.place else merge.status
    reason = one_line(merge.reason) if merge.status in ("merge failed", "cancelled") else ""
    cells: list[Cell] = [
        ((style, f"{sign} {word}"),),
        beside(row.title, reason, table.rest, is_bad=merge.status == "merge failed"),
        (("dim", one_line(merge.by)),),
        (("dim", merge.strategy),),
        (("dim", _REVIEWS.get(merge.review, "")),),
        (("dim", row.size),),
        (("dim", merge.commit[:8]),),
        (("dim", _time(merge, now)),),
    ]
    return table.lines(row.key, cells, is_selected=row.key == look.selected, is_marked=row.key in look.marked)


def _time(merge: Merge, now: float) -> str:
    if merge.status == "merging":
        return elapsed(now - (merge.started_at or merge.queued_at))
    return ago(now - _when(merge))
