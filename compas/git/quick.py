"""Cheap reads without a process: refs and ancestry through libgit2, where it understands the repository.

`directory` is a git directory, or a main checkout; nothing above it is looked at (docs/decisions/0024).
"""

import os
from collections.abc import Callable, Sequence
from typing import TypeVar

import pygit2
import trio

R = TypeVar("R")


class NotQuick(Exception):  # noqa: N818 - no fault: git itself is asked instead
    """libgit2 cannot read this: SHA-256 names, reftables, a directory below a checkout. Ask git."""


async def tip(directory: str, ref: str) -> str | None:
    """Return the commit at a full ref, None where the ref does not exist. Raises NotQuick."""

    def read(repository: pygit2.Repository) -> str | None:
        try:
            reference = repository.lookup_reference(ref)
        except KeyError:
            return None
        found = reference.peel()
        return str(found.id) if isinstance(found, pygit2.Commit) else None

    return await _read(directory, read)


async def branch(directory: str, ref: str) -> tuple[str, str] | None:
    """Return the commit at a branch's full ref, and the ref it leads to if it is only another name; None where there
    is no such branch. Raises NotQuick, also where names that differ in case may be one."""
    if os.name != "posix" or os.uname().sysname != "Linux":
        raise NotQuick("refs may be files of a file system that knows no case")

    def read(repository: pygit2.Repository) -> tuple[str, str] | None:
        try:
            reference = repository.lookup_reference(ref)
        except KeyError:
            return None
        found = reference.peel()
        if not isinstance(found, pygit2.Commit):
            return None
        is_symbolic = reference.type == pygit2.enums.ReferenceType.SYMBOLIC
        return str(found.id), str(reference.resolve().name) if is_symbolic else ""

    return await _read(directory, read)


async def has_commit(directory: str, commit: str) -> bool:
    """Say whether the repository has a commit, named in full. Raises NotQuick."""
    return await _read(directory, lambda repository: isinstance(repository.get(commit), pygit2.Commit))


async def merge_base(directory: str, one: str, other: str) -> str | None:
    """Return a best common ancestor of two commits, named in full; None where they have none. Raises NotQuick."""

    def read(repository: pygit2.Repository) -> str | None:
        found: pygit2.Oid | None = repository.merge_base(one, other)
        return str(found) if found else None

    return await _read(directory, read)


async def is_ancestor(directory: str, older: str, newer: str) -> bool:
    """Say whether commit `newer` contains commit `older`, both full names. Raises NotQuick."""
    return await _read(directory, lambda repository: repository.descendant_of(newer, older))


async def tree_of(directory: str, commit: str) -> str:
    """Return the tree of a commit, named in full. Raises NotQuick."""
    return await _read(directory, lambda repository: str(repository[commit].peel(pygit2.Tree).id))


async def seen(directory: str, target: str, names: Sequence[str]) -> dict[str, tuple[str, str, str | None]]:
    """Return commit, tree and merge base with the full ref `target` for each of these full names or full refs.

    What does not exist is left out; without such a target there is no merge base. Raises NotQuick.
    """

    def read(repository: pygit2.Repository) -> dict[str, tuple[str, str, str | None]]:
        other = _commit(repository, target)
        found: dict[str, tuple[str, str, str | None]] = {}
        for name in names:
            commit = _commit(repository, name)
            if commit is not None:
                base = repository.merge_base(commit.id, other.id) if other is not None else None
                found[name] = (str(commit.id), str(commit.tree_id), str(base) if base else None)
        return found

    return await _read(directory, read)


def _commit(repository: pygit2.Repository, name: str) -> pygit2.Commit | None:
    try:
        found = repository.lookup_reference(name).peel() if name.startswith("refs/") else repository.get(name)
    except KeyError:
        return None
    return found if isinstance(found, pygit2.Commit) else None


def _has_grafts(git_dir: str) -> bool:
    """Say whether a repository has invented parents for some of its commits, which anybody may have written."""
    common_dir = os.path.join(git_dir, os.pardir, os.pardir)
    return any(os.path.lexists(os.path.join(home, "info", "grafts")) for home in (git_dir, common_dir))


async def _read(directory: str, read: Callable[[pygit2.Repository], R]) -> R:
    """Read in a worker thread; it takes a tenth of a millisecond, so it is not interrupted by a cancel."""

    def open_and_read() -> R:
        try:
            repository = pygit2.Repository(directory, pygit2.enums.RepositoryOpenFlag.NO_SEARCH)
            if _has_grafts(repository.path):
                raise NotQuick("libgit2 would believe the grafts")
            return read(repository)
        except (pygit2.GitError, KeyError, ValueError, OSError) as err:
            raise NotQuick(str(err)) from err

    return await trio.to_thread.run_sync(open_and_read)
