"""Decides how something is measured against its floor: in the same run, in turns, and told by its median."""

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

import msgspec

Times = Mapping[str, float]
"""Seconds that one round took, by what was measured in it."""
Round = Callable[[], Times]

FEWEST_ROUNDS = 3


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds of several rounds, in short."""

    median: float
    minimum: float
    p90: float


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """One figure: `ours` beside its `floor`, from `n` rounds of each."""

    name: str
    n: int
    ours: Series
    floor: Series
    ratio: float
    """Of the medians."""
    above_floor: float
    """Seconds: the difference of the medians."""


class Deadline:
    """The end of a run's time: no round begins after it, except the first few of a figure."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        """Whether the time is used up."""
        return time.monotonic() >= self._end


def compare(ours: Round, floor: Round, n: int, deadline: Deadline) -> tuple[Comparison, ...]:
    """Run `ours` and `floor` in turns, after one round of each that does not count, and compare them.

    Both return the same names; each becomes a figure. At the deadline, fewer rounds than `n` have to do.
    """
    ours()
    floor()
    rounds: list[tuple[Times, Times]] = []
    while len(rounds) < n and not (deadline.is_over and len(rounds) >= FEWEST_ROUNDS):
        rounds.append((ours(), floor()))
    return tuple(
        _comparison(name, [one[name] for one, _ in rounds], [one[name] for _, one in rounds]) for name in rounds[0][0]
    )


def _comparison(name: str, ours: Sequence[float], floor: Sequence[float]) -> Comparison:
    one, other = _series(ours), _series(floor)
    return Comparison(
        name=name,
        n=len(ours),
        ours=one,
        floor=other,
        ratio=one.median / other.median,
        above_floor=one.median - other.median,
    )


def _series(seconds: Sequence[float]) -> Series:
    ordered = sorted(seconds)
    p90 = ordered[math.ceil(0.9 * len(ordered)) - 1]
    return Series(median=statistics.median(ordered), minimum=ordered[0], p90=p90)
