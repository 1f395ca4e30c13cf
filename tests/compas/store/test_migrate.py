"""A database of any age ends up with one schema, and what is not ours or too new is left alone."""

from pathlib import Path

import apsw
import pytest

from compas.domain.requests import RequestId
from compas.store.connection import Database, open_database
from compas.store.errors import StoreRefused
from compas.store.log_rows import find_answer
from compas.store.migrate import (
    LOG_APPLICATION_ID,
    TELEMETRY_APPLICATION_ID,
    Migration,
    Schema,
    load_schema,
    migrate,
)

LOG = load_schema(LOG_APPLICATION_ID, "sql")
TELEMETRY = load_schema(TELEMETRY_APPLICATION_ID, "sql/telemetry")
STEPS = (
    Migration(number=1, name="initial", sql="CREATE TABLE a (n INTEGER) STRICT; CREATE TABLE b (n INTEGER) STRICT;"),
    Migration(number=2, name="more", sql="ALTER TABLE a ADD COLUMN t TEXT; INSERT INTO a VALUES (1, 'x');"),
    Migration(number=3, name="less", sql="DROP TABLE b; CREATE INDEX a_by_t ON a (t);"),
)


def up_to(schema: Schema, number: int) -> Schema:
    return Schema(application_id=schema.application_id, migrations=schema.migrations[:number])


def schema_of(database: Database) -> list[object]:
    return [*database.rows("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name")]


@pytest.mark.parametrize(
    "schema",
    [LOG, TELEMETRY, Schema(application_id=7, migrations=STEPS)],
    ids=["log", "telemetry", "three steps"],
)
def test_a_migrated_schema_equals_a_fresh_one(schema: Schema, tmp_path: Path) -> None:
    fresh = open_database(None, "log")
    migrate(fresh, schema)
    for age in range(1, len(schema.migrations) + 1):
        old = open_database(tmp_path / f"{age}.sqlite", "log")
        migrate(old, up_to(schema, age))
        migrate(old, schema)
        assert schema_of(old) == schema_of(fresh)
        old.close()
    fresh.close()


@pytest.mark.parametrize("schema", [LOG, TELEMETRY], ids=["log", "telemetry"])
def test_migrations_are_numbered_from_one_without_gaps(schema: Schema) -> None:
    assert [step.number for step in schema.migrations] == list(range(1, len(schema.migrations) + 1))


def test_a_database_that_is_up_to_date_is_only_read(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    first = open_database(path, "log")
    migrate(first, LOG)
    second = open_database(path, "log")
    first.execute("BEGIN IMMEDIATE")
    migrate(second, LOG)
    first.execute("ROLLBACK")
    second.close()
    first.close()


def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    broken = Migration(
        number=2, name="broken", sql="CREATE TABLE c (n INTEGER) STRICT; INSERT INTO nowhere VALUES (1);"
    )
    database = open_database(tmp_path / "x.sqlite", "log")
    with pytest.raises(apsw.SQLError, match="nowhere"):
        migrate(database, Schema(application_id=7, migrations=(STEPS[0], broken)))
    assert [row[0] for row in database.rows("SELECT name FROM sqlite_schema")] == ["a", "b"]
    assert database.number("PRAGMA user_version") == 1
    migrate(database, Schema(application_id=7, migrations=STEPS))
    assert database.number("PRAGMA user_version") == 3
    database.close()


def test_a_database_of_a_newer_compas_is_refused_in_words(tmp_path: Path) -> None:
    database = open_database(tmp_path / "x.sqlite", "log")
    migrate(database, Schema(application_id=7, migrations=STEPS))
    with pytest.raises(StoreRefused, match=r"a newer compas wrote it \(schema 3, this one knows 2\)"):
        migrate(database, Schema(application_id=7, migrations=STEPS[:2]))
    database.close()


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    other = apsw.Connection(str(path))
    other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.close()
    database = open_database(path, "log")
    with pytest.raises(StoreRefused, match="another program"):
        migrate(database, LOG)
    assert [row[0] for row in database.rows("SELECT name FROM sqlite_schema")] == ["bookmarks"]
    database.close()


def test_the_log_is_not_taken_for_telemetry(tmp_path: Path) -> None:
    database = open_database(tmp_path / "x.sqlite", "log")
    migrate(database, LOG)
    with pytest.raises(StoreRefused, match="another program"):
        migrate(database, TELEMETRY)
    database.close()


# proves: a-core 8
def test_an_older_database_is_brought_up_to_date_with_all_its_data_and_only_once(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    old = open_database(path, "log")
    migrate(old, Schema(application_id=7, migrations=STEPS[:1]))
    for number in range(100):
        old.execute("INSERT INTO a VALUES (?)", (number,))
    old.close()
    database = open_database(path, "log")
    migrate(database, Schema(application_id=7, migrations=STEPS))
    kept = [*database.rows("SELECT n, t FROM a ORDER BY rowid")]
    assert kept == [*((number, None) for number in range(100)), (1, "x")]
    before = schema_of(database)
    database.close()
    again = open_database(path, "log")
    changes = again.number("SELECT total_changes()")
    migrate(again, Schema(application_id=7, migrations=STEPS))
    assert again.number("SELECT total_changes()") == changes
    assert [*again.rows("SELECT n, t FROM a ORDER BY rowid")] == kept
    assert schema_of(again) == before
    again.close()


def test_an_answer_of_before_what_was_asked_was_kept_is_still_a_repeat(tmp_path: Path) -> None:
    database = open_database(tmp_path / "x.sqlite", "log")
    migrate(database, up_to(LOG, 1))
    database.execute("INSERT INTO requests VALUES ('r1', x'6f6b', 1, 2, 3.0)")
    migrate(database, LOG)
    asked = RequestId(name="r1", operation="close", digest=b"one")
    assert find_answer(database, asked) == b"ok"
    database.close()
