"""Remembers what compas itself has laid into a worktree, so that nothing of it passes for the agent's work."""

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from compas.git.naming import checked_id
from compas.git.plain_files import read_plain, replace_plain

_DIRECTORY: Final = os.path.join("compas", "laid")
_LONGEST: Final = 64 * 1024 * 1024
_LINK: Final = b"l"
_COPY: Final = b"c"
_MAGIC: Final = frozenset(b"\\*?[] #!")


@dataclass(frozen=True, slots=True)
class Laid:
    """Paths relative to the worktree that the branch did not track when they were laid.

    `instance` names the directory they were laid into.
    """

    instance: str = ""
    links: frozenset[bytes] = frozenset()
    copies: frozenset[bytes] = frozenset()

    @property
    def paths(self) -> frozenset[bytes]:
        """Links and copies."""
        return self.links | self.copies

    def among(self, paths: Iterable[bytes]) -> "Laid":
        """The same, but only of these paths."""
        kept = frozenset(paths)
        return Laid(self.instance, self.links & kept, self.copies & kept)

    def joined(self, other: "Laid") -> "Laid":
        """What was laid here or there, in the directory of the other."""
        return Laid(other.instance, self.links | other.links, self.copies | other.copies)


def read_laid(common_dir: str, thread: str) -> Laid:
    """Return what was laid into the worktree of a thread; nothing where no readable record is."""
    content = read_plain(_path(common_dir, thread), _LONGEST)
    if content is None:
        return Laid()
    instance, *records = content.split(b"\0")
    links = frozenset(record[1:] for record in records if record.startswith(_LINK))
    copies = frozenset(record[1:] for record in records if record.startswith(_COPY))
    return Laid(instance.decode("utf-8", "replace"), links, copies)


def write_laid(common_dir: str, thread: str, laid: Laid) -> None:
    """Replace what is remembered; on the disk before this returns. Raises OSError."""
    records = [_LINK + path for path in sorted(laid.links)] + [_COPY + path for path in sorted(laid.copies)]
    replace_plain(_path(common_dir, thread), b"\0".join([laid.instance.encode(), *records]))


def forget_laid(common_dir: str, thread: str) -> None:
    """Remember nothing of this thread's worktree any more."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(_path(common_dir, thread))


def as_pattern(path: bytes) -> str | None:
    """Return the line of an ignore file that matches this path at the top and nothing else; None where none can."""
    if b"\n" in path or path.endswith(b"\r"):
        return None
    escaped = b"".join(b"\\" + bytes((sign,)) if sign in _MAGIC else bytes((sign,)) for sign in path)
    return "/" + os.fsdecode(escaped)


def _path(common_dir: str, thread: str) -> str:
    return os.path.join(common_dir, _DIRECTORY, checked_id("thread id", thread))
