"""The outbox: reads what has happened from the log, records who is to be told, and has them told (decision 0034)."""

import logging
from typing import Final

import trio

from actors.actor import Actor
from actors.errors import BusClosed
from actors.reply import Reply
from compas import failpoints
from compas.domain import events as e
from compas.domain.outbox.notices import kind_of
from compas.domain.outbox.payload import passes, payload
from compas.domain.outbox.points import TAGS, points_of, tag_of
from compas.domain.outbox.specs import NOTIFICATIONS, HookSpec, subscribers
from compas.orchestrator.messages.config import ConfigApplied
from compas.orchestrator.messages.journal import Commit
from compas.orchestrator.messages.outbox import FinishTelling
from compas.orchestrator.outbox.hook_runs import HookRuns
from compas.orchestrator.outbox.notifier import Notifier
from compas.orchestrator.outbox.subject import subject_of
from compas.orchestrator.outbox.units import Unit, Units
from compas.orchestrator.services import ASK_TIMEOUT_SECS, JOURNAL, OUTBOX, Services
from compas.orchestrator.stream import patiently
from compas.store.errors import StoreError
from compas.store.projections.outbox import Due, ledger
from compas.store.records import Append, NewEvent

log = logging.getLogger("compas.hooks")

AT_ONCE: Final = 4
"""Events whose hooks run at the same time."""
BATCH: Final = 50
_DEFECT: Final = {"action": "telling_defect"}
FAR: Final = 10_000
"""So many positions without anybody to be told are noted, so that the next supervisor need not look at them again."""


