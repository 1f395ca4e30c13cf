"""The answers that are kept for repeated requests: how many there are, and forgetting the oldest."""

import msgspec

from compas.store.connection import Database, Reader

_CLIENTS = "instr(request_id, ':') = 0"
"""Requests of compas' own have a `:` in their names. They are few, and must never take effect twice."""


class KeptAnswers(msgspec.Struct, frozen=True, kw_only=True):
    """Answers to clients: how many, how many of them were given before a time, with their bytes, and the oldest."""

    count: int
    old: int
    old_bytes: int
    oldest_at: float | None


def count_answers(reader: Reader, before: float) -> KeptAnswers:
    """Count the answers, and those given before a time in UTC seconds."""
    old = reader.row(
        f"SELECT count(*), coalesce(sum(length(response)), 0) FROM requests WHERE at < ? AND {_CLIENTS}", (before,)
    )
    every = reader.row("SELECT count(*) FROM requests")
    assert old is not None
    assert every is not None
    return KeptAnswers(
        count=int(str(every[0])), old=int(str(old[0])), old_bytes=int(str(old[1])), oldest_at=oldest_answer(reader)
    )


def oldest_answer(reader: Reader) -> float | None:
    """Return when the oldest answer to a client was given, in UTC seconds."""
    row = reader.row(f"SELECT at FROM requests WHERE {_CLIENTS} ORDER BY at LIMIT 1")
    return None if row is None else float(str(row[0]))


def forget_answers(database: Database, before: float, limit: int) -> int:
    """Delete up to `limit` answers to clients that were given before a time; return how many. Oldest first."""
    database.execute(
        f"""DELETE FROM requests WHERE request_id IN (SELECT request_id FROM requests
            WHERE at < ? AND {_CLIENTS} ORDER BY at LIMIT ?)""",
        (before, limit),
    )
    return database.number("SELECT changes()")
