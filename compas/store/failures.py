"""Decides which SQLite errors are the disk's, and puts them into words."""

from collections.abc import Iterator
from contextlib import contextmanager

import apsw

from compas.store.errors import StoreClosed, StoreRefused, StoreUnavailable

_FOUND_AND_TO_DO: tuple[tuple[type[apsw.Error], str, str], ...] = (
    (apsw.FullError, "the disk is full", "free some space"),
    (
        apsw.IOError,
        "the disk reported an error",
        "look at the system log and at the free space of that file system",
    ),
    (apsw.ReadOnlyError, "the file or its directory is read-only", "make both writable for this user"),
    (apsw.PermissionsError, "this user may not open the file", "give this user read and write permission"),
    (
        apsw.CantOpenError,
        "the file could not be opened",
        "check that its directory exists and this user may write there",
    ),
    (
        apsw.CorruptError,
        "the file is damaged",
        "stop compas, keep a copy of the file, and restore it from a backup",
    ),
    (apsw.BusyError, "another process kept the file locked", "find and end the program that has it open"),
    (apsw.LockedError, "another process kept the file locked", "find and end the program that has it open"),
    (
        apsw.ProtocolError,
        "the locks of the file could not be taken",
        "keep the state directory on a local disk",
    ),
    (apsw.NoMemError, "memory ran out", "end other programs or give this machine more memory"),
)


def is_disk_failure(error: BaseException) -> bool:
    """Tell whether an error is about the file or the machine, and not about the statement that met it."""
    return isinstance(error, (apsw.NotADBError, *(kind for kind, _, _ in _FOUND_AND_TO_DO)))


@contextmanager
def disk_failures(tried: str, name: str) -> Iterator[None]:
    """Turn SQLite's errors about the file `name` into StoreUnavailable or StoreRefused; let others pass.

    A connection that is closed already becomes StoreClosed.
    """
    try:
        yield
    except apsw.NotADBError as error:
        raise StoreRefused(
            f"tried to {tried} {name}; it is not a SQLite database; move it away or name another state directory"
        ) from error
    except apsw.ConnectionClosedError as error:
        raise StoreClosed(f"tried to {tried} {name}; it was closed, since its supervisor ends") from error
    except apsw.Error as error:
        for kind, found, to_do in _FOUND_AND_TO_DO:
            if isinstance(error, kind):
                raise StoreUnavailable(f"tried to {tried} {name}; {found} ({error}); {to_do}") from error
        raise
