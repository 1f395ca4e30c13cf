"""Fills the submodules of a new worktree from what the main checkout has of them, without a network."""

import os
from collections.abc import Sequence
from typing import Final

from compas.git.command import LONG_LIMIT, Git
from compas.git.directories import is_directory, lexists
from compas.git.errors import GitFailed
from compas.git.naming import WORKTREES
from compas.git.nested.declarations import Submodule, declared_submodules
from compas.git.repository import path_of

GITLINK: Final = b"160000"
ONLY_FROM_DISK: Final = {"GIT_ALLOW_PROTOCOL": "file", "GIT_NO_LAZY_FETCH": "1"}
"""For a clone or fetch between two directories: git speaks to nothing else, whatever is configured."""


async def fill_submodules(main: Git, there: Git, common_dir: str) -> list[str]:
    """Check out the submodules of a new worktree from what the main checkout has of them; a repeat is safe.

    Nothing that a .gitmodules or a configuration names is run, and nothing but the disk is read. Returns a sentence for
    each submodule that stays empty, and why.
    """
    declared = await declared_submodules(there)
    notes = list(declared.refused)
    for one in await _linked(there, [one for one in declared.usable if not is_filled(there, one)]):
        if leads_away(there.directory, one.path):
            notes.append(f"the submodule {one.path} is not checked out: a link on its path leads somewhere else")
            continue
        source = source_of(main.directory, common_dir, one)
        if source is None:
            notes.append(
                f"the submodule {one.path} is not checked out in {main.directory}, so it is empty in the worktree; "
                f"run `git submodule update --init {one.path}` in the main checkout, or in `setup`"
            )
            continue
        try:
            await _fill(there, one, source)
        except GitFailed as error:
            notes.append(f"the submodule {one.path} could not be filled from {source}: {error.output}")
            continue
        if lexists(os.path.join(there.directory, one.path, ".gitmodules")):
            notes.append(f"the submodules inside the submodule {one.path} are not checked out; do that in `setup`")
    return notes


def is_filled(there: Git, one: Submodule) -> bool:
    """Say whether a submodule is, or pretends to be, a checkout of its own; nothing of ours goes into it then."""
    return lexists(os.path.join(there.directory, one.path, ".git"))


def leads_away(top: str, path: str) -> bool:
    """Say whether a path in a checkout leads through a link, to wherever that may be."""
    real = os.path.realpath(top)
    return os.path.realpath(os.path.join(real, path)) != os.path.join(real, path)


def source_of(main: str, common_dir: str, one: Submodule) -> str | None:
    """Return the repository that the main checkout has of a submodule, kept by git or, of old, inside of it.

    What a name or path leads to elsewhere is none of the main checkout's, and so is what lies in a worktree.
    """
    if one.path.split(os.sep)[0] == WORKTREES:
        return None
    candidates = ((common_dir, os.path.join("modules", one.name)), (main, os.path.join(one.path, ".git")))
    for top, below in candidates:
        path = os.path.join(top, below)
        if is_directory(path) and not leads_away(top, below):
            return path
    return None


async def _linked(there: Git, declared: Sequence[Submodule]) -> list[Submodule]:
    """Return those at whose path HEAD has the commit of a submodule: of a directory git would take all inside it."""
    if not declared:
        return []
    literal = there.having(GIT_LITERAL_PATHSPECS="1")
    output = await literal.run("ls-tree", "-z", "HEAD", "--", *(one.path for one in declared))
    records = [record.partition(b"\t") for record in output.stdout.split(b"\0")]
    linked = {os.fsdecode(path) for about, _, path in records if about.startswith(GITLINK)}
    return [one for one in declared if one.path in linked]


async def _fill(there: Git, one: Submodule, source: str) -> None:
    """Let git clone it from there, by hard links, then give the clone the address that the original has."""
    local = there.configured(
        (f"submodule.{one.name}.url", source),
        (f"submodule.{one.name}.update", "checkout"),
        ("protocol.file.allow", "always"),
    ).having(**ONLY_FROM_DISK, GIT_LITERAL_PATHSPECS="1")
    await local.run("submodule", "update", "--quiet", "--init", "--checkout", "--", one.path, time_limit=LONG_LIMIT)
    git_dir = await path_of(there, "--git-dir")
    clone = os.path.join(git_dir, "modules", one.name)
    url = await there.line("config", "--file", os.path.join(source, "config"), "--get", "remote.origin.url")
    if url is not None and is_directory(clone) and not leads_away(git_dir, os.path.join("modules", one.name)):
        place = ("--file", os.path.join(clone, "config"))
        await there.run("config", *place, "--replace-all", "--end-of-options", "remote.origin.url", url)
