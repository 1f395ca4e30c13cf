"""The config file as the supervisor sees it: loaded beside the event loop, and watched with all that it leads to."""

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

import trio

from compas.config.config import Config, Loaded
from compas.config.findings import ConfigError, Finding
from compas.config.load import load
from compas.orchestrator.config.path_watch import PathWatch, places_of

log = logging.getLogger("compas.config")

ARMING_TRIES = 5
"""A directory may be replaced between being found and being watched; not so often in a row."""


class Watch(Protocol):
    """Tells of changes. One task waits at a time."""

    def follow(self, reads: Collection[str]) -> None:
        """Watch the config file and these files and directories, instead of those before.

        What is on the way to them, such as a symbolic link, is watched too. Raises OSError when the config file
        cannot be watched.
        """

    async def wait(self) -> None:
        """Return once something may have changed since `follow`; `follow` has to be called again before the file is
        looked at."""


class ConfigFile(Protocol):
    """The file of one supervisor. Its contract is tests/contracts/test_config_file.py."""

    async def load(self, previous: Config) -> Loaded:
        """Load what the file holds now, while `previous` is in force. Raises ConfigError; cancelling changes
        nothing."""

    def open_watch(self) -> AbstractContextManager[Watch]:
        """Return a watch of it, which tells nothing before `follow`. Raises OSError."""


class LocalConfigFile:
    """A file on disk; `environ` is what its loading looks at."""

    def __init__(self, path: Path, environ: Mapping[str, str]) -> None:
        self._path = path
        self._environ = environ

    async def load(self, previous: Config) -> Loaded:
        """Load it in a thread, since disks and network folders may be slow."""
        read = partial(load, self._path, environ=self._environ, previous=previous)
        try:
            return await trio.to_thread.run_sync(read, abandon_on_cancel=True)
        except ConfigError:
            raise
        except Exception as err:
            # Whatever a file makes the loader do, the configuration in force goes on.
            log.error("loading %s failed", self._path, exc_info=err, extra={"action": "config_load_failed"})
            finding = Finding(line=0, column=0, key="", sentence=f"it could not be loaded: {err!r}")
            raise ConfigError(str(self._path), (finding,)) from err

    @contextmanager
    def open_watch(self) -> Iterator[Watch]:
        """Watch it by the means of the system."""
        watch = PathWatch()
        try:
            yield _LocalWatch(str(self._path), watch)
        finally:
            watch.close()


class _LocalWatch:
    def __init__(self, path: str, watch: PathWatch) -> None:
        self._path = path
        self._watch = watch

    def follow(self, reads: Collection[str]) -> None:
        for left in reversed(range(ARMING_TRIES)):
            needed = places_of([self._path])
            try:
                self._watch.watch(needed, places_of(reads))
            except (FileNotFoundError, NotADirectoryError):
                if not left:
                    raise
            else:
                if places_of([self._path]) == needed:
                    return

    async def wait(self) -> None:
        while True:
            await trio.lowlevel.wait_readable(self._watch.fileno())
            if self._watch.has_changed():
                return
