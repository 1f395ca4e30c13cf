"""Opens SQLite databases: file modes, pragmas, and the one class through which every statement runs."""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol, TypeVar

import apsw
import msgspec

from compas.store.failures import disk_failures
from compas.store.file_place import FilePlace

Value = None | int | float | str | bytes
Row = tuple[Value, ...]
Arguments = Sequence[Value] | Mapping[str, Value]
Role = Literal["log", "telemetry", "reader"]
S = TypeVar("S", bound=msgspec.Struct)

BUSY_TIMEOUT_MS = 5000
_WAL_LIMIT_BYTES = 16 * 1024 * 1024


class Reader(Protocol):
    """What a read function may do: ask for rows."""

    def rows(self, sql: str, arguments: Arguments = ()) -> list[Row]:
        """Return every row."""
        ...

    def row(self, sql: str, arguments: Arguments = ()) -> Row | None:
        """Return the first row, or None."""
        ...

    def all(self, kind: type[S], sql: str, arguments: Arguments = ()) -> list[S]:
        """Return every row as a `kind`, whose fields are named like the columns."""
        ...

    def first(self, kind: type[S], sql: str, arguments: Arguments = ()) -> S | None:
        """Return the first row as a `kind`, or None."""
        ...


class Cursor(Reader, Protocol):
    """What a projection may do: ask and write, inside the transaction of the append."""

    def execute(self, sql: str, arguments: Arguments = ()) -> None:
        """Run statements for their effect."""
        ...


class Database:
    """One open connection. Synchronous, and to be used from one thread at a time; counts its statements."""

    def __init__(self, connection: apsw.Connection, name: str, *, is_reader: bool = False) -> None:
        self.connection = connection
        self.name = name
        self.statements = 0
        self._is_reader = is_reader
        self.place: FilePlace | None = None
        """Where its files are, which is looked at after each commit; None where nothing is promised of them."""

    def execute(self, sql: str, arguments: Arguments = ()) -> None:
        """Run statements for their effect."""
        self.statements += 1
        self.connection.execute(sql, arguments)

    def rows(self, sql: str, arguments: Arguments = ()) -> list[Row]:
        """Return every row."""
        self.statements += 1
        return self.connection.execute(sql, arguments).fetchall()

    def row(self, sql: str, arguments: Arguments = ()) -> Row | None:
        """Return the first row, or None."""
        self.statements += 1
        cursor = self.connection.execute(sql, arguments)
        found: Row | None = cursor.fetchone()
        cursor.close(force=True)  # a statement left half-read would hold the snapshot open
        return found

    def all(self, kind: type[S], sql: str, arguments: Arguments = ()) -> list[S]:
        """Return every row as a `kind`, whose fields are named like the columns."""
        self.statements += 1
        cursor = self.connection.execute(sql, arguments)
        try:
            names = [column[0] for column in cursor.get_description()]
        except apsw.ExecutionCompleteError:
            return []
        return [msgspec.convert(dict(zip(names, row, strict=True)), kind, strict=False) for row in cursor]

    def first(self, kind: type[S], sql: str, arguments: Arguments = ()) -> S | None:
        """Return the first row as a `kind`, or None."""
        found = self.all(kind, sql, arguments)
        return found[0] if found else None

    def number(self, sql: str, arguments: Arguments = ()) -> int:
        """Return the integer that a statement is sure to give."""
        found = self.row(sql, arguments)
        if found is None or not isinstance(found[0], int):
            raise TypeError(f"{sql!r} gave {found!r} where one integer was expected")
        return found[0]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the body in one write transaction: commit at its end, roll back on any error or cancellation.

        Raises StoreGone when the files were removed meanwhile, or before: SQLite itself goes on in what has no name.
        """
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
            if self.place is not None:
                self.place.require()
        except BaseException:
            self._roll_back()
            raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Run the body on one consistent state. A statement that writes is a defect and raises RuntimeError."""
        self.execute("BEGIN")
        try:
            if not self._is_reader:
                self.execute("PRAGMA query_only = ON")
            yield
        except apsw.ReadOnlyError as error:
            if getattr(error, "extendedresult", None) != apsw.SQLITE_READONLY:
                raise  # the disk's doing; ours has the plain code
            raise RuntimeError(f"a read function tried to write to {self.name}") from error
        finally:
            self._roll_back()
            if not self._is_reader:
                self.execute("PRAGMA query_only = OFF")

    def _roll_back(self) -> None:
        # SQLite has rolled back by itself after some failures of the disk.
        if self.connection.in_transaction:
            self.execute("ROLLBACK")

    def close(self) -> None:
        """Close the connection; the last one to close a file also folds its WAL back in."""
        self.connection.close()


def open_database(path: Path | None, role: Role) -> Database:
    """Open a database for its role, in memory when `path` is None; creates directory (0700) and file (0600).

    Raises StoreUnavailable when the disk will not, StoreRefused when the file is no database.
    """
    path = path and path.absolute()  # SQLite gives a meaning to some relative names
    name = "the database in memory" if path is None else str(path)
    flags = apsw.SQLITE_OPEN_READONLY if role == "reader" else apsw.SQLITE_OPEN_READWRITE
    with disk_failures("open", name):
        if path is None:
            connection = apsw.Connection(":memory:")
        else:
            if role != "reader":
                _create_private(path)
            connection = apsw.Connection(str(path), flags=flags)
        database = Database(connection, name, is_reader=role == "reader")
        try:
            _configure(database, role)
            if role == "log" and path is not None:
                database.place = FilePlace(path)
        except BaseException:
            connection.close(force=True)
            raise
    return database


def _configure(database: Database, role: Role) -> None:
    """Apply every setting a connection of ours has; there is no other place for them."""
    connection = database.connection
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    connection.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)
    connection.config(apsw.SQLITE_DBCONFIG_DQS_DDL, 0)
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("PRAGMA foreign_keys = ON")
    if role == "reader":
        database.execute("PRAGMA query_only = ON")
        database.execute("PRAGMA wal_autocheckpoint = 0")  # the writer alone checkpoints
        return
    database.execute("PRAGMA journal_mode = WAL")
    database.execute(f"PRAGMA journal_size_limit = {_WAL_LIMIT_BYTES}")
    database.execute(f"PRAGMA synchronous = {'FULL' if role == 'log' else 'NORMAL'}")
    database.execute("PRAGMA fullfsync = ON")  # macOS: fsync alone does not reach the disk; elsewhere no effect


def _create_private(path: Path) -> None:
    """Make the directory and the file ours alone. SQLite gives -wal and -shm the mode of the file itself."""
    try:
        _make_private_directory(path.parent)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        # Never open and close an existing one: closing drops the locks this process has on it.
        for file in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
            _tighten(file)
    except OSError as error:
        raise apsw.CantOpenError(f"{error.strerror or error}") from error


def _make_private_directory(directory: Path) -> None:
    """Create what is missing, each level 0700; what exists keeps its mode."""
    if directory.is_dir():
        return
    _make_private_directory(directory.parent)
    try:
        directory.mkdir(mode=0o700)
    except FileExistsError:
        if not directory.is_dir():
            raise NotADirectoryError(0, f"{directory} is not a directory") from None


def _tighten(file: Path) -> None:
    """Take the permissions of group and others away from a file of ours."""
    try:
        mode = file.stat().st_mode
        if mode & 0o077 and stat.S_ISREG(mode):
            file.chmod(mode & 0o700)
    except (FileNotFoundError, PermissionError):
        return  # not there, or not ours: opening it will say what is wrong
