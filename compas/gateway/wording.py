"""Writes advice as calls of tools: a model has no shell to type commands into."""

from functools import partial

import msgspec

from compas.api.advice import as_command, in_words
from compas.domain.advice import Advice, Argument, Placeholder, Said
from compas.domain.specs import ToolSet
from compas.gateway.parameters import is_object, offered
from compas.gateway.tool_list import is_listed
from compas.gateway.tools import BY_OPERATION


def in_tools(said: Said, which: ToolSet = "all") -> str:
    """Return what is said, with its advice as calls of the tools that a client is told of."""
    return in_words(said, partial(as_call, which=which))


def as_call(advice: Advice, which: ToolSet) -> str:
    """Return the call that carries out the advice; what is no tool of the set is written as a command."""
    tool = BY_OPERATION.get(advice.operation)
    if tool is None or not is_listed(tool, which):
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
