"""How a thread that nobody has named is called: by the first words of its task, so that people can say and type it."""

import re
import unicodedata
from collections.abc import Container, Iterator

LONGEST_NAME = 40
"""Characters of a name before its number."""
NAMELESS = "task"
"""What a thread is called whose task has no word that a name can be made of."""
MOST_NUMBERS = 99
_SAID_FOR_OTHERS = frozenset({"merge", "message", "last"})
"""Words that mean something else where a thread may be named: `compas wait merge`."""
_ARTICLES = frozenset({"a", "an", "the"})
_REDACTED = re.compile(r"\[redacted[^\]]*\]?", re.IGNORECASE)
_WORD = re.compile(r"[a-z0-9]+")


def name_from(task: str) -> str:
    """Return a name made of a task: lower case ASCII letters, digits and `-`, at most `LONGEST_NAME` characters.

    Only the first line with words is read. Secrets are to be redacted before, since a name is shown everywhere; what
    stands in their place is left out.
    """
    for line in task.splitlines():
        words = [word for word in _WORD.findall(_plain(_REDACTED.sub(" ", line))) if word not in _ARTICLES]
        if words:
            return _usable(_joined(words))
    return NAMELESS


def names(name: str, taken: Container[str]) -> Iterator[str]:
    """Yield what a thread may be called, best first: the name, then with a number, without those that are taken."""
    numbered = (f"{name}-{number}" for number in range(2, MOST_NUMBERS + 1))
    yield from (one for one in (name, *numbered) if one not in taken)


def _plain(text: str) -> str:
    """Write letters with accents without them; apostrophes go, so that "don't" stays one word."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in parts if not unicodedata.combining(char) and char not in "'’")


def _joined(words: list[str]) -> str:
    """Join as many words as there is room for; a first one that is too long is cut."""
    name = words[0][:LONGEST_NAME]
    for word in words[1:]:
        longer = f"{name}-{word}"
        if len(longer) > LONGEST_NAME:
            break
        name = longer
    return name


def _usable(name: str) -> str:
    """Keep out of the way of names that mean something else (`THREAD_ID_FORM`)."""
    if name in _SAID_FOR_OTHERS or name.startswith("merge-"):
        return f"{NAMELESS}-{name}"
    return name
