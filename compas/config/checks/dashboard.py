"""Checks of the dashboard's own section."""

from collections.abc import Iterator

from compas.config.checks.draft import Draft, Problem, error
from compas.domain.dashboard_keys import RESERVED, read_key


def keys(draft: Draft) -> Iterator[Problem]:
    """Each command has a key that can be pressed, and that neither the dashboard nor another command has."""
    taken: dict[str, str] = {}
    for index, one in enumerate(draft.file.dashboard.commands):
        path = ("dashboard", "commands", index, "key")
        key = read_key(one.key)
        if key is None:
            sentence = f"{one.key!r} is no key for a command; write one character, `ctrl-` and a letter, or f1 to f12"
            yield error(path, sentence)
        elif key in RESERVED:
            yield error(path, f"{one.key!r} is a key of the dashboard itself (docs/hotkeys.md); take another one")
        elif key in taken:
            yield error(path, f"{one.key!r} is the key of the command {taken[key]!r} already; take another one")
        else:
            taken[key] = one.command
