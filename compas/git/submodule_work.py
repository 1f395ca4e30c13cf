"""What the submodules of a worktree hold that would be lost with it, and how their commits outlive it."""

import os
from collections.abc import Iterator
from typing import Final

import trio

from compas.git.command import LONG_LIMIT, Git, shown
from compas.git.directories import is_directory, lexists
from compas.git.errors import GitError
from compas.git.naming import ARCHIVE
from compas.git.repository import path_of, tip_of
from compas.git.submodule_declarations import Submodule, declared_submodules
from compas.git.submodules import GITLINK, ONLY_FROM_DISK, leads_away, source_of

_STATUS: Final = ("status", "--porcelain", "-z", "--untracked-files=normal", "--ignore-submodules=dirty")
_LONGEST_LINK: Final = 4096
"""Bytes of a `.git` file that are read."""


async def keep_submodules(main: Git | None, there: Git, common_dir: str, thread: str) -> str | None:
    """Bring the commits of a worktree's submodules to where they outlive it; return why that was not possible.

    A worktree has repositories of its own for its submodules, which git deletes together with it.
    """
    for one, repository in await _repositories(there):
        source = source_of(main.directory, common_dir, one) if main is not None else None
        if source is None:
            return f"the commits of the submodule {one.path} are only there: the main checkout does not have it"
        head = await tip_of(_opened(there, repository), "HEAD")
        space = f"{ARCHIVE}{thread}-{(head or 'unborn')[:12]}"
        refs = (f"+refs/heads/*:{space}/heads/*", f"+HEAD:{space}/HEAD")
        fetching = _opened(there, source).configured(("protocol.file.allow", "always")).having(**ONLY_FROM_DISK)
        question = ("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--end-of-options")
        try:
            await fetching.run(*question, repository, *refs, time_limit=LONG_LIMIT)
        except GitError as error:
            return f"the commits of the submodule {one.path} could not be kept: {error}"
    return None


async def dirty_submodules(there: Git) -> list[str]:
    """Return the submodules with changes or new files inside, which no commit of the worktree can hold.

    Each is read by its own git directory, with every filter off: what an agent wrote into one is not run. One whose
    directory is not where git keeps it counts as changed.
    """
    return await _dirty_below(there, await path_of(there, "--git-dir"), "")


async def _dirty_below(git: Git, git_dir: str, prefix: str) -> list[str]:
    """Go through the submodules of one checkout, of whose top `git` is, and through those inside them."""
    found: list[str] = []
    for path in await _linked_in_index(git):
        inside, name = os.path.join(git.directory, path), prefix + shown(os.fsencode(path))
        if not lexists(os.path.join(inside, ".git")):
            continue
        repository = _git_dir_of(git_dir, git.directory, path)
        if repository is None:
            found.append(f"{name} (its .git leads somewhere else)")
            continue
        there = _opened(git, repository).at(inside).having(GIT_WORK_TREE=inside, GIT_ALLOW_PROTOCOL="none")
        try:
            unfiltered = await _without_filters(there)
            is_dirty = bool((await unfiltered.run(*_STATUS, time_limit=LONG_LIMIT)).stdout)
            found += [name] if is_dirty else await _dirty_below(unfiltered, repository, f"{name}/")
        except GitError as error:
            found.append(f"{name} (it cannot be read: {error})")
    return found


async def _linked_in_index(git: Git) -> list[str]:
    listing = (await git.run("ls-files", "--stage", "-z", time_limit=LONG_LIMIT)).stdout
    records = [record.partition(b"\t") for record in listing.split(b"\0") if record.startswith(GITLINK)]
    return sorted({os.fsdecode(path) for _, _, path in records})


def _git_dir_of(above: str, top: str, path: str) -> str | None:
    """Return the git directory of a submodule: in its checkout, or among those that git keeps in the one above it.

    None where `.git` is a link, or names anything else.
    """
    place = os.path.join(top, path, ".git")
    if os.path.islink(place) or leads_away(top, path):
        return None
    if is_directory(place):
        return place
    if not os.path.isfile(place):
        return None
    with open(place, "rb") as file:
        said = file.read(_LONGEST_LINK)
    if not said.startswith(b"gitdir: ") or b"\0" in said:
        return None
    named = os.path.realpath(os.path.join(top, path, os.fsdecode(said[len("gitdir: ") :].rstrip(b"\n"))))
    return named if named.startswith(os.path.join(os.path.realpath(above), "modules", "")) else None


async def _without_filters(git: Git) -> Git:
    """Return git that runs none of the filters that are configured: contents count as they are on the disk."""
    question = ("config", "-z", "--name-only", "--get-regexp", r"^filter\..*\.(clean|process|required)$")
    listing = (await git.run(*question, good=(0, 1))).stdout
    keys = [os.fsdecode(key) for key in listing.split(b"\0") if key]
    return git.configured(*((key, "false" if key.endswith(".required") else "") for key in keys))


async def _repositories(there: Git) -> list[tuple[Submodule, str]]:
    """Return every repository that goes with the worktree: those that git keeps for it, and those inside of it."""
    git_dir = await path_of(there, "--git-dir")
    declared = (await declared_submodules(there)).usable
    places = {one.name: one.path for one in declared}
    kept = await trio.to_thread.run_sync(lambda: list(_kept_below(os.path.join(git_dir, "modules"))))
    found = [(Submodule(name, places.get(name, name)), os.path.join(git_dir, "modules", name)) for name in kept]
    for one in declared:
        inside = os.path.join(there.directory, one.path, ".git")
        if is_directory(inside) and not leads_away(there.directory, os.path.join(one.path, ".git")):
            found.append((one, inside))
    return found


def _kept_below(modules: str) -> Iterator[str]:
    """Yield the names of the repositories that git keeps below a directory, those of submodules in submodules too."""
    for directory, below, files in os.walk(modules):
        if "HEAD" in files and "objects" in below:
            yield os.path.relpath(directory, modules)
            below[:] = [name for name in below if name == "modules"]


def _opened(there: Git, git_dir: str) -> Git:
    """Return git in a git directory itself, with nothing of the worktree but its locks."""
    return Git(git_dir, held=there.held).having(GIT_DIR=git_dir)
