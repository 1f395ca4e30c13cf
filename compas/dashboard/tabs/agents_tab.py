"""The tab with the agents: whether each can work, how busy it is, what it did last, and what it cost."""

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from compas.api.agents import AgentListing
from compas.api.figures import AgentMetrics
from compas.api.supervision import AgentHealth
from compas.dashboard.amounts import money, sparkline, tokens
from compas.dashboard.board import Board
from compas.dashboard.keymap import Binding
from compas.dashboard.lines import BLANK, Line, Segment, cut_line, one_line, plain, wrap
from compas.dashboard.needs import AGENTS, FIGURES, SPENDING, Need
from compas.dashboard.tabs.tab import Look, Narrowed, Row, Standing, View
from compas.dashboard.theme import sign_of
from compas.dashboard.times import ago, hour
from compas.dashboard.widgets.columns import Cell, Column, Table, beside
from compas.dashboard.widgets.listing import Block, Entry
from compas.text import duration

COLUMNS = (
    Column("agent", 14),
    Column("", 13),
    Column("backend", 10, at_least=61),
    Column("model", 0),
    Column("busy", 5, is_right=True),
    Column("queued", 6, is_right=True, at_least=90),
    Column("done", 6, is_right=True, at_least=100),
    Column("failed", 6, is_right=True, at_least=76),
    Column("takes", 9, is_right=True, at_least=130),
    Column("tokens", 8, is_right=True, at_least=120),
    Column("cost", 9, is_right=True, at_least=90),
    Column("last run", 12, is_right=True, at_least=70),
)
WITH_ACTIVITY = 90
"""Columns from which there is room for a picture of the last day."""
_LAST = {"completed": "✓", "failed": "✗", "crashed": "✗", "timed_out": "✗", "cancelled": "–"}


class AgentRow(Row, frozen=True, kw_only=True):
    """An agent. `word` says whether it can work, `why` what keeps it from that."""

    alias: str
    word: str
    why: str
    health: AgentHealth
    listing: AgentListing | None
    figures: tuple[AgentMetrics, ...]

    def matches(self, text: str) -> bool:
        """Tell whether a person who types this text may mean the row."""
        model = self.listing.model if self.listing is not None else ""
        said = f"{self.alias} {self.word} {self.health.backend} {model} {self.health.role} {self.why}".casefold()
        return all(part in said for part in text.casefold().split())


class AgentsView(msgspec.Struct, frozen=True, kw_only=True):
    """See View."""

    board: Board
    text: str
    rows: tuple[AgentRow, ...]

    def members(self, group: str) -> Sequence[Row]:
        """See View: agents stand in no groups."""
        return ()

    def blocks(self, width: int, now: float, look: Look) -> list[Block]:
        """See View."""
        if not self.rows:
            said = f"no agent matches {one_line(self.text)}" if self.text else "the config names no agents"
            return [Block("nothing", [BLANK, plain(f"  {said}", "dim")])]
        table = Table(COLUMNS, width)
        entries = [Entry(row.key, partial(_lines, row, table, now, look), table.height) for row in self.rows]
        trouble = self.board.answers.troubles.get("metrics", "")
        busy = f"  {self.board.running} of {self.board.places} places taken"
        heading = Line((("head", "  Agents"), ("dim", f"  {len(self.rows)}{busy}"), *self._activity(width)))
        head = [BLANK, cut_line(heading, width), table.head()]
        if trouble:
            head.insert(1, cut_line(plain(f"  ! figures cannot be had: {one_line(trouble)}", "warn"), width))
        notes = [
            plain(f"    {part}", "warn")
            for row in self.rows
            if row.why
            for part in wrap(f"{row.alias}: {row.why}", max(1, width - 6))
        ]
        return [Block("agents", head, entries), *([Block("why", [BLANK, *notes])] if notes else [])]

    def _activity(self, width: int) -> tuple[Segment, ...]:
        """Return how many executions ended in each of the last hours, where there is room."""
        costs = self.board.answers.costs
        if costs is None or width < WITH_ACTIVITY:
            return ()
        ended = [hour.executions for hour in costs.by_hour]
        return (("dim", "   24 hours "), ("spark", sparkline(ended, 24)), ("dim", f" {sum(ended)} ended"))


class Agents:
    """See Tab."""

    title = "Agents"
    orders = ("as configured", "the busiest first", "the most failures first", "the last run first")
    keys: tuple[Binding, ...] = (
        Binding(keys=("enter",), command="agent-history", contexts=("list",), hint="its history"),
    )

    def needs(self, board: Board, text: str, at: Standing) -> tuple[Need, ...]:
        """See Tab."""
        return (AGENTS, FIGURES, SPENDING)

    def view(self, board: Board, now: float, narrowed: Narrowed, before: View | None = None) -> AgentsView:
        """See Tab."""
        agents = board.health.agents if board.health is not None else ()
        rows = sorted((_row(board, agent, now) for agent in agents), key=_SORTED[narrowed.order])
        return AgentsView(
            board=board, text=narrowed.text, rows=tuple(row for row in rows if row.matches(narrowed.text))
        )

    def is_ticking(self, board: Board) -> bool:
        """See Tab: it shows no running time."""
        return False


