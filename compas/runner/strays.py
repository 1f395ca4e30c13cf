"""Ends what is left of an execution whose runner is gone, without ever signalling a stranger."""

import os
import select
import signal
import sys
import time
from collections.abc import Sequence

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
        signal_and_wait(found, (signal.SIGKILL,), limit)
    return len(seen), True


def signal_and_wait(found: Sequence[Process], numbers: Sequence[int], limit: float) -> None:
    """Send signals to exactly these processes, then wait until they have ended, or the monotonic clock says `limit`.

    Blocks. One that ended meanwhile is passed over; one that is another user's is only waited for.
    """
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
                for number in numbers:
                    os.kill(process.pid, number)
            except (ProcessLookupError, PermissionError):
                continue  # gone by itself, or another user's: the next listing tells
            waiting += 1
        while waiting and (left := limit - time.monotonic()) > 0:
            waiting -= len(queue.control([], waiting, left))
        queue.close()
        return
    ends = [descriptor for process in found if (descriptor := _signal(process, numbers)) is not None]
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


def _signal(process: Process, numbers: Sequence[int]) -> int | None:
    """Send signals through a descriptor of exactly this process, and return it to wait for the end."""
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
        for number in numbers:
            signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        os.close(descriptor)
        return None
    except PermissionError:
        pass  # another user's, as of a program with rights of its own: its end can only be waited for
    return descriptor
