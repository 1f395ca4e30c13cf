"""How long a gateway may say nothing before it is asked whether it lives, and how long until it is given up then.

Times are of the monotonic clock, which stands still while a laptop is suspended.
"""

from collections.abc import Mapping
from typing import Final

PATIENCE_SECONDS: Final = 20.0
"""Far more than a gateway that lives needs for an answer, on a machine with far too much to do."""
PATIENCE_VARIABLE: Final = "COMPAS_GATEWAY_PATIENCE_SECS"
"""Environment variable with other seconds, for relays and for supervisors."""


def patience_of(environ: Mapping[str, str]) -> float:
    """Return the seconds that the environment asks for; what is no positive number of seconds is passed over."""
    try:
        seconds = float(environ.get(PATIENCE_VARIABLE, ""))
    except ValueError:
        return PATIENCE_SECONDS
    return seconds if 0 < seconds < float("inf") else PATIENCE_SECONDS


class Silence:
    """The silence of one gateway that owes answers: begun again by every word, and whenever nothing is owed."""

    def __init__(self, patience: float, now: float) -> None:
        self._patience = patience
        self._since = now
        self._is_asked = False

    def break_off(self, now: float) -> None:
        """Note that the gateway is not to be blamed for anything up to now."""
        self._since = now
        self._is_asked = False

    def seconds_left(self, now: float) -> float:
        """Return how long it may still last."""
        return max(0.0, self._since + self._patience - now)

    def ask(self, now: float) -> bool:
        """Note that the gateway is asked now; False when it has been asked before, and has not answered."""
        may_ask = not self._is_asked
        self._since = now
        self._is_asked = True
        return may_ask
