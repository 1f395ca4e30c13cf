"""Finds a name for a thread that nobody has named: none that a thread ever had, and none that a branch has."""

from collections.abc import Iterable, Iterator

import trio

from compas.domain.thread_naming import name_from, names
from compas.git.errors import GitError, GitRefused
from compas.git.protocol.reading import Resolve
from compas.orchestrator.executions.workspace import branch_of
from compas.orchestrator.services import Services
from compas.output.redact import Redactor
from compas.store.projections.threads import named_like

LOOK_SECS = 2.0
"""How long git may take to say whether a branch is there; nobody waits longer for a name."""
_UNIQUE_CHARACTERS = 8


async def free_names(services: Services, task: str, repository: str | None = None) -> "Names":
    """Return what a thread with this task may be called, best first; `repository` is the one that it is opened for."""
    config = services.config
    lines = task.splitlines()
    redacted = Redactor(config.redaction_patterns).lines(lines) if config.redact_secrets else lines
    name = name_from("\n".join(redacted))
    taken = await services.store.query(lambda reader: named_like(reader, name))
    own = (agent.workdir for agent in config.agents.values() if agent.workspace != "shared")
    places = dict.fromkeys(own if repository is None else (repository,))
    return Names(services, name, names(name, taken), places)


class Names:
    """Names for one thread, to be tried one after the other."""

    def __init__(self, services: Services, name: str, free: Iterator[str], places: Iterable[str]) -> None:
        """`places` are directories in the repositories that the thread may come to work in."""
        self._services = services
        self._name = name
        self._free = free
        self._places = tuple(places)

    async def next(self) -> str:
        """Return the next name that no branch has. Where git cannot say so, it is one that nobody can have taken."""
        with trio.move_on_after(LOOK_SECS):
            try:
                for name in self._free:
                    if not await self._has_branch(name):
                        return name
            except GitError:
                pass  # its worker is gone, or failed; the dispatch does not depend on it
        return f"{self._name}-{self._services.new_id()[-_UNIQUE_CHARACTERS:].lower()}"

    async def _has_branch(self, name: str) -> bool:
        for place in self._places:
            try:
                await self._services.git.ask(Resolve(repo=place, revision=f"refs/heads/{branch_of(name)}"))
            except GitRefused:
                continue  # there is no such branch, or no repository
            return True
        return False
