"""Says in one sentence what is wrong with a command line and what would be right; loaded only when something is."""

import argparse
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence

from compas.suggest import closest, did_you_mean

_MISSING = "the following arguments are required: "
_NEGATIVE = re.compile(r"-\d|-\.\d")
FREE_TEXT = frozenset({"TEXT", "MESSAGE"})
"""What is called so is a sentence, which a shell takes apart unless it is quoted."""
_VALUE_MISSING = frozenset({"expected one argument", "expected at least one argument"})
_VALUE_IGNORED = "ignored explicit argument"
_RIVAL = re.compile(r"not allowed with argument (.+)")


def unknown_option(args: Sequence[str], known: Iterable[str]) -> str | None:
    """Return what to say of the first argument that looks like an option and is none; None when there is none.

    `args` end at `--`. What holds a space, and a negative number, is a value.
    """
    options = list(known)
    for given in args:
        if given == "--":
            return None
        name = given.partition("=")[0]
        if not given.startswith("-") or given == "-" or " " in given or _NEGATIVE.match(given) or name in options:
            continue
        return f"there is no option {name}{_meant(name, options)}"
    return None


def _meant(name: str, options: Sequence[str]) -> str:
    """Suggest the option that is spelt nearly so, or the one that begins so."""
    spelt = {option.lstrip("-"): option for option in options if option.startswith("--")}
    if near := closest(name.lstrip("-"), spelt):
        return f"; did you mean {spelt[near]}?"
    longer = [one for one in options if name.startswith("--") and one.startswith(name)]
    return f"; did you mean {' or '.join(longer)}?" if longer else ""


def unexpected(rest: Sequence[str], last: str | None = None, taken: object = None) -> str:
    """Say what is wrong with arguments left over behind the positional one called `last`, which has taken one."""
    if last in FREE_TEXT:
        return f"{last} is one argument, so put it in quotes: {_quoted(' '.join([str(taken), *rest]))}"
    return f"{rest[0]!r} is one argument too many"


def _quoted(text: str) -> str:
    """Quote a text for a shell, as a person would."""
    return shlex.quote(text) if set(text) & set('"$`\\!') else f'"{text}"'


def unusable(error: argparse.ArgumentError, nouns: Mapping[str, str]) -> str:
    """Say what is wrong with the value of one argument; `nouns` tell what an option's value is called."""
    name = error.argument_name or "an argument"
    name = name.rpartition("/")[2]
    if error.message in _VALUE_MISSING:
        return f"{name} needs a value: {name} {nouns.get(name, 'VALUE')}"
    if error.message.startswith(_VALUE_IGNORED):
        return f"{name} takes no value"
    if other := _RIVAL.fullmatch(error.message):
        return f"{name} and {other[1]} cannot be given together; choose one"
    return f"{name} {error.message}"


def missing(message: str) -> str | None:
    """Say what is missing, when that is what argparse complains of."""
    if not message.startswith(_MISSING):
        return None
    *others, last = message.removeprefix(_MISSING).split(", ")
    return f"{', '.join(others)} and {last} are missing" if others else f"{last} is missing"


def with_help(wrong: str, program: str) -> str:
    """Return the sentence with where help is."""
    return f"error: {wrong}{'' if wrong.endswith('?') else '.'} See `{program} --help`."


def unknown_command(name: str, known: Iterable[str]) -> str:
    """Say that there is no such command, and which was probably meant."""
    return f"there is no command {name!r}{did_you_mean(name, known)}"
