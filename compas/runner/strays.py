"""Ends what is left of an execution whose runner is gone, without ever signalling a stranger."""

import os
import select
import signal
import sys
import time

from compas.runner import processes
from compas.runner.processes import Process

KILL_LIMIT_SECS = 10.0


def end_strays(token: str) -> tuple[int, bool]:
    """Kill all that belong to an execution until none is left. Blocks: run it in a worker thread.

    Return how many there were, and whether all are gone; after `KILL_LIMIT_SECS` it gives up.
    """
    limit = time.monotonic() + KILL_LIMIT_SECS
    seen: set[tuple[int, int]] = set()
    while found := processes.belonging(token):
        seen.update((process.pid, process.start_time) for process in found)
        if time.monotonic() >= limit:
            return len(seen), False
        _kill_and_wait(found, limit)
    return len(seen), True


def _kill_and_wait(found: list[Process], limit: float) -> None:
    if sys.platform == "darwin":
        queue = select.kqueue()
        waiting = 0
        for process in found:
            event = select.kevent(
                process.pid,
                select.KQ_FILTER_PROC,
                select.KQ_EV_ADD | select.KQ_EV_ONESHOT,
                select.KQ_NOTE_EXIT,
            )
            try:
                queue.control([event], 0)
                os.kill(process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue  # gone by itself, or another user's: the next listing tells
            waiting += 1
        while waiting and (left := limit - time.monotonic()) > 0:
            waiting -= len(queue.control([], waiting, left))
        queue.close()
        return
    ends = [descriptor for process in found if (descriptor := _kill(process)) is not None]
    try:
        poll = select.poll()
        for descriptor in ends:
            poll.register(descriptor, select.POLLIN)
        waiting = set(ends)
        while waiting and (left := limit - time.monotonic()) > 0:
            for descriptor, _ in poll.poll(left * 1000):
                poll.unregister(descriptor)
                waiting.discard(descriptor)
    finally:
        for descriptor in ends:
            os.close(descriptor)


def _kill(process: Process) -> int | None:
    """Send SIGKILL through a descriptor of exactly this process, and return it to wait for the end."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return None
    # The pid may have been given to another process between the listing and the opening.
    now = processes.find_process(process.pid)
    if now is None or now.start_time != process.start_time:
        os.close(descriptor)
        return None
    try:
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        os.close(descriptor)
        return None
    return descriptor
