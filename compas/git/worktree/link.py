"""How a worktree and its git directory name each other, read without following a link and without git."""

import errno
import os
import stat
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 8192
"""Bytes of a file that names a path; git writes far less."""
_PREFIX: Final = "gitdir: "


class NotLinkedError(Exception):
    """The two do not name each other. The text says what was found instead, for people."""


class NothingThereError(NotLinkedError):
    """There is nothing at the path of the worktree, or an empty directory."""


@dataclass(frozen=True, slots=True)
class Link:
    """What ties a worktree to its repository: the content of its `.git` file, and the git directory that it names."""

    content: str
    git_dir: str


def open_directory(path: str) -> int:
    """Open the directory of a worktree; the caller closes the descriptor.

    The two last parts of the path are of our making, so neither may be a link; what is above is the operator's.
    Raises NothingThereError, NotLinkedError.
    """
    root, name = os.path.split(path)
    above, root_name = os.path.split(root)
    descriptor = _open_part(above, None, above, os.O_DIRECTORY)
    for part, shown in ((root_name, root), (name, path)):
        try:
            below = _open_part(part, descriptor, shown, os.O_DIRECTORY | os.O_NOFOLLOW)
        finally:
            os.close(descriptor)
        descriptor = below
    return descriptor


def _open_part(part: str, at: int | None, shown: str, flags: int) -> int:
    try:
        return os.open(part, os.O_RDONLY | os.O_CLOEXEC | flags, dir_fd=at)
    except FileNotFoundError as error:
        raise NothingThereError(f"there is nothing at {shown}") from error
    except OSError as error:
        if error.errno in (errno.ENOTDIR, errno.ELOOP):
            raise NotLinkedError(f"{shown} is {_kind(part, at)}, and no directory") from error
        raise NotLinkedError(f"{shown} cannot be opened ({error.strerror})") from error


def _kind(name: str, at: int | None) -> str:
    """Say what a name is, for people."""
    try:
        mode = os.lstat(name) if at is None else os.stat(name, dir_fd=at, follow_symlinks=False)
        if stat.S_ISLNK(mode.st_mode):
            return f"a link to {os.readlink(name, dir_fd=at)}"
    except OSError:
        return "something else now"
    if stat.S_ISDIR(mode.st_mode):
        return "a directory"
    return "a file" if stat.S_ISREG(mode.st_mode) else "a special file"


def read_link(descriptor: int, path: str, common_dir: str) -> Link:
    """Read the `.git` file of an opened worktree, and check that both sides name each other.

    Raises NotLinkedError, also for a git directory that is none of this repository's, or holds links.
    """
    with os.scandir(descriptor) as entries:
        if next(entries, None) is None:
            raise NothingThereError(f"{path} is empty")
    content = _read_file(".git", descriptor, f"{path}/.git")
    if not content.startswith(_PREFIX):
        raise NotLinkedError(f"{path}/.git names no git directory")
    named = os.path.normpath(os.path.join(path, content.removeprefix(_PREFIX).removesuffix("\n")))
    home = os.path.join(common_dir, "worktrees")
    if os.path.dirname(named) != home:
        raise NotLinkedError(f"{path}/.git says {content.strip()!r}, which is no git directory of a worktree of {home}")
    check_git_dir(named, common_dir, descriptor, path)
    return Link(content, named)


def check_git_dir(git_dir: str, common_dir: str, descriptor: int, path: str) -> None:
    """Check that a git directory is a real one, leads to the repository, and names the opened worktree as its own."""
    for directory in (os.path.dirname(git_dir), git_dir):
        if not _is_real_directory(directory):
            raise NotLinkedError(f"{directory} is {_kind(directory, None)}, and no directory")
    _refuse_links(git_dir)
    back = _read_file(os.path.join(git_dir, "gitdir"), None, f"{git_dir}/gitdir").removesuffix("\n")
    if not _names(os.path.join(git_dir, back), descriptor):
        raise NotLinkedError(f"{git_dir}/gitdir says {back!r}, which is not {path}/.git")
    common = _read_file(os.path.join(git_dir, "commondir"), None, f"{git_dir}/commondir").removesuffix("\n")
    if not _is_same(os.path.join(git_dir, common), common_dir):
        raise NotLinkedError(f"{git_dir}/commondir says {common!r}, which is not {common_dir}")


def _refuse_links(git_dir: str) -> None:
    """What git writes here it must not write elsewhere: an `index` or `HEAD` that is a link leads out of the worktree.

    Links among the files of `modules` are git's business: a submodule's git directory is never opened from here.
    """
    for directory in (git_dir, os.path.join(git_dir, "logs"), os.path.join(git_dir, "refs")):
        try:
            entries = list(os.scandir(directory))
        except (FileNotFoundError, NotADirectoryError):
            continue
        for entry in entries:
            if not (entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)):
                raise NotLinkedError(f"{entry.path} is {_kind(entry.path, None)}")


def _is_real_directory(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def _names(git_file: str, descriptor: int) -> bool:
    """Say whether a path is the `.git` of the opened worktree; links of the operator's may be on the way to it."""
    directory, name = os.path.split(git_file)
    try:
        return name == ".git" and os.path.samestat(os.stat(directory), os.fstat(descriptor))
    except OSError:
        return False


def _is_same(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


def _read_file(name: str, at: int | None, shown: str) -> str:
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=at)
    except FileNotFoundError as error:
        raise NotLinkedError(f"{shown} is not there") from error
    except OSError as error:
        found = _kind(name, at) if error.errno == errno.ELOOP else f"unreadable ({error.strerror})"
        raise NotLinkedError(f"{shown} is {found}") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NotLinkedError(f"{shown} is {_kind(name, at)}, and no file")
        content = os.read(descriptor, LONGEST)
    finally:
        os.close(descriptor)
    if b"\0" in content:
        raise NotLinkedError(f"{shown} holds no path")
    return os.fsdecode(content)


def refuse_linked_branch(common_dir: str, parts: Collection[str]) -> None:
    """Check that neither the file of a branch nor its log is a link: git would write through it.

    Raises NotLinkedError.
    """
    for above in (("refs", "heads"), ("logs", "refs", "heads")):
        path = common_dir
        for part in (*above, *parts):
            path = os.path.join(path, part)
            if os.path.islink(path):
                raise NotLinkedError(f"{path} is {_kind(path, None)}")
