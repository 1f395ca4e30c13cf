"""Sums over the read models: what is going on, and what it cost."""

import msgspec

from compas.store.connection import Reader


class AgentLoad(msgspec.Struct, frozen=True, kw_only=True):
    """How many executions of an agent run, and how many wait: now due, or for a later time."""

    agent: str
    running: int
    queued: int
    scheduled: int


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What executions cost. Unknown costs are in no sum; `priced` of `executions` told theirs."""

    agent: str
    executions: int
    priced: int
    cost_usd: float | None
    average_usd: float | None
    tokens_in: int
    tokens_out: int


_COST = """count(*) AS executions, count(cost_usd) AS priced, sum(cost_usd) AS cost_usd,
    avg(cost_usd) AS average_usd, coalesce(sum(tokens_in), 0) AS tokens_in,
    coalesce(sum(tokens_out), 0) AS tokens_out"""


def loads(reader: Reader, now: float) -> tuple[AgentLoad, ...]:
    """Return the load of every agent that has any, by name; `now` (UTC seconds) tells waiting from scheduled."""
    sql = """SELECT agent, sum(status IN ('picked_up', 'executing') OR stopping) AS running,
            sum(status = 'queued' AND coalesce(not_before, 0) <= ?1) AS queued,
            sum(status = 'queued' AND coalesce(not_before, 0) > ?1) AS scheduled
        FROM executions INDEXED BY executions_unsettled
        WHERE status IN ('queued', 'picked_up', 'executing') OR stopping GROUP BY agent ORDER BY agent"""
    return tuple(reader.all(AgentLoad, sql, (now,)))


def cost_by_agent(reader: Reader) -> tuple[Cost, ...]:
    """Return the cost of each agent, the dearest first, those without a known cost last."""
    sql = f"SELECT agent, {_COST} FROM executions GROUP BY agent ORDER BY cost_usd DESC NULLS LAST, agent"
    return tuple(reader.all(Cost, sql))
