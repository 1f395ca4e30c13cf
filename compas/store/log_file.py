"""The log's file in a state directory: where it is, whether it is missing, and whether all of it can be read."""

import time
from pathlib import Path

import apsw

from compas.store.connection import Database, open_database
from compas.store.failures import disk_failures
from compas.store.migrate import LOG_APPLICATION_ID, load_schema, refuse_foreign

NAME = "compas.sqlite"
OK = "ok"
_STEPS = 10_000
"""Instructions of SQLite between two looks at the clock."""


def missing_log(state: Path) -> str | None:
    """Say what speaks against beginning a new log in this directory; None when nothing does, or there is one.

    Executions without a log are not a new state: a log that somebody emptied or removed would be given up in silence.
    """
    path = state / NAME
    if path.exists() and path.stat().st_size > 0:
        return None
    executions = state / "executions"
    if not executions.is_dir() or not any(executions.iterdir()):
        return None
    found = f"{path} is empty" if path.exists() else f"there is no {path}"
    return f"{found}, but {executions} holds executions of it"


def look_through(path: Path, seconds: float) -> str | None:
    """Return "ok", or the first thing that is wrong with a log; None when `seconds` were not enough.

    Raises StoreUnavailable and StoreRefused, as opening it does. Changes nothing.
    """
    database = open_database(path, "reader")
    try:
        with disk_failures("open", database.name):
            refuse_foreign(database, load_schema(LOG_APPLICATION_ID, "sql"))
        return _check(database, time.monotonic() + seconds)
    finally:
        database.close()


def _check(database: Database, end: float) -> str | None:
    database.connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
    try:
        with disk_failures("read", database.name):
            found = database.row("PRAGMA quick_check(1)")
    except apsw.InterruptError:
        return None
    return OK if found is None else str(found[0])
