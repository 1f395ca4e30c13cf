"""Copies one file so that it shares its blocks with the original where the file system can do that."""

import contextlib
import os
import shutil
import sys
from typing import Final

FICLONE: Final = 0x40049409
"""The ioctl of btrfs, XFS and others that makes one file share another's blocks until either is written."""


def copy_file(source: str, target: str) -> None:
    """Copy content, mode and times of a regular file to `target`, which appears whole or not at all.

    Nothing that is at `target` is overwritten: raises FileExistsError. Blocks: run it in a worker thread.
    """
    directory, name = os.path.split(target)
    half_made = os.path.join(directory, f".{name[:100]}.compas-copy")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(half_made)  # of a copy that was killed
    try:
        with open(source, "rb") as reading, open(half_made, "xb") as writing:
            if not _share_blocks(reading.fileno(), writing.fileno()):
                shutil.copyfileobj(reading, writing, 1 << 20)
        shutil.copystat(source, half_made)
        if os.path.lexists(target):
            raise FileExistsError(f"{target} is there already")
        os.rename(half_made, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(half_made)
        raise


def _share_blocks(source: int, target: int) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    import fcntl

    try:
        fcntl.ioctl(target, FICLONE, source)
    except OSError:  # another file system, or one that cannot
        return False
    return True
