"""Where merge actors live, and how the one of a target branch is found."""

import hashlib
from collections.abc import Collection
from functools import partial

from actors.actor import Actor
from actors.errors import ActorError, ChildStartFailed
from actors.ref import ActorRef
from actors.reply import Reply
from actors.spec import PERMANENT, ChildSpec
from actors.supervisor import StartChild, Supervisor
from compas.domain.merge import OPEN
from compas.orchestrator.merges.actor import MergeActor
from compas.orchestrator.messages.merge import LocateMerges, WithdrawMerges
from compas.orchestrator.services import ASK_TIMEOUT_SECS, MERGES, Services, merge_name
from compas.orchestrator.stream import why_not_started
from compas.store.errors import StoreUnavailable
from compas.store.projections.merges import merges_of_thread, open_merges

SUPERVISOR = "merge-supervisor"


class Merges(Supervisor):
    """Supervises the merge actors."""

    async def on_start(self) -> None:
        """Be found by the directory."""
        await super().on_start()
        self.context.registry.register(SUPERVISOR, self.context.ref)


class MergeDirectory(Actor):
    """Starts the actor of a target branch on demand, so that there is one writer of its stream."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def on_start(self) -> None:
        """Bring back every target with an open merge, which goes on with it."""
        self.context.registry.register(MERGES, self.context.ref)
        for row in await self._services.store.query(open_merges):
            await self._locate(row.repository, row.target)

    async def receive(self, message: object) -> object:
        """Answer with the ref of a target's merges, or withdraw those of a thread."""
        match message:
            case LocateMerges(repository=repository, target=target):
                try:
                    return await self._locate(repository, target)
                except ChildStartFailed as err:
                    self.context.defer().fail(why_not_started(err))
            case WithdrawMerges():
                reply = self.context.defer()
                found = partial(merges_of_thread, thread=message.thread)
                try:
                    rows = [row for row in await self._services.store.query(found) if row.status in OPEN]
                    refs = {await self._locate(row.repository, row.target) for row in rows}
                except ChildStartFailed as err:
                    reply.fail(why_not_started(err))
                    return None
                # In a task of its own: ending what computes or checks takes a moment, and others are to be located.
                self.context.start_soon(_withdraw, refs, message, reply)
            case _:
                raise self.unexpected(message)
        return None

    async def _locate(self, repository: str, target: str) -> ActorRef:
        found = self.context.registry.find(merge_name(repository, target))
        if found is not None:
            return found
        supervisor = await self.context.registry.wait_registered(SUPERVISOR)
        child = hashlib.sha256(f"{repository}\0{target}".encode()).hexdigest()[:16]
        spec = ChildSpec(id=child, factory=lambda: MergeActor(repository, target, self._services), restart=PERMANENT)
        return await supervisor.ask(StartChild(spec), timeout=ASK_TIMEOUT_SECS)


async def _withdraw(targets: Collection[ActorRef], message: WithdrawMerges, reply: Reply) -> None:
    try:
        for target in targets:
            await target.ask(message, timeout=ASK_TIMEOUT_SECS)
    except (ActorError, StoreUnavailable) as err:
        # The thread is given up: an operation that was not reached finds that when its turn comes.
        reply.fail(err)
        return
    reply.resolve(None)
