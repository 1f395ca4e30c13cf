"""Checks that git is new enough, and that agents can start from and merge into the repositories of the config."""

import os
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from compas.config.config import Config
from compas.domain.remedies import to_make_repository
from compas.git.errors import GitError
from compas.git.look import OLDEST, OLDEST_FOR_FAST_MERGES, FoundRepository, git_version, has_commit, look, main_branch
from compas.setup.check import Check, failed, passed, warned

_IN_THE_WAY: Final = "compas"
"""The branches of threads stand below this name."""


def check_git(environ: Mapping[str, str]) -> Check:
    """Check git's version."""
    try:
        found = git_version(environ)
    except GitError as error:
        return failed("git", str(error), "install git 2.38 or later with your system's package manager")
    shown = ".".join(map(str, found))
    if found < OLDEST:
        return failed("git", f"{shown} is too old; compas needs {_number(OLDEST)}", "install git 2.38 or later")
    if found < OLDEST_FOR_FAST_MERGES:
        why = f"{shown} works; from {_number(OLDEST_FOR_FAST_MERGES)} on merges need no checkout and are faster"
        return warned("git", why, "install git 2.38 or later")
    return passed("git", shown)


def _number(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def check_repositories(config: Config, environ: Mapping[str, str]) -> Iterator[Check]:
    """Check each directory that agents work in, and each repository that is listed."""
    places: dict[str, bool] = {}
    workers = [agent for agent in config.agents.values() if agent.role == "worker"]
    for agent in workers:
        places[agent.workdir] = places.get(agent.workdir, False) or agent.workspace == "worktree"
    for place, needs_worktree in places.items():
        yield _check_repository(place, config, environ, needs_worktree=needs_worktree)
    known = {os.path.realpath(place) for place in places}
    for spec in config.repositories:
        if os.path.realpath(spec.path) not in known:
            needs_worktree = any(agent.workspace == "worktree" for agent in workers)
            yield _check_repository(spec.path, config, environ, needs_worktree=needs_worktree, is_listed=True)


def _check_repository(
    place: str, config: Config, environ: Mapping[str, str], *, needs_worktree: bool, is_listed: bool = False
) -> Check:
    key = "its path under repositories" if is_listed else "the workdir"
    if not os.path.isdir(place):
        return failed("repository", f"{place} is not a directory", f"make it, or correct {key} in {config.config_path}")
    try:
        found = look(Path(place), environ)
        if found is not None and is_listed and os.path.realpath(place) != os.path.realpath(found.path):
            why = f"{place} is in the repository {found.path}, and what is set for it does not count"
            return warned("repository", why, f"write {found.path} under repositories in {config.config_path}")
        if found is not None:
            return _check_base(found, config, environ, needs_worktree=needs_worktree)
    except GitError as error:
        return failed("repository", f"{place} cannot be read: {error}")
    if needs_worktree:
        why = f"{place} is not in a git repository, and agents with `workspace: worktree` need one"
        return failed("repository", why, to_make_repository(place))
    return warned("repository", f"{place} is not in a git repository: agents share it, and nothing can be merged")


def _check_base(found: FoundRepository, config: Config, environ: Mapping[str, str], *, needs_worktree: bool) -> Check:
    """Check that the branch is there that worktrees start from and work is merged into."""
    base, where = config.default_merge_target, "orchestration.default_merge_target"
    for spec in config.repositories:
        if os.path.realpath(spec.path) == os.path.realpath(found.path) and spec.base != base:
            base, where = spec.base, "its base under repositories"
    judge = failed if needs_worktree else warned
    quoted = shlex.quote(str(found.path))
    if has_commit(found.path, f"refs/heads/{_IN_THE_WAY}", environ):
        why = f"{found.path} has a branch called {_IN_THE_WAY}, beside which git can make none for any thread"
        return judge("repository", why, f"git -C {quoted} branch -m {_IN_THE_WAY} NEW-NAME")
    if has_commit(found.path, base, environ):
        return passed("repository", f"{found.path}, from {base}")
    if not found.has_commit:
        why = f"{found.path} has no commit yet, and worktrees start from one"
        return judge("repository", why, f"git -C {quoted} commit --allow-empty -m 'Begin.'")
    there = main_branch(found, environ)
    hint = f"set {where} in {config.config_path}" + (f" to {there}" if there else "")
    return judge("repository", f"{found.path} has no branch {base}, which worktrees start from", hint)
