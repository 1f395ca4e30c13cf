"""Whether a database and its write-ahead log are still the files that were opened."""

import os
from pathlib import Path

from compas.store.errors import StoreGone


class FilePlace:
    """The files of an open database. SQLite holds both open, so their numbers are given to no others."""

    def __init__(self, path: Path) -> None:
        """The database is open, and has its write-ahead log once something was committed."""
        self._path = path
        self._files: dict[Path, os.stat_result] = {}
        self._wal = path.with_name(f"{path.name}-wal")
        self._files[path] = path.stat()

    def require(self) -> None:
        """Raise StoreGone unless they are where they were; call it after a commit, which is void then."""
        try:
            if self._wal not in self._files:
                self._files[self._wal] = self._wal.stat()
            missing = next((path for path, was in self._files.items() if not os.path.samestat(path.stat(), was)), None)
        except OSError as err:
            missing = Path(err.filename)
        if missing is not None:
            raise StoreGone(
                f"tried to write to {self._path}; {missing.name} was removed, moved or replaced while it was in use, "
                "so nothing was kept; the supervisor ends"
            )
