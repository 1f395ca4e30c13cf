"""Waits for the end of a publication that stands in the way, whoever of the two actors in it has died."""

import math
from collections.abc import Awaitable, Callable
from typing import TypeVar

from actors.registry import Registry
from compas.domain import events as e
from compas.domain.decision import Refusal
from compas.domain.publication import BEING_PUBLISHED
from compas.orchestrator.asking import ask_thread
from compas.orchestrator.messages.merge import AwaitPublication, LocateMerges
from compas.orchestrator.messages.thread import DescribeThread, EndPublication
from compas.orchestrator.services import ASK_TIMEOUT_SECS, MERGES

R = TypeVar("R")


async def once_published(registry: Registry, thread: str, ask: Callable[[], Awaitable[R | Refusal]]) -> R | Refusal:
    """Ask a thread for something, again once a publication that refused it is over; cancelling it ends the wait.

    Raises ActorError where an actor crashes meanwhile, like any ask.
    """
    while True:
        outcome = await ask()
        if not isinstance(outcome, Refusal) or outcome.code != BEING_PUBLISHED:
            return outcome
        state = await ask_thread(registry, thread, DescribeThread())
        if state.publishing is not None:
            await settle_publication(registry, thread, state.publishing)


async def settle_publication(registry: Registry, thread: str, begun: e.PublicationBegun) -> None:
    """Wait until a merge has moved its target, or will not, and see to it that the thread knows.

    The merge tells the thread itself; where it died before it could, this does.
    """
    directory = await registry.wait_registered(MERGES)
    where = LocateMerges(repository=begun.repository, target=begun.target)
    merges = await directory.ask(where, timeout=ASK_TIMEOUT_SECS)
    await merges.ask(AwaitPublication(op=begun.op), timeout=math.inf)
    await ask_thread(registry, thread, EndPublication(op=begun.op))
