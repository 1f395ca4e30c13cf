"""The ports of worktrees: one actor leases them, so that no two worktrees of a state directory ever share one."""

import hashlib
import logging
from collections.abc import Iterator
from itertools import islice

from actors.actor import Actor
from actors.ref import ActorRef
from compas.domain import events as e
from compas.domain.decision import Draft, Refusal
from compas.domain.ports import FIRST, LAST, Leases, Owner, candidates, decide_lease, decide_release, evolve, missing
from compas.orchestrator.messages.worktree import LeasePorts, ReleasePorts
from compas.orchestrator.services import JOURNAL, PORTS, Services
from compas.orchestrator.stream import commit
from compas.store.errors import StoreUnavailable

log = logging.getLogger("compas.ports")


class Ports(Actor):
    """Leases are facts in the log, in a stream of their own, so they survive restarts; this is its only writer."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._leases = Leases()

    async def on_start(self) -> None:
        """Read who has which ports."""
        for recorded in await self._services.store.read_stream(e.PORTS_STREAM):
            self._leases = evolve(self._leases, recorded)
        self.context.registry.register(PORTS, self.context.ref)

    async def receive(self, message: object) -> object:
        """Lease or release. Fails with StoreUnavailable while the disk takes nothing; nothing has changed then."""
        try:
            match message:
                case LeasePorts():
                    return await self._lease((message.thread, message.repository), message.count)
                case ReleasePorts():
                    owner = (message.thread, message.repository)
                    await self._record(owner, decide_release(self._leases, owner))
                    return None
                case _:
                    raise TypeError(f"the ports do not take {type(message).__name__}")
        except StoreUnavailable as err:
            self.context.defer().fail(err)
            return None

    async def _lease(self, owner: Owner, count: int) -> tuple[int, ...] | Refusal:
        wanted = missing(self._leases, owner, count)
        free = tuple(islice(self._unused(owner), wanted)) if wanted else ()
        decision = decide_lease(self._leases, owner, count, free)
        if isinstance(decision, Refusal):
            return decision
        await self._record(owner, decision)
        return self._leases.held[owner][:count] if count else ()

    def _unused(self, owner: Owner) -> Iterator[int]:
        """Yield ports that nobody has and nobody listens on. Every state directory begins somewhere else, since
        another compas of this machine may have leased what nobody listens on yet."""
        place = hashlib.sha256(f"{self._services.config.state_dir}\0{owner[0]}\0{owner[1]}".encode()).digest()
        begin = int.from_bytes(place[:4], "big") % (LAST - FIRST + 1)
        return (port for port in candidates(self._leases, begin) if self._services.is_free_port(port))

    async def _record(self, owner: Owner, drafts: tuple[Draft, ...]) -> None:
        if not drafts:
            return
        outcome = await commit(
            self._journal(),
            drafts,
            stream=e.PORTS_STREAM,
            version=self._leases.version,
            causation=f"worktree:{owner[0]}",
        )
        for recorded in outcome.recorded:
            self._leases = evolve(self._leases, recorded)

    def _journal(self) -> ActorRef:
        found = self.context.registry.find(JOURNAL)
        if found is None:
            raise LookupError("there is no journal: the tree is built in the wrong order")
        return found
