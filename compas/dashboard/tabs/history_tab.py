"""The tab with everything that has ended: each execution, back to the first, and found by words."""

from collections.abc import Sequence
from functools import partial

import msgspec

from compas.api.tasks import TaskRow
from compas.dashboard.amounts import money, tokens
from compas.dashboard.board import Board, History
from compas.dashboard.keymap import Binding
from compas.dashboard.lines import BLANK, Line, cut_line, one_line, plain
from compas.dashboard.needs import Need, ended
from compas.dashboard.reasons import reason_of
from compas.dashboard.tabs.tab import Look, Narrowed, Row, Standing, View
from compas.dashboard.theme import sign_of
from compas.dashboard.times import ago
from compas.dashboard.widgets.columns import Cell, Column, Table, beside
from compas.dashboard.widgets.listing import Block, Entry
from compas.text import duration

AHEAD = 50
"""The next page is read when so few rows are left below the selected one."""

COLUMNS = (
    Column("", 12),
    Column("agent", 12),
    Column("about", 0),
    Column("batch", 14, at_least=140),
    Column("thread", 14, at_least=160),
    Column("exit", 4, is_right=True, at_least=100),
    Column("took", 9, is_right=True, at_least=60),
    Column("tokens", 8, is_right=True, at_least=110),
    Column("cost", 8, is_right=True, at_least=90),
    Column("ended", 9, is_right=True),
)
_VERDICTS = {"approve": "approved", "request_changes": "asked for changes"}


class HistoryRow(Row, frozen=True, kw_only=True):
    """An execution that has ended."""

    task: TaskRow


class HistoryView(msgspec.Struct, frozen=True, kw_only=True):
    """See View."""

    board: Board
    text: str
    rows: tuple[HistoryRow, ...]

    def members(self, group: str) -> Sequence[Row]:
        """See View: there are no groups."""
        return ()

    def blocks(self, width: int, now: float, look: Look) -> list[Block]:
        """See View."""
        known = self.board.answers.history
        trouble = self.board.answers.troubles.get("tasks", "")
        said = [cut_line(plain(f"  ! {one_line(trouble)}", "warn"), width)] if trouble else []
        if not self.rows:
            return [Block("nothing", [BLANK, *said, cut_line(plain(f"  {self._instead(known)}", "dim"), width)])]
        table = Table(COLUMNS, width)
        entries = [Entry(row.key, partial(_lines, row, table, now, look), table.height) for row in self.rows]
        return [Block("history", [BLANK, *said, self._heading(known, width), table.head()], entries)]

    def _heading(self, known: History | None, width: int) -> Line:
        more = " and more" if known is not None and known.more else ""
        looking = "  looking …" if known is not None and known.text != self.text else ""
        count = f"  {len(self.rows)}{more}{looking}"
        return cut_line(Line((("head", "  Ended"), ("dim", count))), width)

    def _instead(self, known: History | None) -> str:
        if known is None or known.text != self.text:
            return "reading …"
        if self.text:
            return f"nothing that has ended says {one_line(self.text)}"
        return "nothing has ended yet"


class HistoryTab:
    """See Tab."""

    title = "History"
    keys: tuple[Binding, ...] = ()
    orders: tuple[str, ...] = ()

    def needs(self, board: Board, text: str, at: Standing) -> tuple[Need, ...]:
        """See Tab: the newest, and what comes behind those that are known once somebody gets near their end."""
        known = board.answers.history
        if known is None or known.text != text or not known.more or at.number < len(known.rows) - AHEAD:
            return (ended(text),)
        return (ended(text), ended(text, known.next_after))

    def view(self, board: Board, now: float, narrowed: Narrowed, before: View | None = None) -> HistoryView:
        """See Tab: what was read for other words is narrowed here until the answer for these has come."""
        known = board.answers.history
        rows = known.rows if known is not None else ()
        if known is not None and known.text != narrowed.text:
            rows = tuple(row for row in rows if _matches(row, narrowed.text))
        return HistoryView(board=board, text=narrowed.text, rows=tuple(map(_row, rows)))

    def is_ticking(self, board: Board) -> bool:
        """See Tab: what has ended does not run."""
        return False


def _matches(row: TaskRow, text: str) -> bool:
    said = (
        f"{row.thread_id} {row.agent} {row.execution_status} {row.batch_id or ''} {row.title} {row.error or ''} "
        f"{row.category or ''}"
    ).casefold()
    return all(part in said for part in text.casefold().split())


def _row(task: TaskRow) -> HistoryRow:
    used = (task.tokens_in or 0) + (task.tokens_out or 0)
    parts = [
        one_line(task.execution_id),
        one_line(task.backend),
        f"attempt {task.attempt + 1}" if task.attempt else "",
        _VERDICTS.get(task.verdict or "", ""),
        one_line(task.category or ""),
        f"exit {task.exit_code}" if task.exit_code is not None else "",
        f"cost {money(task.cost_usd)}",
        f"{tokens(used)} tokens" if used else "",
        f"batch {one_line(task.batch_id)}" if task.batch_id else "",
    ]
    return HistoryRow(
        key=f"run:{task.execution_id}",
        thread=task.thread_id,
        execution=task.execution_id,
        task=task,
        facts=" · ".join(part for part in parts if part),
        what_now="Enter shows its thread",
    )


def _lines(row: HistoryRow, table: Table, now: float, look: Look) -> list[Line]:
    task = row.task
    word = task.execution_status.replace("_", " ")
    sign, style = sign_of(word)
    attempt = f" (attempt {task.attempt + 1})" if task.attempt else ""
    used = (
        None if task.tokens_in is None and task.tokens_out is None else (task.tokens_in or 0) + (task.tokens_out or 0)
    )
    verdict = _VERDICTS.get(task.verdict or "", "")
    reason = reason_of(word, task.error) or verdict
    title = one_line(task.title or task.thread_id) + attempt
    cells: list[Cell] = [
        ((style, f"{sign} {word}"),),
        (("who", one_line(task.agent)),),
        beside(title, reason, table.rest, is_bad=bool(task.error)),
        (("dim", one_line(task.batch_id or "")),),
        (("dim", one_line(task.thread_id)),),
        (("bad" if task.exit_code else "dim", "" if task.exit_code is None else str(task.exit_code)),),
        (("dim", duration(task.duration_ms)),),
        (("dim", tokens(used)),),
        (("dim", money(task.cost_usd)),),
        (("dim", ago(now - (task.finished_at or task.queued_at))),),
    ]
    return table.lines(row.key, cells, is_selected=row.key == look.selected, is_marked=row.key in look.marked)
