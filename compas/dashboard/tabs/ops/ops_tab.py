"""The tab that a developer looks at all day: what needs them, what runs, what waits, what is being merged."""

from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from compas.dashboard.board import MOST_THREADS, Board
from compas.dashboard.keymap import Binding
from compas.dashboard.lines import BLANK, Line, cut_line, one_line, plain, wrap
from compas.dashboard.needs import Need, more_threads, threads_saying
from compas.dashboard.tabs.ops.batches import grouped, members_of
from compas.dashboard.tabs.ops.layout import batch_lines, height_for, lines_of
from compas.dashboard.tabs.ops.placing import Placed, placed_threads
from compas.dashboard.tabs.ops.row import OpsRow
from compas.dashboard.tabs.ops.sections import ORDERS, Section, sections_of
from compas.dashboard.tabs.tab import Look, Narrowed, Standing, View
from compas.dashboard.widgets.listing import Block, Entry

AHEAD = 8
"""More threads are read when so few rows are left below the selected one."""
HINTED_FROM = 72
"""Columns from which there is room to say how to get at more."""
MOST_WARNINGS = 6
"""Lines of warnings below the list; `compas health` has all of them."""


class OpsView(msgspec.Struct, frozen=True, kw_only=True):
    """See View. `shown` has the rows of each section with the heads of its batches, `placed` what each thread says."""

    board: Board
    narrowed: Narrowed
    placed: Mapping[str, Placed]
    sections: tuple[Section, ...]
    shown: tuple[tuple[OpsRow, ...], ...]
    groups: Mapping[str, Sequence[OpsRow]]

    @property
    def rows(self) -> tuple[OpsRow, ...]:
        """See View."""
        return tuple(row for rows in self.shown for row in rows)

    def members(self, group: str) -> Sequence[OpsRow]:
        """See View."""
        return self.groups.get(group, ())

    def blocks(self, width: int, now: float, look: Look) -> list[Block]:
        """See View."""
        found = [
            self._block(section, rows, width, now, look)
            for section, rows in zip(self.sections, self.shown, strict=True)
            if rows or section.empty
        ]
        if not self.board.threads and not self.narrowed.text and not self.rows:
            found = [Block("nothing", _nothing_yet(self.board, width))]
        elif not found:
            said = plain(f"  no row matches {one_line(self.narrowed.text)}", "dim")
            found = [Block("nothing", [BLANK, cut_line(said, width)])]
        if rest := self._about_the_search():
            found.append(Block("search", [BLANK, cut_line(plain(f"  {rest}", "dim"), width)]))
        warnings = _warnings(self.board, width)
        return [*found, Block("warnings", warnings)] if warnings else found

    def _about_the_search(self) -> str:
        """Say how far it is known what a filter leaves: the supervisor looks through all that was never read."""
        text, searched = self.narrowed.text.strip(), self.board.searched
        if not text or self.board.next_after is None:
            return ""
        if searched is None or searched.text != self.narrowed.text:
            trouble = self.board.answers.troubles.get("status", "")
            return f"! {one_line(trouble)}" if trouble else f"looking in all {self.board.total:,} threads …"
        rest = searched.total - len(searched.threads)
        return f"{rest:,} more say this; with more words there are fewer" if rest > 0 else ""

    def _block(self, section: Section, rows: tuple[OpsRow, ...], width: int, now: float, look: Look) -> Block:
        count = str(len(section.rows)) if section.rows else section.empty
        if section.rows and section.total > len(section.rows):
            count += f" of {section.total:,}"
        hint = self._hint(section) if width >= HINTED_FROM else ""
        heading = cut_line(Line((("head", f"  {section.title}"), ("dim", f"  {count}{hint}"))), width)
        entries = [
            Entry(
                row.key,
                partial(self._lines, row, width, now, look),
                1 if row.folds else height_for(width),
                counts=not row.folds,
            )
            for row in rows
        ]
        return Block(section.title, [BLANK, heading], entries)

    def _hint(self, section: Section) -> str:
        """Say how to get at what is not shown."""
        if self.narrowed.text or section.total <= len(section.rows):
            return ""
        is_full = len(self.board.threads) >= MOST_THREADS
        return f"  ·  {'' if is_full else 'going down shows more, '}/ looks in all of them"

    def _lines(self, row: OpsRow, width: int, now: float, look: Look) -> list[Line]:
        is_selected = row.key == look.selected
        if not row.folds:
            return lines_of(row, width, now, is_selected=is_selected, is_marked=row.key in look.marked)
        members = self.members(row.folds)
        return batch_lines(
            row,
            self.board.batches.get(row.batch),
            width,
            is_selected=is_selected,
            is_marked=all(one.key in look.marked for one in members),
            is_folded=row.folds in self.narrowed.folded,
            count=len(members),
        )


class Ops:
    """See Tab."""

    title = "Ops"
    keys: tuple[Binding, ...] = ()
    orders = ORDERS

    def needs(self, board: Board, text: str, at: Standing) -> tuple[Need, ...]:
        """See Tab: every dashboard knows the threads that are open, but for very many, and the newest of the others.

        What comes behind them is read when somebody gets there; words are looked for among all.
        """
        found: list[Need] = [threads_saying(text)] if text.strip() else []
        is_wanted = board.is_open_next or (at.left < AHEAD and not found)
        if is_wanted and board.next_after is not None and len(board.threads) < MOST_THREADS:
            found.append(more_threads(board.next_after))
        return tuple(found)

    def view(self, board: Board, now: float, narrowed: Narrowed, before: View | None = None) -> OpsView:
        """See Tab."""
        known = before.placed if isinstance(before, OpsView) else {}
        placed = placed_threads(board, now, known)
        sections = sections_of(board, placed, now, narrowed)
        return OpsView(
            board=board,
            narrowed=narrowed,
            sections=sections,
            placed=placed,
            shown=tuple(grouped(section, narrowed.folded) for section in sections),
            groups={name: rows for section in sections for name, rows in members_of(section).items()},
        )

    def is_ticking(self, board: Board) -> bool:
        """See Tab."""
        return bool(board.running) or any(merge.is_open for merge in board.merges.values())


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
    said = [
        plain(f"  {'! ' if number == 0 else '  '}{part}", "warn")
        for text in (*unusable, *board.health.warnings)
        for number, part in enumerate(wrap(one_line(text), max(1, width - 5)))
    ]
    return [BLANK, *said[:MOST_WARNINGS]] if said else []
