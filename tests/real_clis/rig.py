"""What the tests need to know of an agent CLI beside compas's adapter: its operator's settings, and how to upset it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

Settings = dict[str, object]
"""Keys of an agent in the config."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One run that is recorded. `after` is a task that is done first, in the conversation that this one continues."""

    task: str
    after: str | None = None
    session: str | None = None
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    stop_at: str | None = None


@dataclass(frozen=True, slots=True)
class Neutral:
    """What differs from run to run in a CLI's output, by key: it is replaced when a transcript is written.

    Of `lists` two entries stay; what is `left_out` goes; `names` are numbered; numbers under `times` become 0. Lines of
    standard error that begin with `skipped` go.
    """

    lists: Sequence[str] = ()
    left_out: Sequence[str] = ()
    names: Sequence[str] = ()
    times: str = "(?!)"
    skipped: str = "(?!)"
    patterns: Mapping[str, str] = field(default_factory=dict)


class Rig(Protocol):
    """One CLI. `name` is the backend's, and its key in `install.CLIS`."""

    name: str
    settings: Settings
    """What an agent on it needs in the config, beside alias and backend."""
    at_once: Settings
    """By which the CLI repeats nothing, so that a failure is there at once."""
    recording: Mapping[str, str]
    """Variables that hold while scenes are recorded, above all others."""
    scenes: Mapping[str, Scene]
    neutral: Neutral

    def environ(self, url: str) -> dict[str, str]:
        """Return the variables that its operator has set, for a model server at `url`."""
        ...

    def furnish(self, home: Path, url: str) -> None:
        """Write the CLI's own settings into its operator's home."""
        ...

    def with_key(self, key: str) -> Settings:
        """Return settings of an agent that has another key."""
        ...

    def lose_conversations(self, home: Path) -> None:
        """Take away what the CLI remembers of its conversations."""
        ...

    def session(self, lines: Sequence[Any]) -> str:
        """Return the name of a conversation from the first lines that a run printed, decoded."""
        ...
