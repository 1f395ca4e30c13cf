"""Finds what a misspelt word was probably meant to be."""

from collections.abc import Iterable, Sequence

_LEAST = 3
"""Characters of a word that say what may have been meant."""


def distance(left: str, right: str) -> int:
    """Count the insertions, deletions, replacements and swaps of neighbours that turn one word into the other."""
    before: list[int] = []
    last = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        row = [i]
        for j, b in enumerate(right, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word nearest to `word`, or None when none is near enough to be what was meant."""
    folded = word.casefold().replace("-", "_")
    best: tuple[int, str] | None = None
    for candidate in known:
        allowed = 1 + len(candidate) // 5
        if abs(len(folded) - len(candidate)) > allowed:
            continue
        found = distance(folded, candidate.casefold().replace("-", "_"))
        if found <= allowed and (best is None or found < best[0]):
            best = (found, candidate)
    return best[1] if best else None


def nearest(word: str, known: Sequence[str], most: int = 3) -> tuple[str, ...]:
    """Return the known words that were probably meant, at most so many.

    They are those that begin so; else the one that is spelt nearly so; else those that have it within them.
    """
    small, says_something = word.casefold(), len(word) >= _LEAST
    longer = tuple(one for one in known if says_something and one.casefold().startswith(small))
    if longer:
        return longer[:most]
    found = closest(word, known)
    if found is not None:
        return (found,)
    return tuple(one for one in known if says_something and small in one.casefold())[:most]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` or nothing, to end a sentence with."""
    meant = closest(word, known)
    return f"; did you mean {meant!r}?" if meant else ""
