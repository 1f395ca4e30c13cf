"""Finds out in which repositories the config's directories, an agent's, and the caller's are."""

import os.path
from collections.abc import Mapping
from dataclasses import dataclass

import trio

from compas.config.config import Config
from compas.domain.specs import AgentSpec
from compas.domain.which_repository import Listed, Surroundings
from compas.git.errors import GitError
from compas.git.protocol.reading import Locate, Place
from compas.orchestrator.services import Services

LOOK_SECS = 2.0
"""How long git's worker may take to say where directories are; nobody waits longer for it."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What directories are in, each by its path; `in_config` are the repositories that the config names at all."""

    places: Mapping[str, Place | None]
    listed: tuple[Listed, ...]
    default: str | None
    in_config: frozenset[str]

    def repository(self, path: str | None) -> str | None:
        """Return the repository that a directory is in; None where it is in none."""
        place = self.places.get(path or "")
        return None if place is None else place.repository

    def root(self, path: str) -> str:
        """Return the repository that a directory is in, or the path itself, as for a repository that is gone."""
        return self.repository(path) or path

    def around(self, agent: AgentSpec | None, *, stands_in: str | None, works_in: str | None = None) -> Surroundings:
        """Return what the choice of a repository looks at."""
        has_own = agent is not None and agent.has_own_workdir
        return Surroundings(
            listed=self.listed,
            default=self.default,
            has_own=has_own,
            agents_own=self.repository(agent.workdir) if agent is not None and has_own else None,
            stands_in=self.repository(stands_in),
            works_in=None if works_in is None else self.root(works_in),
        )

    @property
    def has_several(self) -> bool:
        """Whether more than one repository is listed."""
        return len({one.path for one in self.listed}) > 1


async def survey(services: Services, *paths: str | None) -> Survey | None:
    """Look where these directories are, and those of the config; None when git's worker does not say so in time."""
    config = services.config
    named = directories(config)
    asked = tuple(dict.fromkeys(path for path in (*named, *paths) if path))
    with trio.move_on_after(LOOK_SECS):
        try:
            found = (await services.git.ask(Locate(paths=asked))).places
        except GitError:
            return None
        return _survey(config, named, dict(zip(asked, found, strict=True)))
    return None


def directories(config: Config) -> tuple[str, ...]:
    """Return the directories of repositories that the config names, for whatever purpose."""
    return (
        config.default_workdir,
        *(one.path for one in config.repositories),
        *(agent.workdir for agent in config.agents.values()),
        *(one.repository for one in config.schedules.values() if one.repository is not None),
    )


def lists_several(config: Config) -> bool:
    """Say whether the config lists more than one repository, as far as its text tells."""
    return len(listed_paths(config)) > 1


def listed_paths(config: Config) -> tuple[str, ...]:
    """Return the repositories that the config lists, as far as its text tells, `default_workdir` among them."""
    default = os.path.normpath(config.default_workdir)
    listed = dict.fromkeys(os.path.normpath(one.path) for one in config.repositories)
    is_in_one = any(default == one or default.startswith(f"{one}/") for one in listed)
    return tuple(listed) if is_in_one else (default, *listed)


async def is_in_config(services: Services, repository: str) -> bool:
    """Say whether the config names a repository. While git's worker is silent, it is taken to be there."""
    if repository in directories(services.config):
        return True
    found = await survey(services, repository)
    return found is None or found.root(repository) in found.in_config


def _survey(config: Config, named: tuple[str, ...], places: dict[str, Place | None]) -> Survey:
    def root(path: str) -> str:
        place = places[path]
        return path if place is None else place.repository

    default = places[config.default_workdir]
    listed = tuple(Listed(path=root(one.path), spelt=one.path) for one in config.repositories)
    first = () if default is None else (Listed(path=default.repository, spelt=config.default_workdir),)
    unique = {one.path: one for one in (*first, *listed)}
    return Survey(
        places=places,
        listed=tuple(unique.values()),
        default=None if default is None else default.repository,
        in_config=frozenset(root(path) for path in named),
    )
