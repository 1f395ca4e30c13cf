"""The keeper: takes away what nobody needs any more when its time has come, or when it is told to."""

import logging
from functools import partial
from typing import Protocol

import msgspec
import trio

from actors.actor import Actor
from actors.errors import BusClosed
from actors.ref import ActorRef
from actors.reply import Reply
from compas.domain import events as e
from compas.domain.retention import LEAST_APART_SECS, Gathered, GatheredKind
from compas.orchestrator.messages.config import ConfigApplied
from compas.orchestrator.messages.retention import Prune
from compas.orchestrator.retention.execution_files import ExecutionFiles
from compas.orchestrator.retention.kept_answers import KeptAnswers
from compas.orchestrator.retention.snapshot_refs import SnapshotRefs
from compas.orchestrator.services import JOURNAL, KEEPER, Services
from compas.orchestrator.wall_time import wait_until
from compas.store.errors import StoreUnavailable

log = logging.getLogger("compas.keeper")

_MAKES_OLD_THINGS = (e.ExecutionEnded, e.ExecutionStopped, e.ExecutionCancelled, e.LogsRemoved, e.WorktreeRemoved)


class Kept(Protocol):
    """One kind of things that gather."""

    kind: GatheredKind

    async def gathered(self) -> Gathered:
        """Count them. Raises StoreUnavailable."""
        ...

    async def prune(self) -> tuple[int, float, str]:
        """Remove what is due; return how many, when the next are due (UTC seconds), and what stays in the way."""
        ...


class Keeper(Actor):
    """Looks at the start, when something is due but at most once an hour, and when the times in the config change.

    Everything it does is bounded and may be ended in the middle: what is left then is found again.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._changed = trio.Event()
        self._stirred = trio.Event()
        self._lock = trio.Lock()
        self._kinds: tuple[Kept, ...] = ()

    async def on_start(self) -> None:
        """Begin in the background."""
        self._kinds = (
            ExecutionFiles(self._services),
            SnapshotRefs(self._services, self._journal),
            KeptAnswers(self._services),
        )
        self.context.registry.register(KEEPER, self.context.ref)
        self.context.start_soon(self._listen)
        self.context.start_soon(self._keep)

    async def receive(self, message: object) -> object:
        """Take the word of an operator; the answer comes when it is carried out."""
        match message:
            case Prune(does_remove=does_remove):
                self.context.start_soon(partial(self._answer, self.context.defer(), does_remove=does_remove))
                return None
            case _:
                raise self.unexpected(message)

    async def _journal(self) -> ActorRef:
        return await self.context.registry.wait_registered(JOURNAL)

    async def _listen(self) -> None:
        async with self.context.bus.subscribe(_concerns_us) as subscription:
            try:
                while True:
                    item = await subscription.receive()
                    if isinstance(item, ConfigApplied):
                        self._changed.set()
                    self._stirred.set()
            except BusClosed:
                return

    async def _keep(self) -> None:
        while True:
            self._changed, self._stirred = trio.Event(), trio.Event()
            due, clock = await self._prune_all(), self._services.clock
            await wait_until(clock() + LEAST_APART_SECS, clock, self._changed)
            await wait_until(due, clock, self._stirred)
            if not self._changed.is_set() and clock() < due:
                # Something has begun to age that may be due before what was there.
                retention = self._services.config.retention
                await wait_until(
                    min(due, clock() + min(retention.executions, retention.snapshots)), clock, self._changed
                )

    async def _prune_all(self) -> float:
        """Remove what is due of every kind; return when the next is due, in UTC seconds."""
        following = float("inf")
        for kept in self._kinds:
            try:
                async with self._lock:
                    removed, due, trouble = await kept.prune()
            except StoreUnavailable as err:
                removed, due, trouble = 0, self._services.clock() + LEAST_APART_SECS, str(err)
            following = min(following, due)
            if removed:
                log.info("%d %s were removed", removed, kept.kind, extra={"action": "pruned"})
            if trouble:
                log.warning("some %s stay for now: %s", kept.kind, trouble, extra={"action": "not_pruned"})
        return following

    async def _answer(self, reply: Reply, *, does_remove: bool) -> None:
        found = []
        try:
            for kept in self._kinds:
                async with self._lock:
                    gathered = await kept.gathered()
                    if does_remove:
                        removed, _, trouble = await kept.prune()
                        gathered = msgspec.structs.replace(gathered, removed=removed, trouble=trouble)
                found.append(gathered)
        except StoreUnavailable as err:
            reply.fail(err)
        else:
            reply.resolve(tuple(found))


def _concerns_us(event: object) -> bool:
    if isinstance(event, e.Recorded):
        return isinstance(event.event, _MAKES_OLD_THINGS)
    return isinstance(event, ConfigApplied)
