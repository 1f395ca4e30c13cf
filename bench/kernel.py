"""Measures the parts everything is made of: an ask of an actor, and an append to the log."""

import time
from dataclasses import dataclass
from pathlib import Path

import trio

from actors.actor import Actor
from actors.ask import Ask
from actors.system import open_actor_system
from bench.comparison import Comparison, Deadline, Times, compare
from bench.floors import DurableFile
from compas.domain import events as e
from compas.store.codec import domain_codec
from compas.store.event_log import open_store
from compas.store.projections.catalogue import PROJECTIONS
from compas.store.records import Append, NewEvent

ASK = "ask an actor"
APPEND = "append to the log"
_ASKS = 200
"""In one round: a single one is too short to be told from the clock."""


@dataclass(frozen=True, slots=True)
class _Echo(Ask[int]):
    number: int


class _Echoing(Actor):
    async def receive(self, message: object) -> object:
        return message.number if isinstance(message, _Echo) else None


def compare_kernel(directory: Path, n: int, deadline: Deadline) -> tuple[Comparison, ...]:
    """Measure both parts, each against its floor, in a loop of their own."""
    return (*_compare_asks(n, deadline), *_compare_appends(directory, n, deadline))


def _compare_asks(n: int, deadline: Deadline) -> tuple[Comparison, ...]:
    return compare(lambda: trio.run(_ask_an_actor), lambda: trio.run(_ask_a_task), n, deadline)


async def _ask_an_actor() -> Times:
    async with open_actor_system("bench", _Echoing) as system:
        began = time.perf_counter()
        for number in range(_ASKS):
            await system.root.ask(_Echo(number), timeout=10)
        return {ASK: (time.perf_counter() - began) / _ASKS}


async def _ask_a_task() -> Times:
    """The floor: a task that answers over memory channels, one each way, without room."""
    questions, asked = trio.open_memory_channel[int](0)
    answers, answered = trio.open_memory_channel[int](0)

    async def echo() -> None:
        async for number in asked:
            await answers.send(number)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(echo)
        began = time.perf_counter()
        for number in range(_ASKS):
            await questions.send(number)
            await answered.receive()
        taken = time.perf_counter() - began
        questions.close()
    return {ASK: taken / _ASKS}


def _compare_appends(directory: Path, n: int, deadline: Deadline) -> tuple[Comparison, ...]:
    """One open log serves all rounds, each of which is one durable transaction with one event."""
    file = DurableFile(directory / "pages")

    def one_page() -> Times:
        began = time.perf_counter()
        file.append()
        return {APPEND: time.perf_counter() - began}

    async def run() -> tuple[Comparison, ...]:
        async with open_store(directory / "log.sqlite", events=domain_codec(), projections=PROJECTIONS) as store:
            await store.begin_epoch(1, "bench", "bench")
            event = NewEvent(stream=e.SUPERVISOR_STREAM, event=e.SupervisorStopped(mode="idle"))

            async def append() -> Times:
                began = time.perf_counter()
                await store.append_all([Append(events=(event,))])
                return {APPEND: time.perf_counter() - began}

            # The comparison is plain code in a thread of its own, so that the log's own loop goes on.
            return await trio.to_thread.run_sync(
                lambda: compare(lambda: trio.from_thread.run(append), one_page, n, deadline)
            )

    try:
        return trio.run(run)
    finally:
        file.close()
