"""What a supervisor knows about a child before it runs."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from actors.actor import Actor

Restart = Literal["permanent", "transient", "temporary"]
"""permanent: always started again; transient: after an abnormal end; temporary: never."""

PERMANENT: Final = "permanent"
TRANSIENT: Final = "transient"
TEMPORARY: Final = "temporary"

DEFAULT_SHUTDOWN: Final = 5.0
DEFAULT_MAILBOX: Final = 256


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """How to make, restart and stop one child.

    `factory` makes a new instance for every start. `shutdown` is the grace in seconds between stop
    and kill; give supervisors `math.inf`, their children have graces of their own. A `significant`
    child that ends without being restarted ends its supervisor too, in order; a permanent one
    cannot be significant. `mailbox` is the number of messages that may queue.
    """

    id: str
    factory: Callable[[], Actor]
    restart: Restart = PERMANENT
    shutdown: float = DEFAULT_SHUTDOWN
    significant: bool = False
    mailbox: int = DEFAULT_MAILBOX

    def __post_init__(self) -> None:
        if not self.id or "/" in self.id:
            raise ValueError(f"child id {self.id!r} must be non-empty and without '/', which joins ids to names")
        if self.restart not in (PERMANENT, TRANSIENT, TEMPORARY):
            raise ValueError(f"child {self.id!r}: restart is {self.restart!r}, not permanent, transient or temporary")
        if math.isnan(self.shutdown) or self.shutdown < 0:
            raise ValueError(f"child {self.id!r}: shutdown is {self.shutdown!r}, not a number of seconds from 0 up")
        if self.mailbox < 1:
            raise ValueError(f"child {self.id!r}: a mailbox of {self.mailbox} could never take a message")
        if self.significant and self.restart == PERMANENT:
            raise ValueError(f"child {self.id!r}: a permanent child always restarts, so it cannot be significant")
