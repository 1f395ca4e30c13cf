"""Measures the command line: a whole `compas status` beside the bare interpreter."""

import os
import sys
import time
from collections.abc import Sequence

from bench.comparison import Times
from bench.stamps import BenchError
from bench.workplace import Workplace

STATUS = "compas status"


def status(place: Workplace) -> Times:
    """Run `compas status` to its end."""
    return {STATUS: _seconds(place, place.compas("status"))}


def bare_interpreter(place: Workplace) -> Times:
    """Run nothing, in the same interpreter, to its end."""
    return {STATUS: _seconds(place, [sys.executable, "-P", "-c", "pass"])}


def _seconds(place: Workplace, command: Sequence[str]) -> float:
    began = time.monotonic()
    _, outcome = os.waitpid(place.spawn(command), 0)
    taken = time.monotonic() - began
    if outcome != 0:
        raise BenchError(f"{' '.join(command)} failed ({outcome})")
    return taken
