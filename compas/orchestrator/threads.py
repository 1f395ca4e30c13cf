"""Where thread actors live, and how one is found: by its name, or brought back from its stream."""

from typing import TypeVar

from actors.actor import Actor
from actors.errors import ActorStopped, ChildStartFailed
from actors.message import Ask
from actors.ref import ActorRef
from actors.registry import Registry
from actors.spec import TRANSIENT, ChildSpec
from actors.supervisor import StartChild, Supervisor
from compas.orchestrator.messages import LocateThread, WakeThread
from compas.orchestrator.services import ASK_TIMEOUT_SECS, THREADS, Services, thread_name
from compas.orchestrator.stream import why_not_started
from compas.orchestrator.thread import ThreadActor
from compas.store.projections.execution_queries import executions_of_thread, unsettled_executions

SUPERVISOR = "thread-supervisor"
MAILBOX = 1024
RELOCATIONS = 5

R = TypeVar("R")


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

    async def on_start(self) -> None:
        """Bring back every thread that has work under way; that adopts the work (design §5).

        Those where something runs come first, so that its place is taken before anybody is let in.
        """
        self.context.registry.register(THREADS, self.context.ref)
        under_way = await self._services.store.query(unsettled_executions)
        running_first = sorted(under_way, key=lambda row: row.status == "queued")
        for thread in dict.fromkeys(row.thread for row in running_first):
            await self._locate(thread)

    async def receive(self, message: object) -> object:
        """Answer with the ref of a thread."""
        if isinstance(message, WakeThread):
            await self._wake(message.thread)
            return None
        if not isinstance(message, LocateThread):
            raise TypeError(f"the directory of threads does not take {type(message).__name__}")
        try:
            return await self._locate(message.thread)
        except ChildStartFailed as err:
            self.context.defer().fail(why_not_started(err))
            return None

    async def _wake(self, thread: str) -> None:
        """Take up a thread with work in it. One whose stream cannot be read now is taken up with the next start."""
        under_way = await self._services.store.query(lambda reader: executions_of_thread(reader, thread))
        if any(row.in_flight for row in under_way):
            await self._locate(thread)

    async def _locate(self, thread: str) -> ActorRef:
        found = self.context.registry.find(thread_name(thread))
        if found is not None:
            return found
        supervisor = await self.context.registry.wait_registered(SUPERVISOR)
        spec = ChildSpec(
            id=thread, factory=lambda: ThreadActor(thread, self._services), restart=TRANSIENT, mailbox=MAILBOX
        )
        return await supervisor.ask(StartChild(spec), timeout=ASK_TIMEOUT_SECS)


async def ask_thread(registry: Registry, thread: str, message: Ask[R]) -> R:
    """Ask the actor of a thread, bringing it back if it was put away; the message must be one that may be repeated.

    Raises ActorStopped when it is put away and taken up again all the time.
    """
    tries = 0
    while True:
        tries += 1
        directory = await registry.wait_registered(THREADS)
        ref = await directory.ask(LocateThread(thread=thread), timeout=ASK_TIMEOUT_SECS)
        try:
            return await ref.ask(message, timeout=ASK_TIMEOUT_SECS)
        except ActorStopped as stopped:
            if tries == RELOCATIONS:
                raise
            if stopped.reason is None:
                await ref.wait_stopped()
