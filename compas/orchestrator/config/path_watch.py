"""Tells by a readable descriptor that names in directories may lead elsewhere: inotify on Linux, kqueue on macOS."""

import contextlib
import ctypes
import os
import select
import stat
import struct
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import NoReturn

Places = Mapping[str, frozenset[str]]
"""Names to watch, by the real path of the directory they are in. Of one without names only its own end counts."""

_MOST_LINKS = 40


def places_of(paths: Iterable[str]) -> Places:
    """Return which names in which directories decide what absolute paths lead to.

    Those are the last part of each path and every symbolic link on the way; where no directory is, the name of what
    ought to be one. The directories on the way are there without names.
    """
    found: dict[str, set[str]] = {}
    for path in paths:
        for directory, name in _steps(path):
            found.setdefault(directory, set()).update([name] if name else [])
    return {directory: frozenset(names) for directory, names in found.items()}


def _steps(path: str) -> Iterator[tuple[str, str]]:
    left = _parts(path)
    here, links = "/", 0
    while left:
        name = left.pop()
        if name == "..":
            here = os.path.dirname(here)
            continue
        whole = os.path.join(here, name)
        try:
            mode = os.lstat(whole).st_mode
        except (OSError, ValueError):
            yield here, name
            return
        if stat.S_ISLNK(mode) and links < _MOST_LINKS:
            yield here, name
            links += 1
            target = os.readlink(whole)
            here = "/" if target.startswith("/") else here
            left += _parts(target)
        elif left and stat.S_ISDIR(mode):
            here = whole
            yield here, ""
        else:
            yield here, name
            return


def _parts(path: str) -> list[str]:
    return [part for part in reversed(path.split("/")) if part not in ("", ".")]


if sys.platform == "darwin":

    class PathWatch:
        """Watches names in directories. Written from the documentation of kqueue; not tried on a Mac."""

        def __init__(self) -> None:
            self._queue = select.kqueue()
            self._open: list[int] = []
            self._places: Places = {}
            self._seen: object = None

        def watch(self, needed: Places, wanted: Places) -> None:
            """Watch these instead of what was watched; those in `wanted` only where that can be done."""
            self._close_files()
            self._places = _together(needed, wanted)
            for directory, names in self._places.items():
                self._add(directory, is_needed=bool(needed.get(directory)))
                for name in names:
                    self._add(os.path.join(directory, name), is_needed=False)
            self._seen = _signatures(self._places)

        def _add(self, path: str, *, is_needed: bool) -> None:
            try:
                descriptor = os.open(path, os.O_EVTONLY | os.O_SYMLINK | os.O_CLOEXEC)
            except OSError:
                if is_needed:
                    raise
                return
            self._open.append(descriptor)
            notes = select.KQ_NOTE_WRITE | select.KQ_NOTE_EXTEND | select.KQ_NOTE_ATTRIB
            notes |= select.KQ_NOTE_DELETE | select.KQ_NOTE_RENAME
            flags = select.KQ_EV_ADD | select.KQ_EV_CLEAR
            self._queue.control([select.kevent(descriptor, select.KQ_FILTER_VNODE, flags, notes)], 0)

        def fileno(self) -> int:
            """Return the descriptor that is readable after a change."""
            return self._queue.fileno()

        def has_changed(self) -> bool:
            """Take in the changes so far, and tell whether one of them is of a watched name."""
            self._queue.control([], 64, 0)
            before, self._seen = self._seen, _signatures(self._places)
            return before != self._seen

        def close(self) -> None:
            """Stop watching."""
            self._close_files()
            self._queue.close()

        def _close_files(self) -> None:
            for descriptor in self._open:
                os.close(descriptor)
            self._open.clear()

    def _signatures(places: Places) -> object:
        """Return what tells a changed name from an unchanged one: a directory says only that something is new in it."""
        found: dict[str, object] = {}
        for path in (os.path.join(directory, name) for directory, names in places.items() for name in (*names, "")):
            try:
                seen = os.lstat(path)
            except OSError:
                found[path] = None
            else:
                is_directory = stat.S_ISDIR(seen.st_mode)
                of_content = () if is_directory else (seen.st_size, seen.st_mtime_ns)
                found[path] = (seen.st_dev, seen.st_ino, seen.st_mode, *of_content)
        return found

