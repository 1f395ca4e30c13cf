"""What agents may inherit from: what the supervisor was started with, and what its operator's shells have brought."""

from collections.abc import Iterator, Mapping

from compas.domain.brought import Brought, Wanted, in_force, take


class LiveEnvironment(Mapping[str, str]):
    """A mapping that changes when a client brings something. It is kept in memory alone, and shows no values.

    Without `takes` it stays what it was: a supervisor that was started by hand has the environment of that shell.
    """

    def __init__(self, started_with: Mapping[str, str], *, takes: bool = False) -> None:
        self.takes = takes
        self._started_with = dict(started_with)
        self._brought = Brought()
        self._now = dict(started_with)

    def would_take(self, offered: Mapping[str, str], wanted: Wanted, *, only_missing: bool = False) -> bool:
        """Say whether `take` would change anything."""
        brought = take(self._started_with, self._brought, offered, wanted, only_missing=only_missing)
        return self.takes and brought is not self._brought

    def take(self, offered: Mapping[str, str], wanted: Wanted, *, only_missing: bool = False) -> tuple[str, ...]:
        """Take what a client offers, by the rule of `compas.domain.brought.take`; return the names that changed."""
        if not self.takes:
            return ()
        brought = take(self._started_with, self._brought, offered, wanted, only_missing=only_missing)
        if brought is self._brought:
            return ()
        before, self._brought = self._now, brought
        self._now = in_force(self._started_with, brought)
        return tuple(sorted(name for name in before | self._now if before.get(name) != self._now.get(name)))

    def __getitem__(self, name: str) -> str:
        return self._now[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now)

    def __len__(self) -> int:
        return len(self._now)

    def __repr__(self) -> str:
        return f"<environment of {len(self._now)} variables>"
