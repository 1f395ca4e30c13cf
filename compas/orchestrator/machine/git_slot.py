"""The git worker of the moment, as everybody in the supervisor asks it."""

from typing import TypeVar

from compas.git.errors import GitWorkerLost
from compas.git.protocol.client import GitWorker
from compas.git.protocol.request import Request
from compas.orchestrator.machine.slots import Slot

R = TypeVar("R")


class GitSlot(Slot[GitWorker]):
    """Where the git worker is found, and asked. What is asked raises what `GitWorker.ask` does."""

    def __init__(self) -> None:
        super().__init__("git worker", GitWorkerLost)

    async def ask(self, request: Request[R]) -> R:
        """Ask what may be repeated: the next worker is asked again when one dies over it."""
        return await self.retry(lambda worker: worker.ask(request))

    async def ask_once(self, request: Request[R]) -> R:
        """Ask what may not be repeated: GitWorkerLost leaves open whether it took effect."""
        return await self.call(lambda worker: worker.ask(request))
