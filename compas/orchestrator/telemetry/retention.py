"""Keeps telemetry as long as the config says, and no longer (design §4)."""

import logging
from typing import Final

import trio

from actors.actor import Actor
from actors.errors import BusClosed
from compas.orchestrator.messages.config import ConfigApplied
from compas.orchestrator.services import Services
from compas.orchestrator.wall_time import wait_until
from compas.store.errors import StoreUnavailable
from compas.store.telemetry import Telemetry

log = logging.getLogger("compas.telemetry")

APART_SECS: Final = 3600.0
"""How long it leaves things alone after a look: it need not follow every event to its age."""


class TelemetryRetention(Actor):
    """Looks at the start, when what is oldest has reached its age, and when that is another."""

    def __init__(self, services: Services, telemetry: Telemetry) -> None:
        self._services = services
        self._telemetry = telemetry
        self._changed = trio.Event()

    async def on_start(self) -> None:
        """Begin in the background."""
        self.context.start_soon(self._listen)
        self.context.start_soon(self._keep)

    async def receive(self, message: object) -> object:
        """Nobody says anything to it."""
        raise self.unexpected(message)

    async def _listen(self) -> None:
        async with self.context.bus.subscribe(lambda event: isinstance(event, ConfigApplied)) as subscription:
            try:
                while True:
                    await subscription.receive()
                    self._changed.set()
            except BusClosed:
                return

    async def _keep(self) -> None:
        while True:
            self._changed = trio.Event()
            due = await self._remove_what_is_due()
            await wait_until(due, self._services.clock, self._changed)

    async def _remove_what_is_due(self) -> float:
        """Remove what is too old; return when to look again, in UTC seconds."""
        now, keep_secs = self._services.clock(), self._services.config.retention.telemetry
        again = now + APART_SECS
        try:
            removed = await self._telemetry.prune(int((now - keep_secs) * 1000))
            oldest_ms = await self._telemetry.oldest()
        except StoreUnavailable as err:
            log.warning("old telemetry stays for now: %s", err, extra={"action": "telemetry_not_pruned"})
            return again
        if removed:
            log.info("%d old telemetry events were removed", removed, extra={"action": "telemetry_pruned"})
        oldest = now if oldest_ms is None else oldest_ms / 1000
        return max(oldest + keep_secs, again)
