"""A config file in memory: what it holds is a configuration, or the reason why it is none."""

import hashlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager

import msgspec
import trio

from compas.config.config import Config, Loaded
from compas.config.findings import ConfigError, Finding

Content = Config | tuple[str, ...] | None
"""A configuration, the errors of one that cannot be used, or nothing where there is no file."""


class FakeConfigFile:
    """Holds one content; whoever watches hears of every save. `loads` counts how often it was loaded."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._watches: list[_FakeWatch] = []
        self.loads = 0
        self.unwatchable = ""
        """Why it cannot be watched; empty when it can."""

    @property
    def digest(self) -> str:
        """What tells one content from another; empty without a file."""
        content = self._content
        return "" if content is None else hashlib.sha256(msgspec.msgpack.encode(content)).hexdigest()

    def save(self, content: Content) -> None:
        """Put another content into it, or remove it."""
        self._content = content
        for watch in self._watches:
            watch.changed.set()

    async def load(self, previous: Config) -> Loaded:
        """Return what it holds."""
        await trio.lowlevel.checkpoint()
        self.loads += 1
        match self._content:
            case Config() as config:
                return Loaded(config=config, digest=self.digest)
            case None:
                raise _refusal("no such file", digest="")
            case errors:
                raise _refusal(*errors, digest=self.digest)

    @contextmanager
    def open_watch(self) -> Iterator["_FakeWatch"]:
        """Watch it."""
        if self.unwatchable:
            raise OSError(24, self.unwatchable)
        watch = _FakeWatch()
        self._watches.append(watch)
        try:
            yield watch
        finally:
            self._watches.remove(watch)


class _FakeWatch:
    def __init__(self) -> None:
        self.changed = trio.Event()

    def follow(self, reads: Collection[str]) -> None:
        """There is nothing on the way to it."""

    async def wait(self) -> None:
        """Wait for a save since the last wait."""
        await self.changed.wait()
        self.changed = trio.Event()


def _refusal(*sentences: str, digest: str) -> ConfigError:
    findings = tuple(Finding(line=0, column=0, key="", sentence=sentence) for sentence in sentences)
    return ConfigError("/config.yaml", findings, digest=digest)
