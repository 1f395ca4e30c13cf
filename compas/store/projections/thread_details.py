"""What is told of threads beside how they stand: what they are about, who worked and judged, and what it cost."""

from collections.abc import Collection

import msgspec

from compas.domain import events as e
from compas.store.connection import Reader


class VerdictRow(msgspec.Struct, frozen=True, kw_only=True):
    """The newest verdict of one agent, or of one person, on a thread's work."""

    thread: str
    by: str
    verdict: e.Verdict


class DetailRow(msgspec.Struct, frozen=True, kw_only=True):
    """A thread. `opening` is the beginning of its first message, `worker` the agent that was given that.

    `executions` are those that have ended, `priced` those of them that told their cost. What none of them told is
    None. `branch` is that of its own worktree.
    """

    thread: str
    summary: str | None
    opening: str | None
    worker: str | None
    executions: int
    priced: int
    cost_usd: float | None
    tokens_in: int | None
    tokens_out: int | None
    repository: str | None
    branch: str | None


class BatchRow(msgspec.Struct, frozen=True, kw_only=True):
    """How the threads of a batch stand: each is counted once."""

    batch: str
    threads: int
    working: int
    done: int
    failed: int


OPENING = 500
"""Characters of a thread's first message that are read."""
_OPENING = f"substr(ltrim(body, char(32, 9, 10, 13)), 1, {OPENING})"

_DETAILS = f"""SELECT t.thread, t.summary,
        (SELECT {_OPENING} FROM messages AS m
            WHERE m.thread = t.thread ORDER BY m.number LIMIT 1) AS opening,
        coalesce(
            (SELECT agent FROM executions AS x WHERE x.thread = t.thread ORDER BY x.queued_position LIMIT 1),
            (SELECT recipient FROM messages AS m WHERE m.thread = t.thread ORDER BY m.number LIMIT 1)
        ) AS worker,
        coalesce(s.executions, 0) AS executions, coalesce(s.priced, 0) AS priced, s.cost_usd, s.tokens_in, s.tokens_out,
        w.repository, w.branch
    FROM threads AS t
    LEFT JOIN (
        SELECT thread, count(*) AS executions, count(cost_usd) AS priced, sum(cost_usd) AS cost_usd,
            sum(tokens_in) AS tokens_in, sum(tokens_out) AS tokens_out
        FROM executions
        WHERE thread IN (SELECT value FROM json_each(:threads)) AND ended_position IS NOT NULL GROUP BY thread
    ) AS s ON s.thread = t.thread
    LEFT JOIN worktrees AS w ON w.thread = t.thread AND NOT w.reading AND w.position = (
        SELECT max(position) FROM worktrees WHERE thread = t.thread AND NOT reading
    )
    WHERE t.thread IN (SELECT value FROM json_each(:threads))"""
# The cross join keeps the threads in front: there are few of them, and many executions.
_VERDICTS = """WITH RECURSIVE family (owner, thread) AS (
        SELECT value, value FROM json_each(:threads)
        UNION SELECT f.owner, t.thread FROM threads AS t JOIN family AS f ON t.source_thread = f.thread
    )
    SELECT f.owner AS thread, x.agent AS by, x.verdict, x.ended_position AS position
        FROM family AS f CROSS JOIN executions AS x ON x.thread = f.thread
        WHERE x.verdict <> '' AND x.ended_position IS NOT NULL
    UNION ALL SELECT thread, ruled_by, verdict, position FROM rulings
        WHERE thread IN (SELECT value FROM json_each(:threads))
    ORDER BY position"""
_BATCHES = """SELECT t.batch, count(*) AS threads,
        sum(x.status IN ('queued', 'picked_up', 'executing') AND t.status IN ('Active', 'Failed')) AS working,
        sum(t.status = 'Completed') AS done,
        sum(t.status = 'Failed' OR (t.status = 'Active' AND x.status IN ('failed', 'timed_out', 'crashed'))) AS failed
    FROM threads AS t LEFT JOIN executions AS x ON x.execution =
        (SELECT execution FROM executions WHERE thread = t.thread ORDER BY queued_position DESC LIMIT 1)
    WHERE t.batch IN (SELECT value FROM json_each(:batches)) GROUP BY t.batch ORDER BY t.batch"""


def details_of(reader: Reader, threads: Collection[str]) -> dict[str, DetailRow]:
    """Return what is told of each of these threads."""
    return {row.thread: row for row in reader.all(DetailRow, _DETAILS, {"threads": _listed(threads)})}


def openings_of(reader: Reader, threads: Collection[str]) -> dict[str, str]:
    """Return how the first message of each of these threads begins."""
    sql = f"""SELECT t.value, (SELECT {_OPENING} FROM messages AS m WHERE m.thread = t.value ORDER BY m.number LIMIT 1)
        FROM json_each(?) AS t"""
    return {str(thread): str(begins or "") for thread, begins in reader.rows(sql, (_listed(threads),))}


def verdicts_of(reader: Reader, threads: Collection[str]) -> dict[str, tuple[VerdictRow, ...]]:
    """Return who judged each of these threads, or a thread that its fan-outs opened, in the order of their last word.

    Threads that nobody judged are left out.
    """
    found: dict[str, dict[str, VerdictRow]] = {}
    for row in reader.all(VerdictRow, _VERDICTS, {"threads": _listed(threads)}):
        of_thread = found.setdefault(row.thread, {})
        of_thread.pop(row.by, None)
        of_thread[row.by] = row
    return {thread: tuple(rows.values()) for thread, rows in found.items()}


def totals_of(reader: Reader, batches: Collection[str]) -> tuple[BatchRow, ...]:
    """Count the threads of these batches, by name."""
    return tuple(reader.all(BatchRow, _BATCHES, {"batches": _listed(batches)}))


def _listed(names: Collection[str]) -> str:
    return msgspec.json.encode(list(names)).decode()
