"""Watches the process that started this one: pidfd on Linux, kqueue on macOS."""

import os
import select
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class EditorGoneError(Exception):
    """The process that started this one has ended."""


@contextmanager
def watched_editor(editor: int) -> Iterator[int | None]:
    """Give a descriptor that is readable once the parent process `editor` has ended, whoever still holds its pipes.

    None where the system does not let it be watched: the end of standard input has to do. Raises EditorGoneError when
    it has ended already.
    """
    try:
        descriptor, close = _end_of(editor)
    except ProcessLookupError as error:
        raise EditorGoneError from error
    except OSError:
        yield None
        return
    try:
        if os.getppid() != editor:  # it ended before it was watched, and its number may be another's
            raise EditorGoneError
        yield descriptor
    finally:
        close()


def _end_of(pid: int) -> tuple[int, Callable[[], None]]:
    """Return a descriptor that is readable once the process has ended, and what closes it. Raises OSError."""
    if sys.platform == "darwin":
        queue = select.kqueue()
        flags = select.KQ_EV_ADD | select.KQ_EV_ONESHOT
        try:
            queue.control([select.kevent(pid, select.KQ_FILTER_PROC, flags, select.KQ_NOTE_EXIT)], 0)
        except OSError:
            queue.close()
            raise
        return queue.fileno(), queue.close
    descriptor = os.pidfd_open(pid)
    return descriptor, lambda: os.close(descriptor)
