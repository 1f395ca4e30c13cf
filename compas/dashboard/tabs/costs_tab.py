"""The tab with what was spent: by day, agent, batch and thread. What nobody told is unknown, and never nothing."""

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from compas.api.figures import CostsResponse, Spending
from compas.dashboard.amounts import money, progress, sparkline, tokens
from compas.dashboard.board import Board
from compas.dashboard.keymap import Binding
from compas.dashboard.lines import BLANK, Line, Segment, cut_line, joined, one_line, plain, width_of
from compas.dashboard.needs import SPENDING, Need
from compas.dashboard.tabs.tab import Look, Narrowed, Row, Standing, View
from compas.dashboard.times import day
from compas.dashboard.widgets.columns import Cell, Column, Table
from compas.dashboard.widgets.listing import Block, Entry
from compas.text import counted, duration

BAR = 10

COLUMNS = (
    Column("", 0),
    Column("", BAR, at_least=76),
    Column("runs", 6, is_right=True, at_least=60),
    Column("failed", 6, is_right=True, at_least=90),
    Column("took", 10, is_right=True, at_least=100),
    Column("tokens in", 9, is_right=True, at_least=110),
    Column("tokens out", 10, is_right=True, at_least=110),
    Column("tokens", 8, is_right=True),
    Column("cost", 10, is_right=True),
)


class CostRow(Row, frozen=True, kw_only=True):
    """What was spent under one name; `share` is its part of the largest of its group, from 0 to 1."""

    title: str
    spent: Spending
    share: float

    def matches(self, text: str) -> bool:
        """Tell whether a person who types this text may mean the row."""
        return all(part in f"{self.title} {self.spent.name}".casefold() for part in text.casefold().split())


class CostsView(msgspec.Struct, frozen=True, kw_only=True):
    """See View."""

    costs: CostsResponse | None
    trouble: str
    text: str
    groups: tuple[tuple[str, tuple[CostRow, ...]], ...]

    @property
    def rows(self) -> tuple[CostRow, ...]:
        """See View."""
        return tuple(row for _, rows in self.groups for row in rows)

    def members(self, group: str) -> Sequence[Row]:
        """See View: nothing can be folded."""
        return ()

    def blocks(self, width: int, now: float, look: Look) -> list[Block]:
        """See View."""
        said = [cut_line(plain(f"  ! {one_line(self.trouble)}", "warn"), width)] if self.trouble else []
        if self.costs is None or not self.rows:
            return [Block("nothing", [BLANK, *said, cut_line(plain(f"  {self._instead(now)}", "dim"), width)])]
        table = Table(COLUMNS, width)
        found = [Block("total", [BLANK, *said, *_totals(self.costs, now, width)])]
        for title, rows in self.groups:
            if rows:
                entries = [Entry(row.key, partial(_lines, row, table, look), table.height) for row in rows]
                found.append(Block(title, [BLANK, _heading(f"{title}  {len(rows)}", table)], entries))
        return found

    def _instead(self, now: float) -> str:
        if self.costs is None:
            return "reading …"
        if self.text:
            return f"nothing that was spent is called {one_line(self.text)}"
        return f"nothing has ended since {day(self.costs.since, now)}, so nothing was spent"


class Costs:
    """See Tab."""

    title = "Costs"
    orders = ("the dearest first", "the most tokens first", "the most runs first", "the most failures first")
    keys: tuple[Binding, ...] = ()

    def needs(self, board: Board, text: str, at: Standing) -> tuple[Need, ...]:
        """See Tab."""
        return (SPENDING,)

    def view(self, board: Board, now: float, narrowed: Narrowed, before: View | None = None) -> CostsView:
        """See Tab."""
        costs = board.answers.costs
        groups = _groups(costs, now) if costs is not None else ()
        return CostsView(
            costs=costs,
            trouble=board.answers.troubles.get("costs", ""),
            text=narrowed.text,
            groups=tuple(
                (title, _sorted(tuple(row for row in rows if row.matches(narrowed.text)), narrowed.order))
                for title, rows in groups
            ),
        )

    def is_ticking(self, board: Board) -> bool:
        """See Tab: it shows no running time."""
        return False


_AMOUNTS: tuple[Callable[[Spending], int], ...] = (
    lambda one: 0,
    lambda one: _tokens(one) or 0,
    lambda one: one.executions,
    lambda one: one.failed,
)


def _sorted(rows: tuple[CostRow, ...], order: int) -> tuple[CostRow, ...]:
    """Return the rows in one of the tab's orders; in the first they stand as they are, days by their dates."""
    return tuple(sorted(rows, key=lambda row: -_AMOUNTS[order](row.spent)))


