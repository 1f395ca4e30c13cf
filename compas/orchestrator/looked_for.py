"""Reads the words that a person looks for in a list."""

from actors.remote.errors import CallError

MOST_WORDS = 20


def words_to_find(text: str | None) -> tuple[str, ...]:
    """Return the words of a text, with small ASCII letters: those are what SQLite knows the cases of.

    Raises CallError where they are more than any row can need.
    """
    words = (text or "").encode().lower().decode().split()
    if len(words) > MOST_WORDS:
        raise CallError("invalid", f"{len(words)} words are too many to look for; {MOST_WORDS} are enough for any row")
    return tuple(words)
