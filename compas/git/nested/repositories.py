"""Repositories inside a checkout: found by the index and by name, read by us, and entered by no git.

A git that looks into one runs what its configuration and attributes name, and both are written by whoever made it.
"""

import os
import re
import stat
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from compas.git.command import LONG_LIMIT, Git, shown
from compas.git.errors import GitRefused
from compas.git.plain_files import read_plain

GITLINK: Final = b"160000"
MOST: Final = 500
"""How many are told to git one by one; each costs a comparison with every path."""
_OBJECT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REF: Final = re.compile(r"refs/(?:[A-Za-z0-9_][A-Za-z0-9_.+@-]*/)*[A-Za-z0-9_][A-Za-z0-9_.+@-]*")


@dataclass(frozen=True, slots=True)
class Nested:
    """`gitlinks` are the index's, path to commit, where a directory stands; `embedded` are known to no index.

    `files` are all other paths that no index knows and that are not ignored.
    """

    gitlinks: dict[bytes, str]
    embedded: tuple[bytes, ...]
    files: frozenset[bytes]

    def pathspecs(self, laid: Collection[bytes] = ()) -> bytes:
        """Return, for `--pathspec-from-file`, everything but these, and but what was laid there."""
        without = (*self.gitlinks, *self.embedded, *sorted(self.files.intersection(laid))[:MOST])
        outside = [b":(top,exclude,literal)" + path for path in without]
        return b"\0".join([b":/", *outside]) + b"\0"


async def find_nested(git: Git) -> Nested:
    """Look for repositories in a checkout, of whose top `git` is. Raises GitRefused `too_many_repositories`."""
    question = ("ls-files", "-z", "-t", "--stage", "--others", "--exclude-standard")
    listing = (await git.run(*question, time_limit=LONG_LIMIT)).stdout
    gitlinks, embedded, files = {}, [], []
    for record in listing.split(b"\0"):
        if record.startswith(b"? "):
            if record.endswith(b"/"):
                embedded.append(record[2:-1])
            else:
                files.append(record[2:])
        elif record[2:8] == GITLINK:
            about, _, path = record[2:].partition(b"\t")
            if _is_directory(git.directory, path):
                gitlinks[path] = about.split(b" ")[1].decode("ascii")
    if len(gitlinks) + len(embedded) > MOST:
        message = (
            f"{git.directory} holds {len(gitlinks) + len(embedded)} repositories of their own, more than {MOST}; "
            "remove those that are not wanted"
        )
        raise GitRefused("too_many_repositories", message)
    return Nested(gitlinks, tuple(embedded), frozenset(files))


async def stage_all(git: Git, laid: Collection[bytes] = ()) -> list[str]:
    """Stage everything but repositories inside; return a sentence for each thing that was left out.

    A submodule that stands on another commit is staged as that commit, as git does. Nothing is said of what was `laid`
    there: it is not staged, and no longer where somebody else has done that, unless it is committed already.
    """
    nested = await find_nested(git)
    added = await git.run(
        *("add", "--all", "--ignore-errors", "--pathspec-from-file=-", "--pathspec-file-nul"),
        stdin=nested.pathspecs(laid),
        good=(0, 1),
        time_limit=LONG_LIMIT,
    )
    if laid:
        await _unstage(git, laid)
    left_out = [added.words] if added.code else []
    moved = []
    for path, known in nested.gitlinks.items():
        found = head_of(os.path.join(os.fsencode(git.directory), path))
        if found is not None and found != known and len(found) == len(known):
            moved.append(GITLINK + b" " + found.encode() + b"\t" + path)
    if moved:
        await git.run("update-index", "-z", "--index-info", stdin=b"\0".join(moved) + b"\0")
    return left_out + [_left_out(git, path) for path in nested.embedded]


async def _unstage(git: Git, laid: Collection[bytes]) -> None:
    command = ("diff", "--cached", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--ignore-submodules=dirty")
    added = (await git.run(*command, "--diff-filter=A", "HEAD", "--", time_limit=LONG_LIMIT)).stdout.split(b"\0")
    unwanted = sorted(set(added).intersection(laid))
    if unwanted:
        await git.run("update-index", "--force-remove", "-z", "--stdin", stdin=b"\0".join(unwanted) + b"\0")


def _left_out(git: Git, path: bytes) -> str:
    head = head_of(os.path.join(os.fsencode(git.directory), path))
    stands = f", at {head[:12]}" if head is not None else ""
    return f"{shown(path)}: a repository inside the worktree{stands}; nothing of it is recorded"


def git_dir_of(directory: bytes) -> str | None:
    """Return the git directory of the repository whose checkout this is; None where there is none to be seen."""
    path = os.path.join(os.fsdecode(directory), ".git")
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return None
    if stat.S_ISDIR(mode):
        return path
    content = _read(path) if stat.S_ISREG(mode) else None
    if content is None or not content.startswith("gitdir: "):
        return None
    return os.path.normpath(os.path.join(os.path.dirname(path), content.removeprefix("gitdir: ").rstrip("\n")))


def head_of(directory: bytes) -> str | None:
    """Return the commit that a repository inside stands on, read from its own files; None where that cannot be told."""
    git_dir = git_dir_of(directory)
    return head_in(git_dir) if git_dir is not None else None


def head_in(git_dir: str) -> str | None:
    """Return the commit that HEAD of a git directory names, read from its files; None where that cannot be told."""
    head = (_read(os.path.join(git_dir, "HEAD")) or "").strip()
    if head.startswith("ref: "):
        return refs_of(git_dir).get(head.removeprefix("ref: ").strip())
    return head if _OBJECT.fullmatch(head) else None


def refs_of(git_dir: str) -> dict[str, str]:
    """Return the refs of a git directory, by its own files: the packed ones, and over them the loose ones."""
    found: dict[str, str] = {}
    for line in (_read(os.path.join(git_dir, "packed-refs")) or "").split("\n"):
        commit, _, name = line.partition(" ")
        if _OBJECT.fullmatch(commit) and _REF.fullmatch(name):
            found[name] = commit
    for above, below, files in os.walk(os.path.join(git_dir, "refs")):
        below[:] = [name for name in below if not os.path.islink(os.path.join(above, name))]
        for file in files:
            path = os.path.join(above, file)
            name, content = os.path.relpath(path, git_dir), (_read(path) or "").strip()
            if _OBJECT.fullmatch(content) and _REF.fullmatch(name):
                found[name] = content
    return found


def _read(path: str) -> str | None:
    content = read_plain(path)
    return None if content is None else os.fsdecode(content)


def _is_directory(top: str, path: bytes) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(os.path.join(os.fsencode(top), path)).st_mode)
    except OSError:
        return False
