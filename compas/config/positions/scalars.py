"""Which type a plain scalar has: the YAML 1.2 core rules, so that `yes` and `012` stay strings."""

import re
from typing import TypeAlias

Value: TypeAlias = str | int | float | bool | None

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,30})")
_PREFIXED = re.compile(r"[-+]?0(x[0-9a-fA-F]{1,16}|o[0-7]{1,22}|b[01]{1,64})")
_NEEDLESS_ZERO = re.compile(r"[-+]?0[0-9]")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,5})?")
_WORDS: dict[str, Value] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}


def typed(text: str) -> Value:
    """Return what a plain scalar means; text that is no other type means itself.

    Infinity and not-a-number come back as text: no key of the config has a use for them.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _PREFIXED.fullmatch(text):
        return int(text, 0)
    # A number that begins with a needless zero, such as 012, is a string, as it was for the original.
    if _FLOAT.fullmatch(text) and not _NEEDLESS_ZERO.match(text):
        return float(text)
    return text


def described(text: str, *, plain: bool) -> str:
    """Say what was found, for a message: `8080 (a number)`."""
    match typed(text) if plain else text:
        case None:
            return "nothing"
        case bool():
            return f"{text} (true or false)"
        case int() | float():
            return f"{text} (a number)"
    return f'"{shown(text)}" (a string)'


def shown(text: str) -> str:
    """Shorten a text for a message, and spell out what a terminal would act on."""
    short = text if len(text) <= 60 else text[:57] + "..."
    return short if short.isprintable() else short.encode("unicode_escape").decode()
