"""The read model of where dispatches came from: the newest one of each terminal and each editor."""

from compas.domain import events as e
from compas.store.connection import Cursor, Reader
from compas.store.projections.source import read_tables, thread_of

KEPT = 1000
"""Of those from which something was dispatched last; a terminal that is gone is never asked about again."""


class Origins:
    """Projects the messages of people, as far as they say where they were written."""

    name = "origins"
    version = 1
    tables = read_tables("origins")

    def apply(self, cursor: Cursor, recorded: e.Recorded) -> None:
        """Take in one event."""
        if isinstance(recorded.event, e.MessagePosted) and recorded.event.origin:
            cursor.execute(
                "INSERT OR REPLACE INTO origins VALUES (?, ?, ?)",
                (recorded.event.origin, thread_of(recorded), recorded.position),
            )
            cursor.execute(
                """DELETE FROM origins
                    WHERE origin IN (SELECT origin FROM origins ORDER BY position DESC LIMIT -1 OFFSET ?)""",
                (KEPT,),
            )


def last_thread_of(reader: Reader, origin: str) -> str | None:
    """Return the thread of the newest dispatch from a terminal or an editor, or None."""
    row = reader.row("SELECT thread FROM origins WHERE origin = ?", (origin,))
    return None if row is None else str(row[0])