else:
    # A file that is being written is looked at when its writer closes it, so IN_MODIFY is not asked for.
    _IN_CLOSE_WRITE, _IN_ATTRIB = 0x8, 0x4
    _IN_MOVED_FROM, _IN_MOVED_TO, _IN_CREATE, _IN_DELETE = 0x40, 0x80, 0x100, 0x200
    _IN_DELETE_SELF, _IN_MOVE_SELF, _IN_UNMOUNT, _IN_Q_OVERFLOW = 0x400, 0x800, 0x2000, 0x4000
    _IN_ONLYDIR = 0x0100_0000
    _OF_NAMES = _IN_CLOSE_WRITE | _IN_ATTRIB | _IN_MOVED_FROM | _IN_MOVED_TO | _IN_CREATE | _IN_DELETE
    _OF_DIRECTORY = _IN_DELETE_SELF | _IN_MOVE_SELF | _IN_ATTRIB
    _HEAD = struct.Struct("iIII")
    _READ_BYTES = 65536

    class PathWatch:
        """Watches names in directories. Raises OSError when the system has no room for another watch."""

        def __init__(self) -> None:
            self._libc = ctypes.CDLL(None, use_errno=True)
            self._inotify: int = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
            if self._inotify < 0:
                _fail("watch anything", "the limit may be fs.inotify.max_user_instances")
            self._names: dict[int, frozenset[str]] = {}

        def watch(self, needed: Places, wanted: Places) -> None:
            """Watch these instead of what was watched; those in `wanted` only where that can be done."""
            before, self._names = set(self._names), {}
            try:
                self._add(needed, wanted)
            finally:
                for watch in before - self._names.keys():
                    self._libc.inotify_rm_watch(self._inotify, watch)

        def _add(self, needed: Places, wanted: Places) -> None:
            for directory, names in _together(needed, wanted).items():
                mask = (_OF_NAMES if names else 0) | _OF_DIRECTORY | _IN_ONLYDIR
                watch: int = self._libc.inotify_add_watch(self._inotify, os.fsencode(directory), mask)
                if watch >= 0:
                    self._names[watch] = self._names.get(watch, frozenset()) | names
                elif needed.get(directory):
                    _fail(f"watch {directory}", "the limit may be fs.inotify.max_user_watches")

        def fileno(self) -> int:
            """Return the descriptor that is readable after a change."""
            return self._inotify

        def has_changed(self) -> bool:
            """Take in the changes so far, and tell whether one of them is of a watched name."""
            found = False
            with contextlib.suppress(BlockingIOError):
                while True:
                    data = os.read(self._inotify, _READ_BYTES)
                    found = any(self._is_watched(*event) for event in _events(data)) or found
                    if len(data) <= _READ_BYTES // 2:
                        break
            return found

        def _is_watched(self, watch: int, mask: int, name: str) -> bool:
            if mask & _IN_Q_OVERFLOW:
                return True
            return watch in self._names and (
                name in self._names[watch] or bool(mask & (_OF_DIRECTORY | _IN_UNMOUNT) and not name)
            )

        def close(self) -> None:
            """Stop watching."""
            os.close(self._inotify)

    def _events(data: bytes) -> Iterator[tuple[int, int, str]]:
        at = 0
        while at < len(data):
            watch, mask, _cookie, length = _HEAD.unpack_from(data, at)
            at += _HEAD.size
            yield watch, mask, os.fsdecode(data[at : at + length].rstrip(b"\0"))
            at += length

    def _fail(tried: str, hint: str) -> NoReturn:
        error = ctypes.get_errno()
        raise OSError(error, f"cannot {tried}: {os.strerror(error)}; {hint}")


def _together(one: Places, other: Places) -> Places:
    return {name: one.get(name, frozenset()) | other.get(name, frozenset()) for name in {**one, **other}}
