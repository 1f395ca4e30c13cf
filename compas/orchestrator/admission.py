"""Admission: who may run now. It keeps the line in memory, since the log says who is in it."""

from actors.actor import Actor
from actors.errors import ActorStopped
from actors.ref import ActorRef
from compas.domain import admission as rules
from compas.domain.admission import Line
from compas.orchestrator.messages import HavePlace, LeavePlace, Pause, PlaceGranted, WantPlace
from compas.orchestrator.services import ADMISSION


class Admission(Actor):
    """Grants places by the limits of the config. Granting is told, never asked, so that nobody waits in a mailbox."""

    def __init__(self, limits: rules.Limits) -> None:
        self._limits = limits
        self._line = Line()
        self._threads: dict[str, ActorRef] = {}
        self._is_paused = False

    async def on_start(self) -> None:
        """Be found by the threads. They are restarted after this actor, and say anew what they want and have."""
        self.context.registry.register(ADMISSION, self.context.ref)

    async def receive(self, message: object) -> object:
        """Keep the line, and let in whoever has room."""
        match message:
            case WantPlace(claim=claim, thread=thread) if claim.execution in self._line.running:
                # Its thread was restarted after the grant, and has forgotten it.
                self.context.start_soon(self._grant, thread, claim.execution)
            case WantPlace(claim=claim, thread=thread):
                self._threads[claim.execution] = thread
                self._line = rules.enqueue(self._line, claim)
            case HavePlace(claim=claim):
                self._line = rules.occupy(self._line, claim)
            case LeavePlace(execution=execution):
                self._threads.pop(execution, None)
                self._line = rules.leave(self._line, execution)
            case Pause():
                self._is_paused = True
            case _:
                raise TypeError(f"admission does not take {type(message).__name__}")
        if self._is_paused:
            return None
        self._line, granted = rules.grant(self._line, self._limits)
        for claim in granted:
            thread = self._threads.pop(claim.execution)
            # In a task of its own: a thread whose mailbox is full may be waiting for room in ours.
            self.context.start_soon(self._grant, thread, claim.execution)
        return None

    async def _grant(self, thread: ActorRef, execution: str) -> None:
        if not await _tell(thread, PlaceGranted(execution=execution)):
            await self.context.ref.tell(LeavePlace(execution=execution))


async def _tell(ref: ActorRef, message: object) -> bool:
    try:
        await ref.tell(message)
    except ActorStopped:
        return False
    return True
