"""The read model of what people said about the work of a thread."""

from compas.domain import events as e
from compas.store.connection import Cursor
from compas.store.projections.source import read_tables, thread_of


class Rulings:
    """Projects the verdicts of people. The queries are in `reviews`."""

    name = "rulings"
    version = 1
    tables = read_tables("rulings")

    def apply(self, cursor: Cursor, recorded: e.Recorded) -> None:
        """Take in one event."""
        if isinstance(recorded.event, e.PersonJudged):
            judged = recorded.event
            cursor.execute(
                "INSERT INTO rulings VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    recorded.position,
                    thread_of(recorded),
                    judged.repository,
                    judged.verdict,
                    judged.commit,
                    judged.by,
                    judged.note,
                ),
            )
