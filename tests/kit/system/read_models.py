"""Compares the read models of a stopped supervisor with what a rebuild makes of its log."""

from pathlib import Path

from compas.store.codec import domain_codec
from compas.store.connection import Reader
from compas.store.event_log import open_store
from compas.store.projections.catalogue import PROJECTIONS

Tables = dict[str, list[tuple[object, ...]]]


def _tables(reader: Reader) -> Tables:
    listed = reader.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    names = sorted(str(name) for (name,) in listed)
    return {name: sorted((tuple(row) for row in reader.rows(f'SELECT * FROM "{name}"')), key=repr) for name in names}


async def before_and_after_a_rebuild(path: Path) -> tuple[Tables, Tables]:
    """Return the whole database as it is, and as it is once its read models were made anew from the log."""
    async with open_store(path, events=domain_codec(), projections=PROJECTIONS) as store:
        before = await store.query(_tables)
        await store.rebuild()
        return before, await store.query(_tables)
