"""Brings a database to the schema this version knows, by numbered SQL files, each in one transaction."""

import re
from importlib import resources

import msgspec

from compas.store.connection import Database
from compas.store.errors import StoreNewer, StoreRefused
from compas.store.failures import disk_failures

_FILE_NAME = re.compile(r"([0-9]{4})_([a-z0-9_]+)\.sql")


class Migration(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the schema; `number` counts from 1 without gaps."""

    number: int
    name: str
    sql: str


class Schema(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of database of ours: the mark in its header, and every step that leads to its present form."""

    application_id: int
    migrations: tuple[Migration, ...]


def load_schema(application_id: int, folder: str) -> Schema:
    """Read the numbered files of a folder of this package."""
    found = []
    for file in resources.files("compas.store").joinpath(folder).iterdir():
        if match := _FILE_NAME.fullmatch(file.name):
            number, name = match.groups()
            found.append(Migration(number=int(number), name=name, sql=file.read_text(encoding="utf-8")))
    found.sort(key=lambda migration: migration.number)
    return Schema(application_id=application_id, migrations=tuple(found))


LOG_APPLICATION_ID = 0x636D7073  # "cmps" and "cmpt"
TELEMETRY_APPLICATION_ID = 0x636D7074


def migrate(database: Database, schema: Schema) -> None:
    """Apply what is missing. A database that is up to date is only read.

    Raises StoreRefused for a database of another program or of a newer compas, StoreUnavailable when the disk
    will not.
    """
    with disk_failures("open", database.name):
        refuse_foreign(database, schema)
        for migration in schema.migrations:
            if database.number("PRAGMA user_version") < migration.number:
                _apply(database, schema, migration)


def _apply(database: Database, schema: Schema, migration: Migration) -> None:
    with database.transaction():
        # Another process may have been first while this one waited for the lock.
        if database.number("PRAGMA user_version") >= migration.number:
            return
        database.execute(migration.sql)
        database.execute(f"PRAGMA application_id = {schema.application_id}")
        database.execute(f"PRAGMA user_version = {migration.number}")


def refuse_foreign(database: Database, schema: Schema) -> None:
    """Raise StoreRefused for a database of another program, StoreNewer for one of a newer compas."""
    with database.snapshot():
        mark = database.number("PRAGMA application_id")
        version = database.number("PRAGMA user_version")
        tables = database.number("SELECT count(*) FROM sqlite_schema")
    if mark != schema.application_id and (mark or version or tables):
        raise StoreRefused(
            f"tried to open {database.name}; it is a SQLite database of another program; "
            "move it away or name another state directory"
        )
    known = schema.migrations[-1].number
    if version > known:
        raise StoreNewer(
            f"tried to open {database.name}; a newer compas wrote it (schema {version}, this one knows {known}); "
            "use the newer compas, or name another state directory"
        )
