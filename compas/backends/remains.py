"""What a CLI printed beside its messages: error output, and lines that cannot be read. Kept for a failure's words."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import TypeVar

from compas.backends.backend import Progress

Fact = TypeVar("Fact")
"""What one CLI's lines tell, in its adapter's own types."""

LONGEST_DETAIL = 4000
"""Characters of a detail that telemetry gets."""
_ERROR_LINES = 50
_REST_LINES = 20
_LONGEST_LINE = 2000


class Remains:
    """The last lines of what told nothing, and how many could not be read."""

    def __init__(self) -> None:
        self._unread = 0
        self._rest: deque[str] = deque(maxlen=_REST_LINES)
        self._stderr: deque[str] = deque(maxlen=_ERROR_LINES)

    @property
    def stderr(self) -> str:
        """The last of what was printed to standard error."""
        return "\n".join(self._stderr).strip()

    @property
    def rest(self) -> list[str]:
        """The last lines that could not be read, and how many there were in all."""
        told = [f"({self._unread} lines of its output could not be read)"] if self._unread else []
        return [*self._rest, *told]

    def keep_error(self, line: str) -> None:
        """Keep a line of standard error."""
        self._stderr.append(line[:_LONGEST_LINE])

    def feed(
        self,
        line: str,
        read: Callable[[str], Iterable[Fact] | None],
        take: Callable[[Fact], tuple[Progress, ...]],
    ) -> tuple[Progress, ...]:
        """Take a line of output: `read` returns what it tells, None if it cannot be read, and `take` keeps each fact.

        Returns what there is to tell of it. Blank lines tell nothing; one that cannot be read is counted.
        """
        if not line.strip():
            return ()
        facts = read(line)
        if facts is None:
            return self._count_unread(line)
        return tuple(told for fact in facts for told in take(fact))

    def _count_unread(self, line: str) -> tuple[Progress, ...]:
        """Count a line of output that cannot be read; tell of it at 1, 2, 4, 8, …: seen, and never a flood."""
        self._unread += 1
        self._rest.append(line[:_LONGEST_LINE])
        if self._unread.bit_count() > 1:
            return ()
        summary = f"{self._unread} lines of output could not be read so far"
        return (Progress(kind="error", summary=summary, detail=line[:LONGEST_DETAIL]),)
