"""Fills a state directory with threads that have all ended, as months of work leave them."""

import os
from collections.abc import Iterator
from pathlib import Path

import trio

from compas.domain import events as e
from compas.runner.machine import boot_id
from compas.store.codec import domain_codec
from compas.store.event_log import open_store
from compas.store.projections.catalogue import PROJECTIONS
from compas.store.records import Append, NewEvent

AT_ONCE = 250
"""Threads recorded in one transaction."""


def fill(state: Path, threads: int) -> None:
    """Record so many threads, with two executions each, one in ten failed and one in three of a batch."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    trio.run(_fill, state / "compas.sqlite", threads)


async def _fill(path: Path, threads: int) -> None:
    async with open_store(path, events=domain_codec(), projections=PROJECTIONS) as store:
        await store.begin_epoch(os.getpid(), boot_id(), "bench")
        for start in range(0, threads, AT_ONCE):
            batch = [_append(number) for number in range(start, min(threads, start + AT_ONCE))]
            await store.append_all(batch)


def _append(number: int) -> Append:
    thread = f"task-{number:05}"
    stream = e.thread_stream(thread)
    events = tuple(
        NewEvent(stream=stream, event=event, causation="", lineage=f"m-{number}") for event in _life(number, thread)
    )
    return Append(events=events, expected={stream: 0})


def _life(number: int, thread: str) -> Iterator[e.Event]:
    batch = f"batch-{number // 30}" if number % 3 == 0 else None
    yield e.ThreadOpened(thread=thread, batch=batch)
    body = f"Do thing {number} of many, carefully.\n\n" + "And mind all of this. " * 40
    yield e.MessagePosted(
        message=f"m-{number}", sender="operator", recipient="solo", intent="dispatch", body=body, batch=batch
    )
    for attempt in range(2):
        execution = f"x-{number:06}-{attempt}"  # names go with time, as those of compas do
        yield e.ExecutionQueued(
            execution=execution, message=f"m-{number}", agent="solo", backend="shell", attempt=attempt
        )
        yield e.ExecutionRequested(execution=execution, workdir="/")
        yield e.ExecutionStarted(execution=execution, pid=1, started_at=1.0)
        is_bad = attempt == 0 or number % 10 == 0
        yield e.ExecutionEnded(
            execution=execution,
            status="failed" if is_bad else "completed",
            error="it did not work" if is_bad else "",
            preview="What it said. " * 200,
            usage=e.Usage(cost_usd=0.01 * (number % 7), tokens_in=1000, tokens_out=50) if number % 2 else e.Usage(),
            process=e.ProcessEnd(kind="exited", exit_code=1 if is_bad else 0, duration_secs=12.5),
        )
    if number % 50 == 0:
        yield e.ThreadFailed(execution=f"x-{number:06}-1")
    elif number % 5:
        yield e.ThreadClosed(status="Completed", by="operator")
