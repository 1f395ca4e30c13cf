"""Keeps read models in step with the log: new ones are made, changed ones made anew, late ones caught up."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from compas.domain.events import Recorded
from compas.store.codec import EventCodec
from compas.store.connection import Cursor, Database
from compas.store.log_rows import read_all

_BATCH = 1000


class Projection(Protocol):
    """A read model: tables made from the log alone. A change of either table or `apply` needs a higher version."""

    @property
    def name(self) -> str:
        """What it is called, for good."""
        ...

    @property
    def version(self) -> int:
        """Raised by whoever changes its tables or what it makes of events."""
        ...

    @property
    def tables(self) -> str:
        """SQL that makes its tables and indexes."""
        ...

    def apply(self, cursor: Cursor, recorded: Recorded) -> None:
        """Take in one event. Events come in the order of the log, each once; most are of no interest."""
        ...


class Projector:
    """Applies the given projections inside the transactions of the log."""

    def __init__(self, projections: Sequence[Projection], codec: EventCodec) -> None:
        self._projections = tuple(projections)
        self._codec = codec
        names = [projection.name for projection in self._projections]
        if len(set(names)) < len(names):
            raise ValueError(f"two projections have one name: {sorted(names)}")

    @property
    def projections(self) -> tuple[Projection, ...]:
        """What is projected."""
        return self._projections

    def apply(self, cursor: Cursor, recorded: Sequence[Recorded]) -> None:
        """Take in events that were just recorded."""
        for event in recorded:
            for projection in self._projections:
                projection.apply(cursor, event)

    def mark(self, cursor: Cursor, position: int) -> None:
        """Note that every projection has seen the log up to `position`."""
        names = [projection.name for projection in self._projections]
        places = ", ".join("?" for _ in names)
        cursor.execute(f"UPDATE projections SET position = ? WHERE name IN ({places})", (position, *names))

    def catch_up(self, database: Database) -> None:
        """Bring every projection to the head of the log; call it inside a write transaction.

        One that is new, or whose version is another than the stored one, is dropped and replayed from the start.
        """
        for projection in self._projections:
            stored = database.row("SELECT version, position FROM projections WHERE name = ?", (projection.name,))
            if stored is None or stored[0] != projection.version:
                self.drop(database, projection)
                self._create(database, projection)
            self._replay(database, projection)

    def drop(self, database: Database, projection: Projection) -> None:
        """Remove a projection's tables, also those an older version of it made."""
        stored = database.row("SELECT tables FROM projections WHERE name = ?", (projection.name,))
        if stored is None:
            return
        for table in msgspec.json.decode(str(stored[0]), type=list[str]):
            database.execute(f'DROP TABLE IF EXISTS "{table}"')
        database.execute("DELETE FROM projections WHERE name = ?", (projection.name,))

    def _create(self, database: Database, projection: Projection) -> None:
        before = _tables(database)
        database.execute(projection.tables)
        made = sorted(_tables(database) - before)
        database.execute(
            "INSERT INTO projections (name, version, tables, position) VALUES (?, ?, ?, 0)",
            (projection.name, projection.version, msgspec.json.encode(made).decode()),
        )

    def _replay(self, database: Database, projection: Projection) -> None:
        reached = database.number("SELECT position FROM projections WHERE name = ?", (projection.name,))
        start = reached
        while recorded := read_all(database, self._codec, reached, _BATCH):
            for event in recorded:
                projection.apply(database, event)
            reached = recorded[-1].position
        if reached != start:
            database.execute("UPDATE projections SET position = ? WHERE name = ?", (reached, projection.name))


def _tables(database: Database) -> set[str]:
    return {str(row[0]) for row in database.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")}
