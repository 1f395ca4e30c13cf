"""The read model of the outbox: who is told of events, what is still due, and how hooks and notifications ended."""

import msgspec

from compas.domain import events as e
from compas.domain.outbox.specs import NOTIFICATIONS
from compas.store.connection import Cursor, Reader, Value
from compas.store.projections.source import read_tables

RUNS_KEPT = 1000
"""Of each hook; the log has them all."""
NOTIFICATIONS_KEPT = 1000


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody is to be told of the event at `about`."""

    about: int
    subscriber: str


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """How far the outbox has come: everything up to `reached` was looked at, and `due` is not known to be done.

    `since` has the subscribers, each with the position after which it is told of events.
    """

    reached: int
    since: dict[str, int]
    due: tuple[Due, ...]


class HookRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a hook, as the log has it; `position` is that of its outcome, `at` is UTC seconds."""

    position: int
    subscriber: str
    about: int
    thread: str
    outcome: e.HookOutcome
    exit_code: int | None
    seconds: float
    output: str
    problem: str
    at: float


class NotificationRow(msgspec.Struct, frozen=True, kw_only=True):
    """One notification, of so many `events`."""

    position: int
    events: int
    outcome: str
    via: str
    title: str
    body: str
    problem: str
    at: float


class Outbox:
    """Projects the stream of the outbox."""

    name = "outbox"
    version = 1
    tables = read_tables("outbox")

    def apply(self, cursor: Cursor, recorded: e.Recorded) -> None:
        """Take in one event."""
        match recorded.event:
            case e.SubscribersChanged() as changed:
                _change_subscribers(cursor, changed)
            case e.TellingDue(about=about, subscribers=subscribers):
                _reach(cursor, about)
                for subscriber in subscribers:
                    cursor.execute("INSERT OR IGNORE INTO outbox_due VALUES (?, ?)", (about, subscriber))
            case e.HookEnded() as ended:
                _done(cursor, ended.about, ended.subscriber)
                row: tuple[Value, ...] = (
                    *(recorded.position, ended.subscriber, ended.about, ended.thread, ended.outcome),
                    *(ended.exit_code, ended.seconds, ended.output, ended.problem, recorded.at),
                )
                cursor.execute("INSERT INTO hook_runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
                cursor.execute(
                    """DELETE FROM hook_runs WHERE subscriber = ?1 AND position <= (SELECT position FROM hook_runs
                    WHERE subscriber = ?1 ORDER BY position DESC LIMIT 1 OFFSET ?2)""",
                    (ended.subscriber, RUNS_KEPT),
                )
            case e.NotificationEnded() as told:
                for about in told.about:
                    _done(cursor, about, NOTIFICATIONS)
                words = (told.outcome, told.via, told.title, told.body, told.problem)
                row = (recorded.position, len(told.about), *words, recorded.at)
                cursor.execute("INSERT INTO notifications VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
                cursor.execute(
                    """DELETE FROM notifications WHERE position <= (SELECT position FROM notifications
                    ORDER BY position DESC LIMIT 1 OFFSET ?)""",
                    (NOTIFICATIONS_KEPT,),
                )
            case _:
                pass


def _change_subscribers(cursor: Cursor, changed: e.SubscribersChanged) -> None:
    known = {str(row[0]) for row in cursor.rows("SELECT subscriber FROM outbox_subscribers")}
    for gone in sorted(known - set(changed.subscribers)):
        # Nobody is there any longer to be told.
        cursor.execute("DELETE FROM outbox_subscribers WHERE subscriber = ?", (gone,))
        cursor.execute("DELETE FROM outbox_due WHERE subscriber = ?", (gone,))
    for new in changed.subscribers:
        cursor.execute("INSERT OR IGNORE INTO outbox_subscribers VALUES (?, ?)", (new, changed.after))
    if not known:
        _reach(cursor, changed.after)


def _reach(cursor: Cursor, position: int) -> None:
    cursor.execute(
        """INSERT INTO outbox_reached VALUES (1, ?)
        ON CONFLICT DO UPDATE SET position = max(position, excluded.position)""",
        (position,),
    )


def _done(cursor: Cursor, about: int, subscriber: str) -> None:
    cursor.execute("DELETE FROM outbox_due WHERE about = ? AND subscriber = ?", (about, subscriber))


def ledger(reader: Reader) -> Ledger:
    """Return how far the outbox has come; what is due, oldest first."""
    since = {str(name): int(after or 0) for name, after in reader.rows("SELECT * FROM outbox_subscribers")}
    row = reader.row("SELECT position FROM outbox_reached")
    due = tuple(reader.all(Due, "SELECT about, subscriber FROM outbox_due ORDER BY about, subscriber"))
    return Ledger(reached=int(row[0] or 0) if row is not None else 0, since=since, due=due)


def is_telling_due(reader: Reader) -> bool:
    """Say whether anybody is still to be told of something, if only after the quiet hours."""
    return reader.row("SELECT 1 FROM outbox_due LIMIT 1") is not None


def due_count(reader: Reader, subscriber: str) -> int:
    """Return of how many events somebody is still to be told."""
    row = reader.row("SELECT count(*) FROM outbox_due WHERE subscriber = ?", (subscriber,))
    return int(row[0] or 0) if row is not None else 0


def runs_of(reader: Reader, subscriber: str, limit: int) -> tuple[HookRun, ...]:
    """Return the last runs of a hook, newest first."""
    sql = "SELECT * FROM hook_runs WHERE subscriber = ? ORDER BY position DESC LIMIT ?"
    return tuple(reader.all(HookRun, sql, (subscriber, limit)))


def failures_of(reader: Reader, subscriber: str) -> int:
    """Return how often a hook has failed in a row, up to now."""
    row = reader.row(
        """SELECT count(*) FROM hook_runs WHERE subscriber = ?1 AND position > (SELECT coalesce(max(position), 0)
        FROM hook_runs WHERE subscriber = ?1 AND outcome = 'succeeded')""",
        (subscriber,),
    )
    return int(row[0] or 0) if row is not None else 0


def failed_runs_of_thread(reader: Reader, thread: str) -> tuple[HookRun, ...]:
    """Return the runs of hooks about a thread that did not succeed, oldest first."""
    sql = "SELECT * FROM hook_runs WHERE thread = ? AND outcome <> 'succeeded' ORDER BY position"
    return tuple(reader.all(HookRun, sql, (thread,)))


def newest_notifications(reader: Reader, limit: int) -> tuple[NotificationRow, ...]:
    """Return the last notifications, newest first."""
    sql = "SELECT * FROM notifications WHERE outcome <> 'dropped' ORDER BY position DESC LIMIT ?"
    return tuple(reader.all(NotificationRow, sql, (limit,)))
