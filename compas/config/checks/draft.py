"""What a check looks at and what it answers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from compas.backends.profiles import BY_NAME
from compas.config.defaults import MergedAgent
from compas.config.findings import KeyPath
from compas.config.schema.file import ConfigFile
from compas.domain.specs import SCRIPTED_BACKEND


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A file that has been read, merged and resolved, but not checked.

    A value that could not be read is its default here, an alias that could not be read is empty.
    `known_files` are prompt files that an earlier load has found: one that vanished does not stop a reload.
    """

    file: ConfigFile
    agents: tuple[MergedAgent, ...]
    state_dir: str
    state_dir_is_override: bool
    known_files: frozenset[str]
    has_relative_paths: bool = False

    @property
    def aliases(self) -> tuple[str, ...]:
        """The aliases of all agents, in the order of the file."""
        return tuple(agent.entry.alias for agent in self.agents)

    @property
    def working(self) -> tuple[MergedAgent, ...]:
        """The agents that can be started."""
        return tuple(agent for agent in self.agents if agent.entry.role == "worker")

    @property
    def reads(self) -> tuple[str, ...]:
        """The files and directories that have to be there for the file to load."""
        named = [self.file.default_workdir]
        named += [path for agent in self.agents for path in (agent.entry.prompt_file, agent.entry.script) if path]
        return tuple(dict.fromkeys(path for path in named if path))

    @property
    def concurrency(self) -> int:
        """How many executions run at once: what the file says, else one per agent that can be started."""
        return self.file.orchestration.max_concurrent_triggers or max(1, len(self.working))

    @property
    def backends(self) -> tuple[str, ...]:
        """The names that an agent's `backend` may have."""
        return (*BY_NAME, SCRIPTED_BACKEND, *(each.name for each in self.file.backend_definitions))


@dataclass(frozen=True, slots=True)
class Problem:
    """One answer of a check: a sentence about a place; `fatal` keeps the file from loading."""

    path: KeyPath
    sentence: str
    fatal: bool


Check = Callable[[Draft], Iterator[Problem]]


def error(path: KeyPath, sentence: str) -> Problem:
    """Say why the file cannot be used."""
    return Problem(path, sentence, fatal=True)


def warning(path: KeyPath, sentence: str) -> Problem:
    """Say what its author should know although the file loads."""
    return Problem(path, sentence, fatal=False)
