"""Checks of files and directories; they look, and create nothing."""

import os
import stat
from collections.abc import Iterator

from compas.config.checks.draft import Draft, Problem, error, warning
from compas.config.findings import KeyPath
from compas.config.locate import STATE_DIR_VARIABLE


def default_workdir(draft: Draft) -> Iterator[Problem]:
    """The directory that agents work in is there."""
    path = draft.file.default_workdir
    if path and not os.path.isdir(path):
        found = "is not a directory" if os.path.exists(path) else "does not exist"
        yield error(("default_workdir",), f"{path} {found}")


def state_dir(draft: Draft) -> Iterator[Problem]:
    """The state directory can be made or used, and is the operator's alone (c-config 34)."""
    path, key = draft.state_dir, ("state_dir",)
    shown = f"{path} (from {STATE_DIR_VARIABLE})" if draft.state_dir_is_override else path
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return
    except OSError as failure:
        yield error(key, f"{shown} cannot be used: {failure.strerror}")
        return
    if not stat.S_ISDIR(mode):
        yield error(key, f"{shown} is not a directory")
    elif not os.access(path, os.W_OK | os.X_OK):
        yield error(key, f"{shown} is not writable for you")
    elif mode & 0o077:
        yield warning(key, f"{shown} is open to other users (mode {mode & 0o777:04o}); run: chmod 700 {path}")


def worktree_dir(draft: Draft) -> Iterator[Problem]:
    """Worktrees go into a directory."""
    path = draft.file.worktree_dir
    if path and os.path.exists(path) and not os.path.isdir(path):
        yield error(("worktree_dir",), f"{path} is not a directory")


def agent_workdirs(draft: Draft) -> Iterator[Problem]:
    """A missing workdir may appear before the agent is used (c-config 20)."""
    for agent in draft.agents:
        path = agent.entry.workdir
        if path and agent.entry.role == "worker" and not os.path.isdir(path):
            sentence = f"{path} is not a directory now; agent {agent.entry.alias!r} cannot be started"
            yield warning(agent.path("workdir"), sentence)


def agent_files(draft: Draft) -> Iterator[Problem]:
    """Prompt files and scripts can be read; one that vanished does not stop a reload (c-config 36)."""
    for agent in draft.agents:
        for name in ("prompt_file", "script"):
            path = getattr(agent.entry, name)
            if path and (found := _unreadable(path)):
                kind = warning if path in draft.known_files else error
                yield kind(agent.path(name), f"{path} {found}")


def repositories(draft: Draft) -> Iterator[Problem]:
    """Every repository is listed once."""
    seen: dict[str, int] = {}
    for index, repository in enumerate(draft.file.repositories):
        key: KeyPath = ("repositories", index, "path")
        if not repository.path:
            continue
        first = seen.setdefault(os.path.realpath(repository.path), index)
        if first != index:
            yield error(key, f"{repository.path} is repositories[{first}] already")
        elif not os.path.isdir(repository.path):
            yield warning(key, f"{repository.path} is not a directory now")


def _unreadable(path: str) -> str | None:
    if not os.path.exists(path):
        return "does not exist"
    if not os.path.isfile(path):
        return "is not a file"
    return None if os.access(path, os.R_OK) else "is not readable for you"
