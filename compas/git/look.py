"""Tells commands about a repository before there is a supervisor: blocking, read-only, and free of trio."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from compas.git.environment import SETTINGS, configuration, environment
from compas.git.errors import GitError, GitFailed, GitRefused, GitTimedOut

OLDEST: Final = (2, 31)
"""Older ones lack what compas calls."""
OLDEST_FOR_FAST_MERGES: Final = (2, 38)
"""From here on git merges without a checkout (design §6 rule 5)."""

_SECONDS: Final = 20.0
_NO_REPOSITORY: Final = "not a git repository"


class FoundRepository(msgspec.Struct, frozen=True, kw_only=True):
    """A repository as it is found: `path` is its main checkout, or the bare repository itself.

    `branch` is checked out there, None when no branch is. `has_commit` is false right after `git init`.
    """

    path: Path
    is_bare: bool
    branch: str | None
    has_commit: bool


def git_version(environ: Mapping[str, str]) -> tuple[int, ...]:
    """Return git's version, such as (2, 39, 5). Raises GitRefused `git_missing`, and GitFailed when it says none."""
    said = _git(Path("/"), environ, "--version")
    found = re.search(r"\d+(?:\.\d+)+", said)
    if found is None:
        raise GitFailed("--version", 0, said)
    return tuple(int(part) for part in found.group().split("."))


def look(directory: Path, environ: Mapping[str, str]) -> FoundRepository | None:
    """Return the repository that `directory` belongs to, None where there is none.

    A directory in a linked worktree belongs to the main checkout, which stays when the worktree goes.
    Raises GitRefused `git_missing` and `no_such_directory`, GitFailed (such as for a repository of another user, which
    git will not read), and GitTimedOut.
    """
    try:
        own = _git(directory, environ, "rev-parse", "--path-format=absolute", "--git-dir")
    except GitFailed as failure:
        if _NO_REPOSITORY in failure.output:
            return None
        raise
    shared = _git(directory, environ, "rev-parse", "--path-format=absolute", "--git-common-dir")
    top = _line(directory, environ, "rev-parse", "--show-toplevel")
    main = None if own == shared and top is not None else _main_checkout(directory, environ)
    path = Path(main or top or shared)
    is_bare = main is None and top is None
    branch = None if is_bare else _line(path, environ, "symbolic-ref", "--quiet", "--short", "HEAD")
    return FoundRepository(path=path, is_bare=is_bare, branch=branch, has_commit=has_commit(path, "HEAD", environ))


def _main_checkout(directory: Path, environ: Mapping[str, str]) -> str | None:
    """Return the checkout that the repository's linked worktrees hang on, None when it is bare."""
    first = _git(directory, environ, "worktree", "list", "--porcelain").partition("\n\n")[0].split("\n")
    return None if "bare" in first else first[0].removeprefix("worktree ")


def has_commit(repository: Path, name: str, environ: Mapping[str, str]) -> bool:
    """Tell whether `name` (a branch, tag or commit) leads to a commit. Raises GitError."""
    commit = f"{name}^{{commit}}"
    return _line(repository, environ, "rev-parse", "--verify", "--quiet", "--end-of-options", commit) is not None


def main_branch(found: FoundRepository, environ: Mapping[str, str]) -> str | None:
    """Return the branch that work is merged into here, None when nothing says which.

    It is the remote's default branch, else `main`, else `master`, each where it exists here, else the branch that is
    checked out. Raises GitError.
    """
    remote = _line(found.path, environ, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
    usual = [remote.removeprefix("origin/")] if remote else []
    for branch in (*usual, "main", "master"):
        if has_commit(found.path, f"refs/heads/{branch}", environ):
            return branch
    return found.branch


def _line(directory: Path, environ: Mapping[str, str], *arguments: str) -> str | None:
    """Return what git prints, None when it ends with 1 or 128, which here means that there is no such thing."""
    try:
        return _git(directory, environ, *arguments)
    except GitFailed as failure:
        if failure.code in (1, 128):
            return None
        raise


def _git(directory: Path, environ: Mapping[str, str], *arguments: str) -> str:
    name = " ".join(arguments[:2])
    try:
        process = subprocess.Popen(
            ["git", *arguments],
            cwd=directory,
            env={**environment(environ), **configuration(SETTINGS)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        raise _not_started(directory, error) from error
    try:
        out, err = process.communicate(timeout=_SECONDS)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.communicate()
        raise GitTimedOut(name, _SECONDS) from error
    if process.returncode:
        raise GitFailed(name, process.returncode, err.decode(errors="replace").strip())
    return os.fsdecode(out).removesuffix("\n")


def _not_started(directory: Path, error: OSError) -> GitError:
    if directory.is_dir() and os.access(directory, os.X_OK):
        return GitRefused("git_missing", "git was not found on PATH; install git 2.31 or later")
    return GitRefused("no_such_directory", f"{directory} cannot be entered ({error.strerror}); correct the path")
