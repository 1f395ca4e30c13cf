"""Admission: who may run now. It keeps the line in memory, since the log says who is in it."""

from collections.abc import Callable

from actors.actor import Actor
from actors.errors import ActorStopped
from compas.config.config import Config
from compas.domain import admission as rules
from compas.domain.admission import Line
from compas.orchestrator.messages import HavePlace, KeepPlaces, LeavePlace, LimitsChanged, PlaceGranted, WantPlace
from compas.orchestrator.new_work import NewWork
from compas.orchestrator.services import ADMISSION, thread_name


class Admission(Actor):
    """Grants places by the limits that hold now. Granting is told, never asked, so that nobody waits in a mailbox.

    Smaller limits end nothing: who has a place keeps it.
    """

    def __init__(self, limits: Callable[[], rules.Limits], new_work: NewWork) -> None:
        self._limits = limits
        self._new_work = new_work
        self._line = Line()
        self._threads: dict[str, str] = {}

    async def on_start(self) -> None:
        """Be found by the threads. They are restarted after this actor, and say anew what they want and have."""
        self.context.registry.register(ADMISSION, self.context.ref)

    async def receive(self, message: object) -> object:
        """Keep the line, and let in whoever has room."""
        match message:
            case WantPlace(claim=claim) if claim.execution in self._line.running:
                # Its thread was restarted after the grant, and has forgotten it.
                self.context.start_soon(self._grant, claim.execution)
            case WantPlace(claim=claim, thread=thread):
                self._threads[claim.execution] = thread
                self._line = rules.enqueue(self._line, claim)
            case HavePlace(claim=claim, thread=thread):
                self._threads[claim.execution] = thread
                self._line = rules.occupy(self._line, claim)
            case LeavePlace(execution=execution):
                self._leave(execution)
            case KeepPlaces(thread=thread, executions=kept):
                for execution in [name for name, owner in self._threads.items() if owner == thread]:
                    if execution not in kept:
                        self._leave(execution)
            case LimitsChanged():
                pass  # whoever has room now is let in below
            case _:
                raise TypeError(f"admission does not take {type(message).__name__}")
        if not self._new_work.is_welcome:
            return None
        self._line, granted = rules.grant(self._line, self._limits())
        for claim in granted:
            # In a task of its own: a thread whose mailbox is full may be waiting for room in ours.
            self.context.start_soon(self._grant, claim.execution)
        return None

    def _leave(self, execution: str) -> None:
        self._threads.pop(execution, None)
        self._line = rules.leave(self._line, execution)

    async def _grant(self, execution: str) -> None:
        thread = self.context.registry.find(thread_name(self._threads.get(execution, "")))
        try:
            if thread is not None:
                await thread.tell(PlaceGranted(execution=execution))
                return
        except ActorStopped:
            pass  # as good as not there
        await self.context.ref.tell(LeavePlace(execution=execution))


def limits_of(config: Config) -> rules.Limits:
    """Return what the config says about how many executions may run."""
    own = {agent.alias: agent.max_concurrent for agent in config.agents.values() if agent.max_concurrent is not None}
    return rules.Limits(overall=config.effective_concurrency, per_agent=config.max_triggers_per_agent, of_agent=own)
