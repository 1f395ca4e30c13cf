"""Watches the process that started this one: pidfd on Linux, kqueue on macOS."""

import logging
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import trio

log = logging.getLogger("compas.gateway")


async def wait_editor_gone() -> None:
    """Return once the parent process has ended, whoever still holds the pipes that it opened.

    Where the system does not let it be watched, this never returns: the end of standard input has to do.
    """
    editor = os.getppid()
    try:
        with _end_of(editor) as descriptor:
            if os.getppid() == editor:  # else it ended before it was watched, and its number may be another's
                await trio.lowlevel.wait_readable(descriptor)
    except ProcessLookupError:
        return
    except OSError as error:
        log.info("the editor (process %d) cannot be watched: %s", editor, error, extra={"action": "unwatched"})
        await trio.sleep_forever()


@contextmanager
def _end_of(pid: int) -> Iterator[int]:
    """Give a descriptor that is readable once the process has ended. Raises OSError."""
    if sys.platform == "darwin":
        queue = select.kqueue()
        try:
            flags = select.KQ_EV_ADD | select.KQ_EV_ONESHOT
            queue.control([select.kevent(pid, select.KQ_FILTER_PROC, flags, select.KQ_NOTE_EXIT)], 0)
            yield queue.fileno()
        finally:
            queue.close()
    else:
        descriptor = os.pidfd_open(pid)
        try:
            yield descriptor
        finally:
            os.close(descriptor)
