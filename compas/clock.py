"""Wall time: the only place that reads it, so that everything else can be given a time."""

import time
from collections.abc import Callable

Clock = Callable[[], float]
"""A source of UTC seconds since 1970; tests pass their own."""


def wall_clock() -> float:
    """Return UTC seconds since 1970."""
    return time.time()
