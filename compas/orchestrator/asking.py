"""Asks the actor of a thread, which may just be put away."""

from typing import TypeVar

from actors.ask import Ask
from actors.errors import ActorStopped
from actors.registry import Registry
from compas.errors import CompasError
from compas.orchestrator.messages.thread import LocateThread
from compas.orchestrator.services import ASK_TIMEOUT_SECS, THREADS

R = TypeVar("R")

RELOCATIONS = 5
"""A thread may be put away between being found and being asked; that often in a row it is not."""


class ThreadBusyError(CompasError):
    """A thread was put away and taken up again all the time."""


async def ask_thread(registry: Registry, thread: str, message: Ask[R]) -> R:
    """Ask the actor of a thread, bringing it back if it was put away. Raises ThreadBusyError.

    The message is asked again after the actor was ended in the middle of it, so it has to carry a request id.
    """
    directory = await registry.wait_registered(THREADS)
    for _ in range(RELOCATIONS):
        ref = await directory.ask(LocateThread(thread=thread), timeout=ASK_TIMEOUT_SECS)
        try:
            return await ref.ask(message, timeout=ASK_TIMEOUT_SECS)
        except ActorStopped as stopped:
            if stopped.reason is None:
                await ref.wait_stopped()
    raise ThreadBusyError(f"thread {thread} is being put away and taken up again all the time; try again")
