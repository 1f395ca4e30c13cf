"""Which threads without work are put away when many are held in memory: the ones that have rested longest."""

from typing import Final

MOST_RESTING: Final = 100
"""How many threads without work stay in memory, some 28 kB each: whoever looks at one again finds it at once."""


class Resting:
    """The threads without work, in the order in which they came to rest, `most` of them at a time."""

    def __init__(self, most: int = MOST_RESTING) -> None:
        self._most = most
        self._threads: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._threads)

    def add(self, thread: str) -> tuple[str, ...]:
        """Take a thread that has come to rest, as the newest; return those to put away for it, oldest first."""
        self.discard(thread)
        self._threads[thread] = None
        excess = len(self._threads) - self._most
        oldest = tuple(self._threads)[:excess] if excess > 0 else ()
        for one in oldest:
            del self._threads[one]
        return oldest

    def discard(self, thread: str) -> None:
        """Forget a thread that has work again or has ended; one that is not there is no error."""
        self._threads.pop(thread, None)
