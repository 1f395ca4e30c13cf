"""What can be asked about the reviews of threads, many threads at a time."""

from collections.abc import Iterable

import msgspec

from compas.domain.approval.rounds import Ruling, Turn
from compas.store.connection import Reader


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the log tells about the work of a thread: its executions, those of its fan-outs, and verdicts of people."""

    turns: list[Turn]
    rulings: list[Ruling]


class _Turn(Turn, frozen=True, kw_only=True):
    owner: str


class _Ruling(Ruling, frozen=True, kw_only=True):
    owner: str


# A thread below a fan-out belongs to the review that the topmost fan-out began.
_TURNS = """WITH RECURSIVE family (owner, thread, opened_by) AS (
        SELECT value, value, NULL FROM json_each(:threads)
        UNION
        SELECT f.owner, t.thread, coalesce(f.opened_by, (
                SELECT m.execution FROM messages AS m WHERE m.thread = t.thread ORDER BY m.number LIMIT 1
            ))
        FROM threads AS t JOIN family AS f ON t.source_thread = f.thread
    )
    SELECT f.owner, f.opened_by, x.execution, x.thread, x.agent, x.status, x.stopping, x.not_before,
        x.queued_position, x.ended_position, x.workdir, x.worktree, x.message, x.verdict, x.judged, x.tip,
        x.snapshot_head, x.snapshot_commit, x.snapshot_tree, x.unrecorded,
        m.number AS message_number, m.verdict AS task_verdict,
        CASE WHEN m.work_snapshot IS NOT NULL THEN m.execution END AS handed_by,
        CASE WHEN m.work_snapshot IS NULL AND m.execution IS NOT NULL THEN m.sender END AS asked_by,
        EXISTS (
            SELECT 1 FROM fan_outs AS o
            WHERE o.execution = m.execution AND o.thread = x.thread AND o.join_by = m.recipient
        ) AS joins,
        x.repository, x.branch, m.work_repository, m.work_branch
    FROM family AS f CROSS JOIN executions AS x ON x.thread = f.thread JOIN messages AS m ON m.message = x.message
    ORDER BY x.queued_position"""
_RULINGS = """SELECT thread AS owner, ruled_by AS by, verdict, repository, judged, position FROM rulings
    WHERE thread IN (SELECT value FROM json_each(:threads)) ORDER BY position"""


def reviews_of(reader: Reader, threads: Iterable[str]) -> dict[str, Told]:
    """Return what is told of each of these threads, in the order in which it came about."""
    found = {thread: Told(turns=[], rulings=[]) for thread in threads}
    arguments = {"threads": msgspec.json.encode(list(found)).decode()}
    for turn in reader.all(_Turn, _TURNS, arguments):
        found[turn.owner].turns.append(turn)
    for ruling in reader.all(_Ruling, _RULINGS, arguments):
        found[ruling.owner].rulings.append(ruling)
    return found