class Outbox(Actor):
    """Looks at every event that anybody may be told of, in the order of the log; then at nothing, until the next.

    First it records whom an event is told to, then they are told, then that they were: after a crash anywhere, those
    who may not have been told are told again. It only reads and records, so it is in nobody's way.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._units = Units()
        self._hooks = HookRuns(services, self._record)
        self._notifier = Notifier(services, self._record, self._progress)
        self._since: dict[str, int] = {}
        self._reached = 0
        self._noted = 0
        self._looked_to = 0
        self._look = trio.Event()
        self._progressed = trio.Event()

    async def on_start(self) -> None:
        """Go on where the log says that the last one was."""
        self.context.registry.register(OUTBOX, self.context.ref)
        self.context.start_soon(self._listen)
        self.context.start_soon(self._look_at_log)
        for _ in range(AT_ONCE):
            self.context.start_soon(self._tell_hooks)
        self.context.start_soon(self._notifier.run)

    async def receive(self, message: object) -> object:
        """Take word that the end is near."""
        match message:
            case FinishTelling():
                self.context.start_soon(self._finish, self.context.defer())
                return None
            case _:
                raise self.unexpected(message)

    # --- looking -----------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        """Only be woken: what has happened is read from the log, of which nothing is ever missed."""
        async with self.context.bus.subscribe(_may_be_told, capacity=1) as subscription:
            self._look.set()
            try:
                while True:
                    await subscription.receive()
                    self._look.set()
            except BusClosed:
                return

    async def _look_at_log(self) -> None:
        await self._resume()
        while True:
            self._look = trio.Event()
            head = await self._services.store.head()
            self._notifier.look_again()
            await self._meet_config()
            while self._since and await self._look_at_some():
                pass
            self._looked_to = head
            self._progress()
            await self._look.wait()

    async def _resume(self) -> None:
        found = await self._services.store.query(ledger)
        self._since, self._reached, self._noted = dict(found.since), found.reached, found.reached
        by_position: dict[int, list[Due]] = {}
        for due in found.due:
            by_position.setdefault(due.about, []).append(due)
        for position, dues in by_position.items():
            (recorded,) = await self._services.store.read_all(position - 1, 1)
            await self._hand_over(recorded, tuple(due.subscriber for due in dues), is_again=True)

    async def _meet_config(self) -> None:
        """Record whom the config in force wants told, where that is not who was told up to now."""
        config = self._services.config
        wanted = subscribers(config.hooks, config.notifications)
        if set(wanted) == set(self._since):
            return
        after = await self._where_config_began()
        await self._record(e.SubscribersChanged(subscribers=wanted, after=after))
        if not self._since:
            self._reached = max(self._reached, after)
        self._since = {name: self._since.get(name, after) for name in wanted}

    async def _where_config_began(self) -> int:
        """Return the position after which the config in force holds.

        What a supervisor found when it started holds from its start on, so that its first event is told of too.
        """
        store = self._services.store
        newest = await store.read_newest({"config.loaded"}, stream=e.SUPERVISOR_STREAM)
        if not newest:
            return await store.head()
        (loaded,) = newest
        (before,) = await store.read_all(loaded.position - 2, 1) if loaded.position > 1 else (loaded,)
        return before.position - 1 if isinstance(before.event, e.SupervisorStarted) else loaded.position

    async def _look_at_some(self) -> bool:
        """Look at the next events; tell whether there were any."""
        batch = await self._services.store.read_kinds(TAGS, self._reached, BATCH)
        for recorded in batch:
            await self._units.wait_room()
            await self._meet_config()
            told = await self._told_without_fail(recorded)
            if told or recorded.position - self._noted >= FAR:
                await self._record(e.TellingDue(about=recorded.position, subscribers=told))
                self._noted = recorded.position
                failpoints.hit("outbox.due_recorded")
            self._reached = recorded.position
            await self._hand_over(recorded, told)
        return bool(batch)

    async def _told_without_fail(self, recorded: e.Recorded) -> tuple[str, ...]:
        """Decide who is told; a defect of ours at one event keeps nobody from being told of the next."""
        try:
            return await self._told(recorded)
        except StoreError:
            raise
        except Exception as err:
            log.error("nobody is told of event %d: %r", recorded.position, err, exc_info=err, extra=_DEFECT)
            return ()

    async def _told(self, recorded: e.Recorded) -> tuple[str, ...]:
        """Decide who is told of an event."""
        config, points = self._services.config, points_of(recorded.event)
        if isinstance(recorded.event, e.SupervisorStopping) and recorded.epoch != self._services.epoch:
            return ()
        hooks = [hook for hook in config.hooks if hook.point in points and self._hears(hook.subscriber, recorded)]
        notifies = self._hears(NOTIFICATIONS, recorded)
        if not hooks and not notifies:
            return ()
        subject = await subject_of(self._services.store, recorded)

        def wants(hook: HookSpec) -> bool:
            return passes(hook, payload(hook, recorded, subject))

        told = tuple(hook.subscriber for hook in hooks if wants(hook))
        is_notice = notifies and kind_of(recorded, subject, config.notifications) is not None
        return (*told, NOTIFICATIONS) if is_notice else told

    def _hears(self, subscriber: str, recorded: e.Recorded) -> bool:
        after = self._since.get(subscriber)
        return after is not None and recorded.position > after

    # --- telling -----------------------------------------------------------------------------------------------------

    async def _hand_over(self, recorded: e.Recorded, told: tuple[str, ...], *, is_again: bool = False) -> None:
        hooks = tuple(name for name in told if name != NOTIFICATIONS)
        if hooks:
            await self._units.add(Unit(recorded, hooks, recorded.stream, is_again))
        if NOTIFICATIONS in told:
            self._notifier.hold(recorded)

    async def _tell_hooks(self) -> None:
        while True:
            unit = await self._units.take()
            await self._hooks.tell(unit)
            await self._units.done(unit)
            self._progress()

    async def _record(self, event: e.OutboxEvent) -> None:
        """Commit; while the disk takes nothing, wait until it does, which holds up nobody else."""
        append = Append(events=(NewEvent(stream=e.OUTBOX_STREAM, event=event),))

        async def commit() -> None:
            journal = await self.context.registry.wait_registered(JOURNAL)
            await journal.ask(Commit(append), timeout=ASK_TIMEOUT_SECS)

        await patiently(lambda: self.context.registry.wait_registered(JOURNAL), commit)

    # --- the end -----------------------------------------------------------------------------------------------------

    async def _finish(self, reply: Reply) -> None:
        head = await self._services.store.head()
        self._notifier.hurry()
        self._look.set()
        while self._looked_to < head or not (self._units.is_idle and self._notifier.is_idle):
            await self._progressed.wait()
        reply.resolve(None)

    def _progress(self) -> None:
        self._progressed.set()
        self._progressed = trio.Event()


def _may_be_told(event: object) -> bool:
    if isinstance(event, e.Recorded):
        return tag_of(event.event) in TAGS
    return isinstance(event, ConfigApplied)
