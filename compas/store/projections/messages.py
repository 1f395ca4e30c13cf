"""The read model of messages, by their global number: the position of the event that posted them."""

import msgspec

from compas.domain import events as e
from compas.store.connection import Cursor, Reader
from compas.store.projections.source import read_tables, thread_of

_LARGEST = 2**63 - 1


class MessageRow(msgspec.Struct, frozen=True, kw_only=True):
    """A message. `number` is shown as `db:<n>`; `execution` is the run that wrote it, None for people.

    `verdict` is what that run came to. `work_*` name the commit that the message hands over, and where it was made.
    """

    number: int
    message: str
    thread: str
    sender: str
    recipient: str
    intent: str
    body: str
    batch: str | None
    skip_handoff: bool
    depth: int
    execution: str | None
    lineage: str
    at: float
    verdict: e.Verdict
    work_repository: str | None
    work_branch: str | None
    work_snapshot: str | None


class Messages:
    """Projects what was said."""

    name = "messages"
    version = 2
    tables = read_tables("messages")

    def apply(self, cursor: Cursor, recorded: e.Recorded) -> None:
        """Take in one event."""
        if not isinstance(recorded.event, e.MessagePosted):
            return
        posted, work = recorded.event, recorded.event.work
        cursor.execute(
            "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                recorded.position,
                posted.message,
                thread_of(recorded),
                posted.sender,
                posted.recipient,
                posted.intent,
                posted.body,
                posted.batch,
                posted.skip_handoff,
                posted.depth,
                posted.execution,
                recorded.lineage,
                recorded.at,
                posted.verdict,
                *((None, None, None) if work is None else (work.repository, work.branch, work.snapshot)),
            ),
        )


def message_by_number(reader: Reader, number: int) -> MessageRow | None:
    """Return the message shown as `db:<number>`, or None."""
    return reader.first(MessageRow, "SELECT * FROM messages WHERE number = ?", (number,))


def messages_of_thread(reader: Reader, thread: str, *, after: int = 0, limit: int = -1) -> tuple[MessageRow, ...]:
    """Return a thread's messages with a number above `after`, oldest first; a negative limit is none."""
    sql = "SELECT * FROM messages WHERE thread = ? AND number > ? ORDER BY number LIMIT ?"
    return tuple(reader.all(MessageRow, sql, (thread, after, limit)))


def newest_of_messages(
    reader: Reader, thread: str, *, before: int | None, limit: int | None
) -> tuple[tuple[MessageRow, ...], int]:
    """Return a thread's newest messages with a number below `before`, oldest first, and how many stand before them.

    None is no bound.
    """
    bound = _LARGEST if before is None else before
    sql = "SELECT * FROM messages WHERE thread = ? AND number < ? ORDER BY number DESC LIMIT ?"
    rows = reader.all(MessageRow, sql, (thread, bound, -1 if limit is None else limit))
    counted = reader.row("SELECT count(*) FROM messages WHERE thread = ? AND number < ?", (thread, bound))
    return tuple(reversed(rows)), int(counted[0] or 0) - len(rows) if counted else 0


def intents_of_thread(reader: Reader, thread: str, *, after: int = 0) -> tuple[tuple[int, str], ...]:
    """Return number and intent of a thread's messages above `after`, oldest first, without reading their bodies."""
    rows = reader.rows(
        "SELECT number, intent FROM messages WHERE thread = ? AND number > ? ORDER BY number", (thread, after)
    )
    return tuple((int(number or 0), str(intent)) for number, intent in rows)


def newest_message(reader: Reader, thread: str, *, intent: str | None = None) -> MessageRow | None:
    """Return a thread's newest message, of one intent if given, or None."""
    sql = "SELECT * FROM messages WHERE thread = ? AND (?2 IS NULL OR intent = ?2) ORDER BY number DESC LIMIT 1"
    return reader.first(MessageRow, sql, (thread, intent))


def count_messages(reader: Reader) -> int:
    """Return how many messages there are."""
    row = reader.row("SELECT count(*) FROM messages")
    return int(row[0] or 0) if row else 0


def was_addressed(reader: Reader, recipient: str) -> bool:
    """Say whether there ever was a message to somebody of this name."""
    return reader.row("SELECT 1 FROM messages WHERE recipient = ? LIMIT 1", (recipient,)) is not None
