"""The janitor: removes the worktrees of threads that have ended when their time has come, or when it is told to."""

import logging
from functools import partial

import trio

from actors.actor import Actor
from actors.bus import Subscription
from actors.errors import BusClosed
from actors.reply import Reply
from compas.api.advice import in_commands
from compas.domain import events as e
from compas.domain.advice import advise, say
from compas.domain.cleanup import CLEANUP, Kept, due_at, keep
from compas.domain.decision import Refusal
from compas.orchestrator.messages.config import ConfigApplied
from compas.orchestrator.messages.worktree import DescribeKept, RemoveTree
from compas.orchestrator.services import JANITOR, Services
from compas.orchestrator.wall_time import wait_until
from compas.orchestrator.worktrees.removal import Outcome, Removal
from compas.orchestrator.worktrees.which_repository import which_repository
from compas.store.projections.worktrees import Ended, ended_worktrees, worktrees_of_thread

log = logging.getLogger("compas.janitor")

Place = tuple[str, str]
"""A thread and a repository."""

_MAY_FREE_A_WORKTREE = (
    e.ThreadClosed,
    e.ThreadAbandoned,
    e.ExecutionEnded,
    e.ExecutionCancelled,
    e.ExecutionStopped,
    e.MergeCompleted,
    e.MergeFailed,
    e.MergeCancelled,
)


class Janitor(Actor):
    """Looks when a thread ends, when a retention is over or another, and never in between.

    Which worktrees there are it reads from the log's own tables, so that it begins after a crash where it was; a
    removal that was begun is finished first. What it had to leave, and until when, it knows in memory only.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._kept: dict[Place, Kept] = {}
        self._locks: dict[Place, trio.Lock] = {}
        self._changed = trio.Event()

    async def on_start(self) -> None:
        """Begin to listen, then to clean."""
        self.context.registry.register(JANITOR, self.context.ref)
        self.context.start_soon(self._listen)
        self.context.start_soon(self._clean)

    async def receive(self, message: object) -> object:
        """Take the word of an operator; the answer comes when it is carried out."""
        match message:
            case RemoveTree():
                self.context.start_soon(partial(self._remove_as_told, message, self.context.defer()))
                return None
            case DescribeKept():
                return dict(self._kept)
            case _:
                raise self.unexpected(message)

    # --- by itself ---------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        async with self.context.bus.subscribe(_may_free_a_worktree) as subscription:
            self._changed.set()  # something may have happened before the subscription
            await self._wake_at_each(subscription)

    async def _wake_at_each(self, subscription: Subscription) -> None:
        try:
            while True:
                item = await subscription.receive()
                thread = _thread_of(item)
                for place in [place for place in self._kept if place[0] == thread]:
                    del self._kept[place]  # something has happened in it: look again
                self._changed.set()
        except BusClosed:
            return

    async def _clean(self) -> None:
        while True:
            self._changed = trio.Event()
            due = await self._clean_what_is_due()
            await wait_until(due, self._services.clock, self._changed)

    async def _clean_what_is_due(self) -> float:
        """Remove what may go now; return when to look again."""
        found = await self._services.store.query(ended_worktrees)
        for place in set(self._kept) - {(row.thread, row.repository) for row in found}:
            del self._kept[place]
        again = float("inf")
        for row in sorted(found, key=lambda row: not row.removing):
            again = min(again, await self._clean_one(row))
        return again

    async def _clean_one(self, row: Ended) -> float:
        """Remove a worktree if it is time; return when to look at it again."""
        place = (row.thread, row.repository)
        earlier = self._kept.get(place)
        due = due_at(row.ended_at, self._services.config.retention.worktrees, earlier)
        if due > self._services.clock() and not (row.removing and earlier is None):
            return due
        outcome = await self._remove(place, by=CLEANUP, force=False, causation=CLEANUP)
        if isinstance(outcome, e.WorktreeRemoved):
            return float("inf")
        reason = in_commands(outcome.message) if isinstance(outcome, Refusal) else outcome.reason
        if earlier is None or earlier.reason != reason:
            found = f"the worktree of thread {row.thread} in {row.repository} stays: {reason}"
            log.info("%s", found, extra={"action": "worktree_stays"})
        self._kept[place] = kept = keep(earlier, reason, self._services.clock())
        return kept.again_at

    # --- by word of an operator -------------------------------------------------------------------------------------

    async def _remove_as_told(self, told: RemoveTree, reply: Reply) -> None:
        place = await self._place(told)
        if isinstance(place, Refusal):
            reply.resolve(place)
            return
        causation = f"request:{told.request_id.name}"
        outcome = await self._remove(place, by=told.by, force=told.force, causation=causation)
        if isinstance(outcome, e.WorktreeRemoved):
            self._kept.pop(place, None)
        reply.resolve(outcome)

    async def _place(self, told: RemoveTree) -> Place | Refusal:
        rows = await self._services.store.query(lambda reader: worktrees_of_thread(reader, told.thread))
        there = [row.repository for row in rows if row.path is not None]
        # One that is gone is answered as the first time, when it was asked for again.
        gone = [row.repository for row in rows if row.path is None and row.removed_at is not None]
        if not there and not gone:
            sentence = say(f"thread {told.thread!r} has no worktree; `", advise("worktrees"), "` lists those there are")
            return Refusal(code="no_worktree", message=sentence)
        known = there if there and told.repository is None else [*there, *gone]
        chosen = await which_repository(told.thread, known, told.repository)
        return chosen if isinstance(chosen, Refusal) else (told.thread, chosen)

    async def _remove(self, place: Place, *, by: str, force: bool, causation: str) -> Outcome | Refusal:
        lock = self._locks.setdefault(place, trio.Lock())
        try:
            async with lock:
                removal = Removal(self._services, self.context.registry, *place)
                return await removal.carry_out(by=by, force=force, causation=causation)
        finally:
            if not lock.locked():
                self._locks.pop(place, None)


def _may_free_a_worktree(event: object) -> bool:
    if isinstance(event, e.Recorded):
        return isinstance(event.event, _MAY_FREE_A_WORKTREE)
    return isinstance(event, ConfigApplied)


def _thread_of(item: object) -> str:
    event = getattr(item, "event", None)
    return event.stream.partition(":")[2] if isinstance(event, e.Recorded) else ""
