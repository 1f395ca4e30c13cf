"""Sums over executions, per agent and backend: how many, how long, at what cost."""

import msgspec

from compas.store.connection import Reader


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """An agent's executions on one backend. Unknown costs and durations are in no sum; seconds."""

    agent: str
    backend: str
    executions: int
    queued: int
    scheduled: int
    running: int
    done: int
    failed: int
    cancelled: int
    retries: int
    average_secs: float | None
    longest_secs: float | None
    total_secs: float
    priced: int
    cost_usd: float | None
    tokens_in: int
    tokens_out: int
    tokens_cached: int
    turns: int


class NewestRow(msgspec.Struct, frozen=True, kw_only=True):
    """The execution of an agent on a backend that ended last."""

    agent: str
    backend: str
    execution: str
    thread: str
    status: str
    ended_at: float
    duration_secs: float | None
    error: str


_NEWEST = """WITH last AS (
        SELECT agent, backend, max(ended_position) AS position FROM executions
        WHERE :agent IS NULL OR agent = :agent GROUP BY agent, backend
    )
    SELECT x.agent, x.backend, x.execution, x.thread, x.status, x.ended_at, x.duration_secs, x.error
    FROM last JOIN executions AS x ON x.backend = last.backend AND x.ended_position = last.position"""
_SUMS = """SELECT agent, backend, count(*) AS executions,
        sum(status = 'queued' AND coalesce(not_before, 0) <= :now) AS queued,
        sum(status = 'queued' AND coalesce(not_before, 0) > :now) AS scheduled,
        sum(status IN ('picked_up', 'executing')) AS running,
        sum(status = 'completed') AS done,
        sum(status IN ('failed', 'timed_out', 'crashed')) AS failed,
        sum(status = 'cancelled') AS cancelled,
        sum(attempt > 0) AS retries,
        avg(duration_secs) AS average_secs, max(duration_secs) AS longest_secs, total(duration_secs) AS total_secs,
        count(cost_usd) AS priced, sum(cost_usd) AS cost_usd,
        coalesce(sum(tokens_in), 0) AS tokens_in, coalesce(sum(tokens_out), 0) AS tokens_out,
        coalesce(sum(tokens_cached), 0) AS tokens_cached, coalesce(sum(turns), 0) AS turns
    FROM executions WHERE :agent IS NULL OR agent = :agent
    GROUP BY agent, backend ORDER BY agent, backend"""


def figures(reader: Reader, now: float, agent: str | None = None) -> tuple[Figures, ...]:
    """Return the sums, by name; `now` (UTC seconds) tells what may start from what is scheduled."""
    return tuple(reader.all(Figures, _SUMS, {"now": now, "agent": agent}))


def newest_runs(reader: Reader, agent: str | None = None) -> dict[tuple[str, str], NewestRow]:
    """Return what ended last, by agent and backend."""
    return {(row.agent, row.backend): row for row in reader.all(NewestRow, _NEWEST, {"agent": agent})}
