"""Finds the repository that a directory is in by reading files: no git runs where anybody may have put anything."""

import os
from collections.abc import Iterator
from typing import Final

import trio

from compas.git.plain_files import read_plain
from compas.git.protocol.reading import Locate, Located, Place
from compas.git.whereabouts import is_git_directory

_LONGEST_LINK: Final = 8192
"""Bytes of a file that leads to a git directory."""
_LEADS_TO: Final = b"gitdir: "


async def locate(request: Locate) -> Located:
    """Say in which repositories directories are; a slow disk holds up nobody else."""
    return await trio.to_thread.run_sync(_locate_all, request.paths, abandon_on_cancel=True)


def _locate_all(paths: tuple[str, ...]) -> Located:
    return Located(places=tuple(_locate(path) for path in paths))


def _locate(path: str) -> Place | None:
    real = os.path.realpath(path)
    if not os.path.isdir(real):
        return None
    for top in _upwards(real):
        repository = _repository(top)
        if repository is not None:
            below = os.path.relpath(real, top)
            return Place(repository=repository, below="" if below == "." else below)
    return None


def _upwards(path: str) -> Iterator[str]:
    while True:
        yield path
        above = os.path.dirname(path)
        if above == path:
            return
        path = above


def _repository(top: str) -> str | None:
    """Return the repository whose checkout begins at this directory; None where none does."""
    inside = os.path.join(top, ".git")
    if is_git_directory(inside):
        return _checkout_of(os.path.realpath(inside))
    own = _led_to(inside, _LEADS_TO)
    if own is None:
        return _checkout_of(top) if is_git_directory(top) else None
    shared = _led_to(os.path.join(own, "commondir"))
    if shared is not None:
        return _checkout_of(shared) if is_git_directory(shared) else None
    return top if is_git_directory(own) else None


def _led_to(link: str, prefix: bytes = b"") -> str | None:
    """Return the directory that a file names after a prefix, from its own place on; None where it names none."""
    content = read_plain(link, _LONGEST_LINK)
    if content is None or not content.startswith(prefix) or b"\0" in content:
        return None
    return os.path.realpath(os.path.join(os.path.dirname(link), os.fsdecode(content.removeprefix(prefix)).rstrip("\n")))


def _checkout_of(shared: str) -> str:
    """Return the main checkout around a repository's own directory; of any other, that directory itself."""
    return os.path.dirname(shared) if os.path.basename(shared) == ".git" else shared
