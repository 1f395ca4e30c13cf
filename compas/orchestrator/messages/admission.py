"""What admission is told."""

from dataclasses import dataclass

from compas.domain.admission import Claim


@dataclass(frozen=True, slots=True)
class RequestPlace:
    """A thread's next execution waits for a place; asking again is answered again."""

    claim: Claim
    thread: str


@dataclass(frozen=True, slots=True)
class ClaimPlace:
    """An execution was found alive and counts, limits or not."""

    claim: Claim
    thread: str


@dataclass(frozen=True, slots=True)
class KeepPlaces:
    """From a thread that begins anew: of its places, only those of these executions are still wanted.

    It may have crashed between recording the end of an execution and leaving its place.
    """

    thread: str
    executions: frozenset[str]


@dataclass(frozen=True, slots=True)
class ReleasePlace:
    """An execution is over, or wants no place any more."""

    execution: str


@dataclass(frozen=True, slots=True)
class BackendPlaces:
    """From a backend: so many of its executions may be at work before another is let in; None for any number."""

    backend: str
    places: int | None


@dataclass(frozen=True, slots=True)
class LimitsChanged:
    """The config has other limits now."""
