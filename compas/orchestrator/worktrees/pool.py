"""Keeps worktrees at the ready where the config wants that: from the start, and whenever one has been handed out."""

import logging

import trio
from msgspec import structs

from actors.actor import Actor
from actors.bus import Published
from actors.errors import BusClosed
from compas.domain import events as e
from compas.domain.specs import RepositorySpec
from compas.git.errors import GitError
from compas.git.protocol.worktrees import FillPool
from compas.orchestrator.messages.config import ConfigApplied
from compas.orchestrator.services import Services
from compas.orchestrator.worktrees.setup import repository_spec

log = logging.getLogger("compas.pool")


class PoolActor(Actor):
    """Fills one pool at a time, since all of them use the same disk. A pool is never more than its size."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._wanted: dict[str, RepositorySpec] = {}
        self._known: dict[str, RepositorySpec] = {}
        """Every repository that the config has had."""
        self._changed = trio.Event()

    async def on_start(self) -> None:
        """Begin with every repository of the config: one whose pool is not wanted any more is emptied."""
        self._want_what_the_config_says()
        self.context.start_soon(self._listen)
        self.context.start_soon(self._fill)

    async def receive(self, message: object) -> object:
        """Nobody says anything to it."""
        raise self.unexpected(message)

    async def _listen(self) -> None:
        async with self.context.bus.subscribe(_concerns_pools) as subscription:
            try:
                while True:
                    item = await subscription.receive()
                    self._note(item.event if isinstance(item, Published) else None)
            except BusClosed:
                return

    def _note(self, recorded: object) -> None:
        if isinstance(recorded, e.Recorded) and isinstance(recorded.event, e.WorktreeReady):
            found = repository_spec(self._services, recorded.event.repository)
            if found is not None and found.pool:
                self._want(found)
        else:
            self._want_what_the_config_says()

    def _want_what_the_config_says(self) -> None:
        listed = {spec.path: spec for spec in self._services.config.repositories}
        for path, spec in {**self._known, **listed}.items():
            self._want(spec if path in listed else structs.replace(spec, pool=0))

    def _want(self, spec: RepositorySpec) -> None:
        self._known[spec.path] = self._wanted[spec.path] = spec
        self._changed.set()

    async def _fill(self) -> None:
        while True:
            while self._wanted:
                path = next(iter(self._wanted))
                await self._fill_one(self._wanted.pop(path))
            self._changed = trio.Event()
            await self._changed.wait()

    async def _fill_one(self, spec: RepositorySpec) -> None:
        """Fill a pool; where that fails, threads make their worktrees themselves, and the next of them has it tried."""
        location = self._services.config.worktree_dir
        try:
            pool = await self._services.git.ask(
                FillPool(repo=spec.path, base=spec.base, size=spec.pool, location=location)
            )
        except GitError as err:
            log.warning("no worktree of %s is prepared: %s", spec.path, err, extra={"action": "pool_not_filled"})
            return
        for note in pool.notes:
            log.warning("the pool of %s: %s", spec.path, note, extra={"action": "pool_note"})


def _concerns_pools(event: object) -> bool:
    is_handed_out = isinstance(event, e.Recorded) and isinstance(event.event, e.WorktreeReady)
    return is_handed_out or isinstance(event, ConfigApplied)
