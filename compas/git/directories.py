"""Looks at and changes directories without ever taking away one that has content."""

import os


def same_place(one: str, other: str) -> bool:
    """Say whether two paths lead to the same place, links resolved."""
    return os.path.realpath(one) == os.path.realpath(other)


def lexists(path: str | bytes) -> bool:
    """Say whether anything is at `path`, be it a broken link."""
    return os.path.lexists(path)


def is_directory(path: str) -> bool:
    """Say whether a directory is at `path`."""
    return os.path.isdir(path)


def is_link(path: str) -> bool:
    """Say whether a link is at `path`."""
    return os.path.islink(path)


def is_real(path: str) -> bool:
    """Say whether no part of an absolute path is a link."""
    return os.path.realpath(path) == path


def has_git_file(path: str) -> bool:
    """Say whether a directory is linked to a repository."""
    return os.path.isfile(os.path.join(path, ".git"))


def is_vacant(path: str) -> bool:
    """Say whether nothing is at `path`, or only an empty directory."""
    return not os.path.lexists(path) or _is_empty_directory(path)


def vacate(path: str) -> bool:
    """Remove `path` if it is an empty directory; say whether nothing is there now."""
    if _is_empty_directory(path):
        os.rmdir(path)
    return not os.path.lexists(path)


def clear_unused(path: str) -> None:
    """Take away the link of a worktree that git was killed at before it wrote any file into it."""
    if os.path.isdir(path) and os.listdir(path) == [".git"]:
        unlink(os.path.join(path, ".git"))


def unlink(path: str) -> None:
    """Remove a file if it is there."""
    if os.path.lexists(path):
        os.unlink(path)


def make_parent(path: str) -> None:
    """Make the directory that will hold `path`."""
    os.makedirs(os.path.dirname(path), exist_ok=True)


def _is_empty_directory(path: str) -> bool:
    return os.path.isdir(path) and not os.path.islink(path) and not os.listdir(path)