def _groups(costs: CostsResponse, now: float) -> tuple[tuple[str, tuple[CostRow, ...]], ...]:
    days = [(day(one.began, now), one) for one in reversed(costs.by_day) if one.executions]
    return (
        ("By agent", _rows("agent", [(one.name, one) for one in costs.by_agent])),
        ("By batch", _rows("batch", [(one.name, one) for one in costs.by_batch])),
        ("By thread", _rows("thread", [(costs.titles.get(one.name) or one.name, one) for one in costs.by_thread])),
        ("By day", _rows("day", days)),
    )


def _rows(kind: str, named: Sequence[tuple[str, Spending]]) -> tuple[CostRow, ...]:
    # Where nobody tells costs, tokens say who used most.
    is_priced = any(one.cost_usd for _, one in named)
    weights = [(one.cost_usd or 0.0) if is_priced else float(_tokens(one) or 0) for _, one in named]
    most = max(weights, default=0.0)
    return tuple(
        CostRow(
            key=f"cost:{kind}:{one.name or title}",
            thread=one.name if kind == "thread" else "",
            title=one_line(title),
            spent=one,
            share=weight / most if most > 0 else 0.0,
            facts=_facts(one),
            what_now="" if kind == "thread" else one_line(title),
        )
        for (title, one), weight in zip(named, weights, strict=True)
    )


def _tokens(one: Spending) -> int | None:
    return None if one.tokens_in is None and one.tokens_out is None else (one.tokens_in or 0) + (one.tokens_out or 0)


def _facts(one: Spending) -> str:
    untold = one.executions - one.priced
    parts = [
        counted(one.executions, "execution"),
        f"{one.failed} failed" if one.failed else "",
        f"{untold} did not tell their cost" if untold else "",
        f"{tokens(one.tokens_in)} tokens in, {tokens(one.tokens_out)} out",
        f"{duration(one.duration_ms)} of work" if one.duration_ms else "",
    ]
    return " · ".join(part for part in parts if part)


def _totals(costs: CostsResponse, now: float, width: int) -> list[Line]:
    total = costs.total
    untold = total.executions - total.priced
    said = [
        Line((("head", _money(total)), ("dim", f" since {day(costs.since, now)}"))),
        plain(f"{tokens(_tokens(total))} tokens"),
        plain(counted(total.executions, "execution")),
        *([plain(f"{counted(untold, 'execution')} did not tell", "dim")] if untold else []),
    ]
    hours = [one.executions for one in costs.by_hour]
    spent = [one.cost_usd or 0.0 for one in costs.by_day]
    today = f" {money(costs.by_day[-1].cost_usd)} today" if costs.by_day else ""
    pictures = [
        Line(
            (
                ("dim", "24 hours " if width >= 44 else "24 h "),
                ("spark", sparkline(hours, 24)),
                ("dim", f" {sum(hours)} ended"),
            )
        ),
        Line((("dim", f"{len(spent)} days "), ("spark", sparkline(spent, 14)), ("dim", today))),
    ]
    return [*_flowing(said, ("dim", " · "), width), *_flowing(pictures, ("", "  "), width)]


def _flowing(parts: Sequence[Line], between: Segment, width: int) -> list[Line]:
    """Put parts one behind the other, in as many lines as it takes to cut none that has room in a line."""
    found: list[Line] = []
    for part in parts:
        longer = joined([found[-1], part], between) if found else part
        if found and width_of(longer.text) <= width - 2:
            found[-1] = longer
        else:
            found.append(part)
    return [cut_line(Line((("", "  "), *line.segments)), width) for line in found]


def _heading(title: str, table: Table) -> Line:
    """Return the group's name with those of the columns."""
    named = Table((Column(title, 0), *table.columns[1:]), table.width).head()
    (_, blank), (_, name), *rest = named.segments
    return Line((("", blank), ("head", name), *rest))


def _money(one: Spending) -> str:
    return money(one.cost_usd, is_all=one.priced == one.executions)


def _lines(row: CostRow, table: Table, look: Look) -> list[Line]:
    one = row.spent
    full, empty = progress(round(row.share * 100), 100, BAR)
    cells: list[Cell] = [
        (("", row.title),),
        (("accent", full), ("faint", empty)),
        (("dim", str(one.executions)),),
        (("bad" if one.failed else "dim", str(one.failed)),),
        (("dim", duration(one.duration_ms) if one.duration_ms else ""),),
        (("dim", tokens(one.tokens_in)),),
        (("dim", tokens(one.tokens_out)),),
        (("dim", tokens(_tokens(one))),),
        (("" if one.cost_usd is not None else "dim", _money(one)),),
    ]
    return table.lines(row.key, cells, is_selected=row.key == look.selected, is_marked=row.key in look.marked)
