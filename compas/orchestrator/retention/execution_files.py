"""The files of executions that are over and whose log is not promised any more."""

from functools import partial
from typing import Final

from compas.domain.retention import Gathered, GatheredKind, records_to_remove
from compas.failpoints import hit
from compas.orchestrator.services import Services
from compas.store.projections.retention import standings

AT_ONCE: Final = 100
"""How many directories one thread removes before it can be told to stop."""


class ExecutionFiles:
    """Their ends are in the log before they are looked at, so that removing them loses nothing that anybody reads."""

    kind: GatheredKind = "execution files"

    def __init__(self, services: Services) -> None:
        self._services = services

    async def gathered(self) -> Gathered:
        """Count them. Raises StoreUnavailable."""
        there, due, _ = await self._due()
        size = await self._services.runners.size_of(due)
        keep = self._services.config.retention.executions
        return Gathered(kind=self.kind, there=there, due=len(due), due_bytes=size, keep_secs=keep)

    async def prune(self) -> tuple[int, float, str]:
        """Remove what is due; return how many, when the next ones are (UTC seconds), and what stays in the way.

        Cancelling leaves the rest for the next time. Raises StoreUnavailable.
        """
        _, due, following = await self._due()
        removed = 0
        for names in _batches(due):
            removed += len(await self._services.runners.remove_records(names))
            hit("retention.files_removed")
        left = len(due) - removed
        return removed, following, f"{left} are held by a process, or cannot be removed" if left else ""

    async def _due(self) -> tuple[int, tuple[str, ...], float]:
        has_log = await self._services.runners.records()
        without = tuple(name for name, is_there in has_log.items() if not is_there)
        known = await self._services.store.query(partial(standings, executions=without))
        now, keep = self._services.clock(), self._services.config.retention.executions
        return (len(has_log), *records_to_remove(has_log, known, keep, now))


def _batches(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [names[begin : begin + AT_ONCE] for begin in range(0, len(names), AT_ONCE)]
