"""The answers that are kept for clients that repeat a request."""

from functools import partial
from typing import Final

from compas.domain.retention import ANSWERS_KEPT_SECS, Gathered, GatheredKind
from compas.orchestrator.services import Services
from compas.store.kept_answers import count_answers, oldest_answer

AT_ONCE: Final = 200
"""How many are forgotten in one transaction: commands wait for no more than that."""


class KeptAnswers:
    """A request is answered as the first time for two days; nobody repeats one for that long."""

    kind: GatheredKind = "kept answers"

    def __init__(self, services: Services) -> None:
        self._services = services

    async def gathered(self) -> Gathered:
        """Count them. Raises StoreUnavailable."""
        found = await self._services.store.query(partial(count_answers, before=self._before()))
        return Gathered(
            kind=self.kind,
            there=found.count,
            due=found.old,
            due_bytes=found.old_bytes,
            keep_secs=ANSWERS_KEPT_SECS,
        )

    async def prune(self) -> tuple[int, float, str]:
        """Forget what is due; return how many, when the next ones are (UTC seconds), and nothing.

        Cancelling leaves the rest for the next time. Raises StoreUnavailable and EpochLost.
        """
        removed, before = 0, self._before()
        while (forgotten := await self._services.store.forget_answers(before, AT_ONCE)) > 0:
            removed += forgotten
        oldest = await self._services.store.query(oldest_answer)
        return removed, float("inf") if oldest is None else oldest + ANSWERS_KEPT_SECS, ""

    def _before(self) -> float:
        return self._services.clock() - ANSWERS_KEPT_SECS
