"""Reads and replaces small files in git directories, where an agent may have put anything in their place."""

import os
import secrets
import stat
from typing import Final

LONGEST: Final = 4 * 1024 * 1024
"""Bytes of a file that is read whole; what git or we write there is far smaller."""


def read_plain(path: str | bytes, longest: int = LONGEST) -> bytes | None:
    """Return what a plain file holds; None where there is none, or a link, a pipe, or a file that is too large.

    Never waits: a pipe that nobody writes to is no file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_size > longest:
            return None
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(longest)
    finally:
        os.close(descriptor)


def replace_plain(path: str, content: bytes) -> None:
    """Put a file with this content at `path`, whatever is there; on the disk before this returns. Raises OSError."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    new = f"{path}.{secrets.token_hex(4)}.new"  # two may write the same at once
    with open(new, "xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)
