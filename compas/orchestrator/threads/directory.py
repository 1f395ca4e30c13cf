"""Where thread actors live, and how one is found: by its name, or brought back from its stream."""

import contextlib
import hashlib
import logging
from functools import partial

from actors.actor import Actor
from actors.errors import ActorStopped, ChildStartFailed
from actors.ref import ActorRef
from actors.spec import TRANSIENT, ChildSpec
from actors.supervisor import StartChild, Supervisor
from compas.domain.ids import thread_id_problem
from compas.orchestrator.messages.thread import LocateThread, RecheckThread, WakeThreads
from compas.orchestrator.services import ASK_TIMEOUT_SECS, THREADS, Services, thread_name
from compas.orchestrator.stream import why_not_started
from compas.orchestrator.threads.actor import ThreadActor
from compas.orchestrator.threads.resting import RestingPlace
from compas.store.connection import Reader
from compas.store.projections.execution_queries import executions_of_thread, unsettled_executions
from compas.store.projections.fan_outs import threads_to_join
from compas.store.projections.threads import active_children_of, children_of_ended

log = logging.getLogger("compas.threads")

SUPERVISOR = "thread-supervisor"
MAILBOX = 1024


class Threads(Supervisor):
    """Supervises the threads; one that was put away ends normally and is forgotten."""

    async def on_start(self) -> None:
        """Be found by the directory."""
        await super().on_start()
        self.context.registry.register(SUPERVISOR, self.context.ref)


class ThreadDirectory(Actor):
    """Starts the actor of a thread on demand: one at a time, so that no thread ever has two."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._resting = RestingPlace()

    async def on_start(self) -> None:
        """Bring back every thread that has work under way, or waits for answers; that adopts the work (design §5).

        Those where something runs come first, so that its place is taken before anybody is let in.
        """
        self.context.registry.register(THREADS, self.context.ref)
        for thread in await self._services.store.query(_with_work):
            await self._locate(thread)

    async def receive(self, message: object) -> object:
        """Answer with the ref of a thread, or see to it that threads go on."""
        match message:
            case LocateThread(thread=thread):
                try:
                    return await self._locate(thread)
                except ChildStartFailed as err:
                    self.context.defer().fail(why_not_started(err))
            case WakeThreads(threads=threads, source=source, ended=ended):
                for thread in await self._services.store.query(partial(_with_work_among, threads=threads)):
                    await self._wake(thread)
                if source is not None:
                    await self._wake(source, RecheckThread())
                if ended is not None:
                    for thread in await self._services.store.query(partial(active_children_of, thread=ended)):
                        await self._wake(thread, RecheckThread())
            case _:
                raise self.unexpected(message)
        return None

    async def _wake(self, thread: str, word: RecheckThread | None = None) -> None:
        """See to it that a thread goes on; it looks at everything when it starts, so that only a running one is told.

        Where its stream cannot be read now, it goes on with the next supervisor, or with the next word to it.
        """
        found = self.context.registry.find(thread_name(thread))
        if found is not None and word is not None:
            # In a task of its own: a thread whose mailbox is full may be waiting for room in ours.
            self.context.start_soon(_tell, found, word)
        elif found is None:
            try:
                await self._locate(thread)
            except ChildStartFailed as err:
                log.error("thread %s cannot go on: %s", thread, err, extra={"action": "thread_not_woken"})

    async def _locate(self, thread: str) -> ActorRef:
        found = self.context.registry.find(thread_name(thread))
        if found is not None:
            return found
        supervisor = await self.context.registry.wait_registered(SUPERVISOR)
        spec = ChildSpec(
            id=_child_id(thread),
            factory=lambda: ThreadActor(thread, self._services, self._resting),
            restart=TRANSIENT,
            mailbox=MAILBOX,
        )
        return await supervisor.ask(StartChild(spec), timeout=ASK_TIMEOUT_SECS)


def _child_id(thread: str) -> str:
    """Return what the supervisor calls the actor. The gate lets in no thread id but a good one; the directory, which
    serves everybody, does not rely on that."""
    return thread if thread_id_problem(thread) is None else hashlib.sha256(thread.encode(errors="replace")).hexdigest()


def _with_work(reader: Reader) -> tuple[str, ...]:
    """Return those where something runs first, so that its place is taken before anybody is let in."""
    running_first = sorted(unsettled_executions(reader), key=lambda row: row.status == "queued")
    others = (*threads_to_join(reader), *children_of_ended(reader))
    return tuple(dict.fromkeys([row.thread for row in running_first] + [*others]))


def _with_work_among(reader: Reader, threads: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(thread for thread in threads if any(row.in_flight for row in executions_of_thread(reader, thread)))


async def _tell(thread: ActorRef, word: RecheckThread) -> None:
    with contextlib.suppress(ActorStopped):  # it was put away; it has nothing to wait for then
        await thread.tell(word)
