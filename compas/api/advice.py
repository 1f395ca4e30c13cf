"""Writes advice as commands, and sentences in whatever way a client writes advice."""

import shlex
from collections.abc import Callable, Mapping
from operator import is_
from typing import Any, Final

import msgspec

from compas.api.catalogue import BY_NAME
from compas.api.operation import SHORT, flag
from compas.domain.advice import Advice, Argument, Placeholder, Said, Sentence

Write = Callable[[Advice], str]
"""How a client writes one piece of advice."""

SENTENCES_AS_DATA: Final = {"sentences": "data"}
"""Said beside a request by a client that writes advice in its own way. Any other reads commands."""


def wants_data(meta: Mapping[str, str]) -> bool:
    """Say whether a request asks for sentences as data."""
    return meta.items() >= SENTENCES_AS_DATA.items()


def as_command(advice: Advice) -> str:
    """Return the line that carries out the advice in a shell, or only names the command."""
    words = ["compas", advice.operation.replace("_", "-")]
    operation = BY_NAME.get(advice.operation)
    if operation is None:  # a newer supervisor's
        return " ".join(words)
    given = dict(advice.arguments)
    words += [SHORT[name] for name in list(given) if name in SHORT and given.pop(name)]
    words += [_word(given.pop(name)) for name in operation.positional if name in given]
    for name, value in given.items():
        words += [flag(operation, name)] if value is True else [flag(operation, name), _word(value)]
    return " ".join(words)


def _word(value: Argument) -> str:
    return value.name if isinstance(value, Placeholder) else shlex.quote(str(value))


def in_words(said: Said, write: Write) -> str:
    """Return what is said, with its advice written out."""
    if isinstance(said, str):
        return said
    return "".join(write(part) if isinstance(part, Advice) else part for part in said.parts)


def in_commands(said: Said) -> str:
    """Return what is said, with its advice as commands."""
    return in_words(said, as_command)


def all_in_words(answer: Any, write: Write) -> Any:  # noqa: ANN401 - an answer, or anything that stands in one
    """Return an answer with every sentence in it written out."""
    match answer:
        case Sentence():
            return in_words(answer, write)
        case tuple():
            ones = tuple(all_in_words(one, write) for one in answer)
            return answer if all(map(is_, ones, answer)) else ones
        case msgspec.Struct():
            fields = {name: getattr(answer, name) for name in answer.__struct_fields__}
            written = {name: all_in_words(value, write) for name, value in fields.items()}
            changed = {name: value for name, value in written.items() if value is not fields[name]}
            return msgspec.structs.replace(answer, **changed) if changed else answer
        case _:
            return answer
