"""Submodules of a worktree: filled from the main checkout without a network, and kept when the worktree goes."""

import os
from dataclasses import dataclass

from compas.git.command import LONG_LIMIT, Git, shown
from compas.git.directories import is_directory, same_place
from compas.git.errors import GitError, GitFailed
from compas.git.naming import ARCHIVE
from compas.git.repository import path_of, tip_of


@dataclass(frozen=True, slots=True)
class Submodule:
    """One entry of .gitmodules: its name, and where it is in the checkout."""

    name: str
    path: str


async def submodules(git: Git) -> list[Submodule]:
    """Return what .gitmodules at the top of a checkout declares."""
    question = ("config", "--file", ".gitmodules", "-z", "--get-regexp", r"^submodule\..*\.path$")
    output = await git.run(*question, good=(0, 1, 128))
    found = []
    for entry in output.stdout.split(b"\0") if output.code == 0 else []:
        key, _, path = entry.partition(b"\n")
        if path:
            name = os.fsdecode(key)[len("submodule.") : -len(".path")]
            found.append(Submodule(name, os.fsdecode(path)))
    return found


async def fill_submodules(main: Git, there: Git, common_dir: str) -> list[str]:
    """Check out the submodules of a new worktree from what the main checkout has of them; a repeat is safe.

    Returns a sentence for each that stays empty, and why.
    """
    notes = []
    for one in await submodules(there):
        if await is_filled(there, one):
            continue
        source = _source(main.directory, common_dir, one)
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
        if await submodules(there.at(os.path.join(there.directory, one.path))):
            notes.append(f"the submodules inside the submodule {one.path} are not checked out; do that in `setup`")
    return notes


async def is_filled(there: Git, one: Submodule) -> bool:
    """Say whether a submodule is a checkout of its own, rather than a directory of the one around it."""
    inside = os.path.join(there.directory, one.path)
    if not is_directory(inside):
        return False
    return same_place(await path_of(there.at(inside), "--show-toplevel"), inside)


def _source(main: str, common_dir: str, one: Submodule) -> str | None:
    """Return the repository that the main checkout has of a submodule, kept by git or, of old, inside of it."""
    candidates = (os.path.join(common_dir, "modules", one.name), os.path.join(main, one.path, ".git"))
    return next((path for path in candidates if is_directory(path)), None)


async def _fill(there: Git, one: Submodule, source: str) -> None:
    """Let git clone it from there, by hard links, then give the clone the address that the original has."""
    local = there.configured((f"submodule.{one.name}.url", source), ("protocol.file.allow", "always"))
    await local.run("submodule", "update", "--quiet", "--init", "--", one.path, time_limit=LONG_LIMIT)
    url = await there.at(source).line("config", "--get", "remote.origin.url")
    if url is not None:
        await there.at(os.path.join(there.directory, one.path)).run(
            "remote", "set-url", "--end-of-options", "origin", url
        )


async def keep_submodules(main: Git | None, there: Git, common_dir: str, thread: str) -> str | None:
    """Bring the commits of a worktree's submodules to where they outlive it; return why that was not possible.

    A worktree has repositories of its own for its submodules, which git deletes together with it.
    """
    for one in await submodules(there):
        if not await is_filled(there, one):
            continue
        inside = os.path.join(there.directory, one.path)
        source = _source(main.directory, common_dir, one) if main is not None else None
        if source is None:
            return f"the commits of the submodule {one.path} are only there: the main checkout does not have it"
        head = await tip_of(there.at(inside), "HEAD")
        space = f"{ARCHIVE}{thread}-{(head or 'unborn')[:12]}"
        try:
            refs = (f"+refs/heads/*:{space}/heads/*", f"+HEAD:{space}/HEAD")
            fetching = there.at(source).configured(("protocol.file.allow", "always"))
            await fetching.run(
                "fetch", "--quiet", "--no-tags", "--end-of-options", inside, *refs, time_limit=LONG_LIMIT
            )
        except GitError as error:
            return f"the commits of the submodule {one.path} could not be kept: {error}"
    return None


async def dirty_submodules(there: Git) -> list[str]:
    """Return the submodules with changes or new files inside, which no commit of the worktree can hold."""
    question = ("status", "--porcelain=v2", "-z", "--untracked-files=no", "--ignore-submodules=none", "--no-renames")
    found = []
    for record in (await there.run(*question, time_limit=LONG_LIMIT)).stdout.split(b"\0"):
        fields = record.split(b" ", 8)
        if fields[0] == b"1" and fields[2][:1] == b"S" and fields[2][2:] != b"..":
            found.append(shown(fields[8]))
    return found
