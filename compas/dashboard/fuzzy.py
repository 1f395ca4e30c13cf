"""Finds what a person means by a few letters, in their order: best where words begin or letters adjoin. Pure."""

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")

_AT_A_WORD, _ADJOINING, _GAP = 8, 5, 1


def score(typed: str, text: str) -> int | None:
    """Return how well a text fits what was typed, the more the better; None where it does not."""
    total, last = 0, -1
    lowered = text.casefold()
    for letter in typed.casefold():
        if letter == " ":
            continue
        at = _best(letter, lowered, last)
        if at < 0:
            return None
        if at == 0 or not lowered[at - 1].isalnum():
            total += _AT_A_WORD
        elif at == last + 1:
            total += _ADJOINING
        total -= _GAP * min(5, at - last - 1)
        last = at
    return total


def _best(letter: str, text: str, last: int) -> int:
    """Return where the letter is taken to stand: right behind the last one, else at a word, else anywhere."""
    following = text.find(letter, last + 1)
    if following == last + 1:
        return following
    at = following
    while at >= 0:
        if not text[at - 1].isalnum():
            return at
        at = text.find(letter, at + 1)
    return following


def ranked(typed: str, found: Iterable[T], name: Callable[[T], str], words: Callable[[T], str]) -> list[T]:
    """Return what fits, best first. A name that fits goes before words that do; what fits alike keeps its order."""
    if not typed.strip():
        return list(found)
    scored: list[tuple[int, int, T]] = []
    for one in found:
        by_name, in_words = score(typed, name(one)), _in_words(typed, words(one))
        if by_name is not None:
            scored.append((0, -by_name, one))
        elif in_words:
            scored.append((1, 0, one))
    return [one for _, _, one in sorted(scored, key=lambda item: item[:2])]


def _in_words(typed: str, text: str) -> bool:
    lowered = text.casefold()
    return all(part in lowered for part in typed.casefold().split())
