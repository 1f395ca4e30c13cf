"""What an editor is to compas: a place where its MCP server is registered under its name."""

from pathlib import Path
from typing import Protocol

from compas.setup.registration import Entry


class Editor(Protocol):
    """A coding CLI of this user. What changes something raises SetupError, and OSError when its file is in the way.

    `path` is where its command is, None when it is not installed. `file` holds what is registered.
    `by_hand` is what a person removes an entry with; `after_registering` says how the tools come into sight.
    """

    path: str | None
    file: Path
    by_hand: str
    after_registering: str

    def registered(self) -> Entry | None:
        """Return what is registered under our very name, without starting anything. Raises SetupError."""
        ...

    def adding(self, wanted: Entry) -> str:
        """Say what registers the entry, as something to do: run this, write that."""
        ...

    def removing(self) -> str:
        """Say what removes the entry, as something to do."""
        ...

    def add(self, wanted: Entry) -> Path | None:
        """Register the entry where there is none, and read it back; return a copy of the file as it was, if any."""
        ...

    def remove(self) -> Path | None:
        """Remove what is registered, and see that it is gone; return a copy of the file as it was, if any."""
        ...

    def replace(self, old: Entry, wanted: Entry) -> Path | None:
        """Register the entry in place of the old one, keeping what else that said; return a copy of the file as it was.

        When the new entry is refused, the old one is put back.
        """
        ...
