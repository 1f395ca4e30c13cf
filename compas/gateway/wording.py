"""Writes advice as calls of tools: a model has no shell to type commands into."""

import msgspec

from compas.api.advice import as_command, in_words
from compas.domain.advice import Advice, Argument, Placeholder, Said
from compas.gateway.parameters import is_object, offered
from compas.gateway.tools import BY_OPERATION


def in_tools(said: Said) -> str:
    """Return what is said, with its advice as calls of tools."""
    return in_words(said, as_call)


def as_call(advice: Advice) -> str:
    """Return the call that carries out the advice; what is no tool is a command of the operator's."""
    tool = BY_OPERATION.get(advice.operation)
    if tool is None:
        return as_command(advice)
    shown = {one.wire_name: is_object(one) for one in offered(tool)}
    given = [
        f"{name}={'{}' if shown[name] else _literal(value)}"
        for name, value in advice.arguments.items()
        if name in shown
    ]
    return f"{tool.name}({', '.join(given)})" if given else tool.name


def _literal(value: Argument) -> str:
    return value.name if isinstance(value, Placeholder) else msgspec.json.encode(value).decode()
