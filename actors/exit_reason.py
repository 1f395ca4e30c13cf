"""Why an actor ended: one value that keeps the exception group and lists its leaves."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

ExitKind = Literal["normal", "stopped", "overrun", "killed", "crashed"]
"""normal: stopped itself; stopped: was told to; overrun: was told to and did not finish within the grace;
killed: ended at once, nothing ran after; crashed: its own code raised."""


@dataclass(frozen=True, slots=True)
class ExitReason:
    """How one incarnation of an actor, or the actor for good, came to its end."""

    kind: ExitKind
    group: ExceptionGroup[Exception] | None = None

    @classmethod
    def crashed(cls, name: str, errors: list[Exception]) -> "ExitReason":
        """Normalise what the actor's code raised: always a group, never nested in a group of one."""
        if len(errors) == 1 and isinstance(errors[0], ExceptionGroup):
            return cls("crashed", errors[0])
        return cls("crashed", ExceptionGroup(f"actor {name} crashed", errors))

    @property
    def is_abnormal(self) -> bool:
        """True where a transient child is started again: a crash, or a kill nobody's stop led to."""
        return self.kind in ("crashed", "killed")

    @property
    def leaves(self) -> tuple[Exception, ...]:
        """The exceptions inside the group, nested groups opened, in order."""
        return () if self.group is None else tuple(_leaves(self.group))

    @property
    def leaf_types(self) -> tuple[str, ...]:
        """The class names of the leaves; what a policy or a test looks at."""
        return tuple(type(leaf).__name__ for leaf in self.leaves)

    def __str__(self) -> str:
        if self.group is None:
            return self.kind
        return f"{self.kind}: " + "; ".join(f"{type(leaf).__name__}: {leaf}" for leaf in self.leaves)

    def __repr__(self) -> str:
        leaves = f" {' '.join(self.leaf_types)}" if self.group is not None else ""
        return f"<ExitReason {self.kind}{leaves}>"


def _leaves(group: ExceptionGroup[Exception]) -> Iterator[Exception]:
    for error in group.exceptions:
        if isinstance(error, ExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
