"""Keeps the newest logs of executions and removes older ones; nothing that is not a log is touched (a-core 52)."""

import logging
from collections.abc import Sequence
from functools import partial
from typing import Final

import trio

from actors.actor import Actor
from actors.bus import Published
from actors.errors import BusClosed
from compas.domain import events as e
from compas.domain.cleanup import logs_to_remove
from compas.failpoints import hit
from compas.orchestrator.messages.config import ConfigApplied
from compas.orchestrator.messages.journal import Commit
from compas.orchestrator.services import ASK_TIMEOUT_SECS, JOURNAL, Services
from compas.orchestrator.wall_time import wait_until
from compas.store.errors import StoreUnavailable
from compas.store.projections.execution_queries import unsettled_names
from compas.store.projections.retention import NAMES_AT_ONCE, logs_to_record
from compas.store.records import Append, NewEvent

log = logging.getLogger("compas.janitor")

AGAIN_SECS: Final = 60.0
"""After how long it tries again where the disk took nothing."""


class LogRetention(Actor):
    """Looks at the start, when an execution ends, when the oldest log has reached its age, and when that is another."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._changed = trio.Event()
        self._logs: dict[str, float] | None = None
        """The executions with a log, and when each ended; None: look for them."""

    async def on_start(self) -> None:
        """Begin in the background."""
        self.context.start_soon(self._listen)
        self.context.start_soon(self._keep)

    async def receive(self, message: object) -> object:
        """Nobody says anything to it."""
        raise self.unexpected(message)

    async def _listen(self) -> None:
        async with self.context.bus.subscribe(_concerns_logs) as subscription:
            try:
                while True:
                    self._note(await subscription.receive())
            except BusClosed:
                return

    def _note(self, item: object) -> None:
        recorded = item.event if isinstance(item, Published) else None
        ended = recorded.event if isinstance(recorded, e.Recorded) else None
        if isinstance(ended, e.ExecutionEnded | e.ExecutionStopped) and isinstance(recorded, e.Recorded):
            if self._logs is not None:
                self._logs[ended.execution] = recorded.at
        else:
            self._logs = None  # some events may have been missed
        self._changed.set()

    async def _keep(self) -> None:
        while True:
            self._changed = trio.Event()
            due = await self._remove_what_is_due()
            await wait_until(due, self._services.clock, self._changed)

    async def _remove_what_is_due(self) -> float:
        """Remove the logs beyond their number or their age; return when the next one is due, in UTC seconds."""
        in_use = await self._services.store.query(unsettled_names)
        if self._logs is None:
            self._logs = await self._services.runners.logs()
        retention, now = self._services.config.retention, self._services.clock()
        removed, due = logs_to_remove(self._logs, in_use, retention, now)
        if removed:
            try:
                await self._record(removed)
            except StoreUnavailable as err:
                log.warning("old logs stay for now: %s", err, extra={"action": "logs_not_removed"})
                return now + AGAIN_SECS
            hit("retention.logs_recorded")
            await self._services.runners.remove_logs(removed)
            for execution in removed:
                self._logs.pop(execution, None)
            log.info("%d logs of executions were removed", len(removed), extra={"action": "logs_removed"})
        return due

    async def _record(self, removed: Sequence[str]) -> None:
        """Say in the log which outputs go, before they do: `log` tells its readers when. A repeat says nothing more."""
        fresh = await self._services.store.query(partial(logs_to_record, executions=removed))
        journal = await self.context.registry.wait_registered(JOURNAL)
        for begin in range(0, len(fresh), NAMES_AT_ONCE):
            event = e.LogsRemoved(executions=fresh[begin : begin + NAMES_AT_ONCE])
            append = Append(events=(NewEvent(stream=e.RETENTION_STREAM, event=event, causation="retention"),))
            await journal.ask(Commit(append), timeout=ASK_TIMEOUT_SECS)


def _concerns_logs(event: object) -> bool:
    if isinstance(event, e.Recorded):
        return isinstance(event.event, e.ExecutionEnded | e.ExecutionStopped)
    return isinstance(event, ConfigApplied)
