"""Sums of what executions cost: by agent, batch, thread and day, and how busy each hour was."""

from collections.abc import Sequence

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


NOTHING = Spent(name="", executions=0, failed=0, priced=0, cost_usd=None, tokens_in=None, tokens_out=None, seconds=0.0)

_SUMS = """count(*) AS executions, count(CASE WHEN x.status IN ('failed', 'timed_out', 'crashed') THEN 1 END) AS failed,
    count(x.cost_usd) AS priced, sum(x.cost_usd) AS cost_usd, sum(x.tokens_in) AS tokens_in,
    sum(x.tokens_out) AS tokens_out, total(x.duration_secs) AS seconds"""
_DEAREST = "ORDER BY cost_usd DESC NULLS LAST, coalesce(tokens_in, 0) + coalesce(tokens_out, 0) DESC, name LIMIT :limit"
_NAMES = {
    "agent": "x.agent",
    "batch": "t.batch",
    "thread": "x.thread",
}


def spent_by(reader: Reader, what: str, *, since: float, limit: int) -> tuple[Spent, ...]:
    """Return what was spent since then (UTC seconds) by agent, batch or thread, the dearest first."""
    name = _NAMES[what]
    sql = f"""SELECT {name} AS name, {_SUMS} FROM executions AS x LEFT JOIN threads AS t ON t.thread = x.thread
        WHERE x.ended_at >= :since AND {name} IS NOT NULL GROUP BY 1 {_DEAREST}"""
    return tuple(reader.all(Spent, sql, {"since": since, "limit": limit}))


def spent_between(reader: Reader, edges: Sequence[float]) -> dict[int, Spent]:
    """Return what was spent from each of these times (UTC seconds, rising) to the next, by its index.

    The last goes on to the end; spans in which nothing ended are left out.
    """
    sql = f"""SELECT cast((SELECT max(key) FROM json_each(:edges) WHERE value <= x.ended_at) AS TEXT) AS name, {_SUMS}
        FROM executions AS x WHERE x.ended_at >= :since GROUP BY 1"""
    rows = reader.all(Spent, sql, {"edges": msgspec.json.encode(list(edges)).decode(), "since": edges[0]})
    return {int(row.name): row for row in rows}


def spent_in_all(reader: Reader, *, since: float) -> Spent:
    """Return what was spent since then (UTC seconds)."""
    sql = f"SELECT '' AS name, {_SUMS} FROM executions AS x WHERE x.ended_at >= :since"
    (row,) = reader.all(Spent, sql, {"since": since})
    return row
