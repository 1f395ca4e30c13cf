"""Sums of what executions cost: by agent, batch, thread and day, and how busy each hour was."""

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from compas.store.connection import Reader


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """Executions that have ended, gathered under a name. What none of them told is None; `priced` told their cost."""

    name: str
    executions: int
    failed: int
    priced: int
    cost_usd: float | None
    tokens_in: int | None
    tokens_out: int | None
    seconds: float


_SUMS = """count(*) AS executions, count(CASE WHEN x.status IN ('failed', 'timed_out', 'crashed') THEN 1 END) AS failed,
    count(x.cost_usd) AS priced, sum(x.cost_usd) AS cost_usd, sum(x.tokens_in) AS tokens_in,
    sum(x.tokens_out) AS tokens_out, total(x.duration_secs) AS seconds"""
_DEAREST = "ORDER BY cost_usd DESC NULLS LAST, coalesce(tokens_in, 0) + coalesce(tokens_out, 0) DESC, name LIMIT :limit"
_FROM = "FROM executions AS x INDEXED BY executions_sums"  # which has all of it, and nothing of what was said
_NAMES = {
    "agent": "x.agent",
    "batch": "t.batch",
    "thread": "x.thread",
}


def spent_by(reader: Reader, what: str, *, since: float, limit: int) -> tuple[Spent, ...]:
    """Return what was spent since then (UTC seconds) by agent, batch or thread, the dearest first."""
    name = _NAMES[what]
    sql = f"""SELECT {name} AS name, {_SUMS} {_FROM} LEFT JOIN threads AS t ON t.thread = x.thread
        WHERE x.ended_at >= :since AND {name} IS NOT NULL GROUP BY 1 {_DEAREST}"""
    return tuple(reader.all(Spent, sql, {"since": since, "limit": limit}))


def spent_in_spans(reader: Reader, *, since: float, seconds: float) -> dict[int, Spent]:
    """Return what was spent in each span of so many seconds after then, by its number; empty ones are left out."""
    sql = f"""SELECT cast(cast((x.ended_at - :since) / :seconds AS INTEGER) AS TEXT) AS name, {_SUMS} {_FROM}
        WHERE x.ended_at >= :since GROUP BY 1"""
    rows = reader.all(Spent, sql, {"since": since, "seconds": seconds})
    return {int(row.name): row for row in rows}


def together(name: str, rows: Iterable[Spent]) -> Spent:
    """Return what several have spent as one; unknown only where none of them told."""
    found = tuple(rows)
    return Spent(
        name=name,
        executions=sum(row.executions for row in found),
        failed=sum(row.failed for row in found),
        priced=sum(row.priced for row in found),
        cost_usd=_known(row.cost_usd for row in found),
        tokens_in=_known(row.tokens_in for row in found),
        tokens_out=_known(row.tokens_out for row in found),
        seconds=sum(row.seconds for row in found),
    )


N = TypeVar("N", int, float)


def _known(values: Iterable[N | None]) -> N | None:
    told = [value for value in values if value is not None]
    return sum(told[1:], told[0]) if told else None
