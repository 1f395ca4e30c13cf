"""The only way to a git in an agent's worktree: what stands there decides nothing about which repository it is."""

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from compas.git.command import Git, Named
from compas.git.errors import GitRefused
from compas.git.protocol.thread_worktree import ThreadWorktree
from compas.git.worktree.link import (
    NothingThereError,
    NotLinkedError,
    open_directory,
    read_link,
    refuse_linked_branch,
)
from compas.git.worktree.owner import check_owner
from compas.git.worktree.registration import Mark, Registration, read_registration, write_registration

log = logging.getLogger("compas.git")

_BOOT_ID: Final = "/proc/sys/kernel/random/boot_id"


@dataclass(frozen=True, slots=True)
class Opened:
    """A worktree that is the one we made: git in it, its directories, and what is registered of it."""

    git: Git
    path: str
    git_dir: str
    common_dir: str
    registration: Registration


@contextlib.contextmanager
def open_worktree(common_dir: str, of: ThreadWorktree, git: Git | None = None) -> Iterator[Opened]:
    """Yield the worktree of a thread, checked; `git` may carry locks and options for its commands.

    Git is told the git directory, and starts in the opened directory, so that a path that leads elsewhere a moment
    later changes nothing. A registration of an older version is completed once all else is found in order.
    Raises GitRefused: `worktree_missing` where nothing is there, `worktree_replaced` for anything but what was made,
    `worktree_of_another` for one of another state directory. Nothing was touched then (docs/decisions/0021).
    """
    registered = read_registration(common_dir, of.thread)
    if registered is None and not os.path.lexists(of.path):
        raise _missing(of, f"there is nothing at {of.path}")
    if registered is None:
        raise _replaced(of, f"compas has no record of it in {common_dir}")
    if of.path and registered.path != of.path:
        raise _replaced(of, f"the record in {common_dir} says that it is {registered.path}")
    check_owner(registered, of.owner)
    with open_registered(common_dir, registered, git) as opened:
        owned = replace(opened.registration, owner=of.owner if of.owner.name else registered.owner)
        if owned != registered:
            write_registration(common_dir, owned)
        yield Opened(opened.git, opened.path, opened.git_dir, common_dir, owned)


@contextlib.contextmanager
def open_registered(common_dir: str, registered: Registration, git: Git | None = None) -> Iterator[Opened]:
    """Yield a worktree by what is registered of it, with its mark; without one, by its links alone."""
    path = registered.path
    of = ThreadWorktree(repo=common_dir, thread=registered.thread, path=path)
    if os.path.basename(path) != registered.thread:
        raise _replaced(of, f"the record in {common_dir} says that it is {path}")
    with _in_words(of):
        descriptor = open_directory(path)
    try:
        with _in_words(of):
            link = read_link(descriptor, path, common_dir)
            if not registered.reading:
                refuse_linked_branch(common_dir, ("compas", registered.thread))
            found = os.fstat(descriptor)
            mark = Mark(inode=found.st_ino, device=found.st_dev, boot=_boot(), link=link.content, git_dir=link.git_dir)
            if registered.mark is not None:
                _compare(registered.mark, mark, path)
        named = Named(git_dir=link.git_dir, common_dir=common_dir, descriptor=descriptor)
        there = (git or Git(path)).naming(path, named)
        yield Opened(there, path, link.git_dir, common_dir, replace(registered, mark=mark))
    finally:
        os.close(descriptor)


def is_standing(common_dir: str, registered: Registration | None) -> bool:
    """Say whether a worktree of which somebody was told is there, as it was made; False where nothing is.

    Raises GitRefused `worktree_replaced`.
    """
    if registered is None or not registered.ready:
        return False
    try:
        with open_registered(common_dir, registered):
            return True
    except GitRefused as refused:
        if refused.code != "worktree_missing":
            raise
        return False


def _compare(made: Mark, found: Mark, path: str) -> None:
    is_same_boot = bool(made.boot) and made.boot == found.boot
    if made.inode != found.inode or (is_same_boot and made.device != found.device):
        raise NotLinkedError(f"{path} is another directory than the one that was made (inode {made.inode} then)")
    if made.link != found.link:
        raise NotLinkedError(f"{path}/.git says {found.link.strip()!r}, not {made.link.strip()!r} as it did")


@contextlib.contextmanager
def _in_words(of: ThreadWorktree) -> Iterator[None]:
    try:
        yield
    except NothingThereError as nothing:
        raise _missing(of, str(nothing)) from nothing
    except NotLinkedError as found:
        raise _replaced(of, str(found)) from found


def _missing(of: ThreadWorktree, found: str) -> GitRefused:
    message = f"the worktree of thread {of.thread} is gone: {found}; the next execution makes it again"
    return GitRefused("worktree_missing", message)


def _replaced(of: ThreadWorktree, found: str) -> GitRefused:
    message = (
        f"the worktree {of.path} of thread {of.thread} is not as compas made it, so nothing was touched: {found}. "
        "The operator should look at what is there: put back what was there, or move it away, and the next execution "
        "makes the worktree again from its branch"
    )
    log.error("%s", message, extra={"action": "worktree_replaced"})
    return GitRefused("worktree_replaced", message, {"found": found})


def _boot() -> str:
    """Return the name of this run of the machine; empty where nothing says it, and the device is not compared then."""
    if not sys.platform.startswith("linux"):
        return ""
    with open(_BOOT_ID, encoding="ascii") as file:
        return file.read().strip()
