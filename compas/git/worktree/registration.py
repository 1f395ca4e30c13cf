"""Remembers, in the repository's own directory, which worktree belongs to which thread, before and after it is made."""

import contextlib
import os
from typing import Final

import msgspec

from compas.git.naming import checked_id
from compas.git.plain_files import read_plain, replace_plain
from compas.git.protocol.thread_worktree import Owner

_DIRECTORY: Final = os.path.join("compas", "worktrees")


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """What tells a directory of ours from another that was put in its place.

    The inode stays for as long as the directory does; the device has the same number only while the machine is up.
    `link` is the content of its `.git` file, `git_dir` the git directory that this names.
    """

    inode: int
    device: int
    boot: str
    link: str
    git_dir: str


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """A worktree of ours; not `ready` means that nobody was ever told of it.

    `instance` names this very directory. `reading` is the commit that a detached worktree is for, empty for one with a
    branch. `pooled` says that it was made in advance and is being moved here. `base` is the commit where the branch
    began. `owner` is the state directory it was made for. `mark` is how it is known again; older versions of compas
    wrote none of the last three.
    """

    thread: str
    path: str
    ready: bool
    instance: str = ""
    reading: str = ""
    pooled: bool = False
    base: str = ""
    owner: Owner = Owner()
    mark: Mark | None = None


def read_registration(common_dir: str, thread: str) -> Registration | None:
    """Return what is remembered of a thread's worktree; None when nothing readable is."""
    content = read_plain(_path(common_dir, thread))
    try:
        return None if content is None else msgspec.json.decode(content, type=Registration)
    except msgspec.DecodeError:
        return None  # unreadable proves nothing, and without proof nothing is touched


def read_all_registrations(common_dir: str) -> list[Registration]:
    """Return what is remembered of every thread's worktree."""
    found = []
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir(os.path.join(common_dir, _DIRECTORY)):
            if name.endswith(".json"):
                one = read_registration(common_dir, name.removesuffix(".json"))
                found += [] if one is None else [one]
    return found


def write_registration(common_dir: str, registration: Registration) -> None:
    """Replace what is remembered; on the disk before this returns."""
    replace_plain(_path(common_dir, registration.thread), msgspec.json.encode(registration))


def forget_registration(common_dir: str, thread: str) -> None:
    """Remember nothing of this thread's worktree any more."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(_path(common_dir, thread))


def _path(common_dir: str, thread: str) -> str:
    return os.path.join(common_dir, _DIRECTORY, f"{checked_id('thread id', thread)}.json")
