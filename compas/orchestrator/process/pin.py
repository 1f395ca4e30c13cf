"""Tells a file from another one that stands at its path later."""

import os
from pathlib import Path

_PATH_ONLY = getattr(os, "O_PATH", None)
"""Opens a socket's file too, and drops no lock of this process when it is closed. Linux alone has it."""


class Pin:
    """Remembers which file is at a path. While it is pinned, its number is given to no other file."""

    def __init__(self, path: Path) -> None:
        """Raises OSError where there is none."""
        flags = None if _PATH_ONLY is None else _PATH_ONLY | os.O_CLOEXEC | os.O_NOFOLLOW
        self._descriptor = None if flags is None else os.open(path, flags)
        self._found = path.lstat() if self._descriptor is None else os.fstat(self._descriptor)

    def is_at(self, path: Path) -> bool:
        """Tell whether it is at this path now."""
        try:
            return os.path.samestat(path.lstat(), self._found)
        except OSError:
            return False

    def close(self) -> None:
        """Forget it; may be called twice."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