def state_of(agent: AgentHealth, now: float) -> tuple[str, str]:
    """Return whether an agent can work, in a word, and what keeps it from that.

    A breaker that has waited long enough lets one execution try, before anybody says so.
    """
    if agent.role == "operator":
        return "a person", ""
    if not agent.usable:
        return "unusable", one_line(agent.detail)
    is_over = agent.circuit_until is not None and now >= agent.circuit_until
    if agent.circuit_state == "open" and not is_over:
        until = f" until {hour(agent.circuit_until, now)}" if agent.circuit_until is not None else ""
        return "left alone", f"{one_line(agent.backend)} is left alone{until}: {one_line(agent.circuit_detail)}"
    if agent.circuit_state != "closed":
        return "being tried", f"one execution tries {one_line(agent.backend)}: {one_line(agent.circuit_detail)}"
    return ("running" if agent.active else "ready"), ""


def _last_end(row: "AgentRow") -> float:
    newest = _newest(row.figures)
    return newest.newest.ended_at if newest is not None and newest.newest is not None else 0.0


_SORTED: tuple[Callable[["AgentRow"], float], ...] = (
    lambda row: 0.0,
    lambda row: -row.health.active * 1000.0 - row.health.queued,
    lambda row: -float(sum(one.failed for one in row.figures)),
    lambda row: -_last_end(row),
)


def _row(board: Board, agent: AgentHealth, now: float) -> AgentRow:
    listings = board.answers.agents.agents if board.answers.agents is not None else ()
    figures = board.answers.metrics.agents if board.answers.metrics is not None else ()
    listing = next((one for one in listings if one.alias == agent.alias), None)
    own = tuple(one for one in figures if one.agent == agent.alias)
    word, why = state_of(agent, now)
    newest = _newest(own)
    last = newest.newest.thread_id if newest is not None and newest.newest is not None else ""
    return AgentRow(
        key=f"agent:{agent.alias}",
        thread=last,
        alias=one_line(agent.alias),
        word=word,
        why=why,
        health=agent,
        listing=listing,
        figures=own,
        facts=_facts(agent, listing),
        what_now=f"worked in {last} last; Enter shows all that it did" if last else "it has not done anything yet",
    )


def _newest(figures: tuple[AgentMetrics, ...]) -> AgentMetrics | None:
    ended = [one for one in figures if one.newest is not None]
    return max(ended, key=lambda one: one.newest.ended_at if one.newest is not None else 0.0, default=None)


def _facts(agent: AgentHealth, listing: AgentListing | None) -> str:
    handoff = listing.handoff_to if listing is not None else None
    to = handoff if isinstance(handoff, str) else ", ".join(handoff or ())
    parts = [
        agent.role if agent.role != "worker" else "",
        one_line(agent.version),
        f"credentials {agent.credentials}" if agent.credentials != "cannot be told" else "",
        f"hands to {one_line(to)}" if to else "",
        f"at most {duration(listing.timeout_secs * 1000)}" if listing is not None else "",
        f"{agent.circuit_failures} failed in a row" if agent.circuit_failures else "",
    ]
    return " · ".join(part for part in parts if part)


def _lines(row: AgentRow, table: Table, now: float, look: Look) -> list[Line]:
    sign, style = sign_of(row.word)
    agent, own = row.health, row.figures
    at_once = row.listing.max_concurrent if row.listing is not None else agent.active + agent.available
    failed = sum(one.failed for one in own)
    spans = [one.average_ms * one.executions for one in own if one.average_ms is not None]
    runs = sum(one.executions for one in own if one.average_ms is not None)
    priced = [one.cost_usd for one in own if one.cost_usd is not None]
    ended = sum(one.done + one.failed for one in own)
    is_all = sum(one.priced for one in own) >= ended
    used = sum(one.tokens_in + one.tokens_out for one in own)
    cost = money(sum(priced) if priced else None, is_all=is_all) if ended else ""
    cells: list[Cell] = [
        (("bold", row.alias),),
        ((style, f"{sign} {row.word}"),),
        (("", one_line(agent.backend)),),
        beside(_model(row.listing), "", table.rest, style="dim"),
        (("accent" if agent.active else "dim", f"{agent.active}/{at_once}"),),
        (("warn" if agent.queued else "dim", str(agent.queued) if agent.queued else "–"),),
        (("dim", str(sum(one.done for one in own))),),
        (("bad" if failed else "dim", str(failed)),),
        (("dim", duration(sum(spans) // runs) if runs else ""),),
        (("dim", tokens(used) if used else ""),),
        (("dim", cost),),
        _last(own, now),
    ]
    return table.lines(row.key, cells, is_selected=row.key == look.selected, is_marked=row.key in look.marked)


def _model(listing: AgentListing | None) -> str:
    if listing is None:
        return ""
    return one_line(listing.model) if listing.model else "default"


def _last(figures: tuple[AgentMetrics, ...], now: float) -> Cell:
    newest = _newest(figures)
    if newest is None or newest.newest is None:
        return (("dim", "never"),)
    run = newest.newest
    _, style = sign_of(run.status.replace("_", " "))
    return ((style, f"{_LAST.get(run.status, '·')} {ago(now - run.ended_at)}"),)
