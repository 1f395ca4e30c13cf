"""What the journal is asked."""

from dataclasses import dataclass

from actors.ask import Ask
from compas.store.records import Append, Appended, Conflict, Repeated, Reused


@dataclass(frozen=True, slots=True)
class Commit(Ask[Appended | Conflict | Repeated | Reused]):
    """Record events. Fails with StoreUnavailable while the disk does not take them."""

    append: Append


@dataclass(frozen=True, slots=True)
class WaitWritable(Ask[None]):
    """Answered once the log takes writes again; at once when it does."""
