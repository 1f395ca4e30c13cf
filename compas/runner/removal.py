"""Removing the files of an execution that is over: all of them, unless a runner holds them."""

import contextlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from compas.runner import files


def records(root: Path) -> dict[str, bool]:
    """Return the executions that have a directory, and whether their log is in it."""
    found = {}
    with contextlib.suppress(FileNotFoundError), os.scandir(root) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                found[entry.name] = os.path.lexists(os.path.join(entry.path, files.LOG))
    return found


def size_of(root: Path, executions: Sequence[str]) -> int:
    """Return how many bytes of the disk these directories take."""
    found = 0
    for execution in executions:
        for folder, _, names in os.walk(root / execution):
            for name in (".", *names):
                with contextlib.suppress(OSError):
                    found += os.lstat(os.path.join(folder, name)).st_blocks * 512
    return found


def remove_records(root: Path, executions: Sequence[str]) -> tuple[str, ...]:
    """Remove directories, each while its lock is held, and return those that are gone; a repeat finishes a half one.

    One whose runner lives stays, and one in whose place there is something else, or that cannot be removed whole.
    """
    gone = []
    for execution in executions:
        with contextlib.suppress(OSError):
            if _remove(root / execution):
                gone.append(execution)
    return tuple(gone)


def _remove(path: Path) -> bool:
    try:
        with files.open_directory(path) as directory, files.try_lock(directory) as is_held:
            if is_held:
                shutil.rmtree(path)  # it follows no link, whatever an agent has put there
            return is_held
    except FileNotFoundError:
        return True
