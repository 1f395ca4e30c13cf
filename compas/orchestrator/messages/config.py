"""What the config watcher is asked, and what it publishes."""

from dataclasses import dataclass

from actors.ask import Ask


@dataclass(frozen=True, slots=True)
class ConfigApplied:
    """Published, not told: another config is in force."""


@dataclass(frozen=True, slots=True)
class ReloadConfig(Ask[bool]):
    """Look at the config file now; answered, once what it says holds or its failure is known, with whether it was news.

    Fails with StoreUnavailable while that cannot be recorded.
    """


@dataclass(frozen=True, slots=True)
class ConfigFileChanged:
    """From the watch: the config file may have another content."""


@dataclass(frozen=True, slots=True)
class RecheckConfig:
    """From the watcher's own timer."""
