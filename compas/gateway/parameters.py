"""Reads what a model gave a tool: leniently where its meaning is clear, and refused by name where it is not."""

import difflib
import re
from collections.abc import Collection, Mapping
from typing import Any, TypeVar

import msgspec

from compas.api.operation import Parameter, parameters
from compas.domain.ids import shown
from compas.errors import CompasError
from compas.gateway.tool import Tool

Values = dict[str, Any]
Declared = TypeVar("Declared", bound=msgspec.Struct)

SYNONYMS: tuple[frozenset[str], ...] = (
    frozenset({"batch", "batch_id"}),
    frozenset({"to", "agent", "alias", "agent_alias"}),
    frozenset({"since", "since_reference"}),
    frozenset({"after", "since_event_index"}),
    frozenset({"timeout", "timeout_secs"}),
    frozenset({"thread", "thread_id"}),
    frozenset({"execution", "execution_id"}),
    frozenset({"op", "op_id"}),
    frozenset({"target", "target_branch"}),
)
"""Names that other tools, the command line or the original have for the same thing (b-mcp-cli-merge 1.4)."""

INSTEAD: dict[tuple[str, str], str] = {
    ("orch_execution_events", "since_timestamp"): "read on with after, the index of the last event that is known",
}
"""Parameters of the original that are not here, and what to do instead; passing them over would mislead."""

_INTEGER = re.compile(r"\+?[0-9]{1,40}")
_PATH = re.compile(r" - at `\$(?:\.(\w+))?[^`]*`")
_WORDS = {"true": True, "false": False}


class ParameterError(CompasError):
    """A parameter of a tool is not known, missing, or of no use."""


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What a tool was given: the operation's request, and the parameters of its own, if it has any."""

    request: Any
    beside: Any = None


def read(tool: Tool, arguments: Mapping[str, object]) -> Given:
    """Make the request from a model's arguments. Raises ParameterError.

    Null counts as absent, a number may be written as a string, and a parameter may go by its name elsewhere.
    """
    known = {one.wire_name: one for one in offered(tool)}
    values: Values = {}
    for given, value in arguments.items():
        name = _name(tool, given, known)
        if value is None:
            continue
        if name in values:
            raise ParameterError(f"{tool.name} was given {name} twice, once as {given}; give it once")
        read_value = _value(known[name], value)
        if read_value is not None:
            values[name] = read_value
    missing = [name for name, one in known.items() if one.required and name not in values]
    if missing:
        raise ParameterError(f"{tool.name} needs {' and '.join(missing)}; nothing was done")
    own = {one.wire_name for one in parameters(tool.beside)} if tool.beside is not None else set()
    return Given(
        request=_convert(tool, tool.operation.request, values.keys() - own, values),
        beside=_convert(tool, tool.beside, own, values) if tool.beside is not None else None,
    )


def offered(tool: Tool) -> tuple[Parameter, ...]:
    """Return every parameter that the tool takes."""
    requested = tuple(one for one in parameters(tool.operation.request) if one.name not in tool.hidden)
    return requested + (parameters(tool.beside) if tool.beside is not None else ())


def _name(tool: Tool, given: str, known: Mapping[str, Parameter]) -> str:
    if given in known:
        return given
    meant = [name for group in SYNONYMS if given in group for name in group if name in known]
    if len(meant) == 1:
        return meant[0]
    if instead := INSTEAD.get((tool.name, given)):
        raise ParameterError(f"{tool.name} has no parameter {given}: {instead}. Nothing was done")
    near = difflib.get_close_matches(given, known, n=2)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    takes = f"it takes {', '.join(known)}" if known else "it takes none"
    raise ParameterError(f"{tool.name} has no parameter {given}; {hint}{takes}. Nothing was done")


def _value(parameter: Parameter, value: object) -> object:
    """Return a value as its parameter needs it; None when an empty one says nothing."""
    if parameter.type in (int, float):
        return _number(parameter.wire_name, value)
    if is_object(parameter) and value is True:
        return {}  # all by default
    if parameter.type is bool and isinstance(value, str):
        return _WORDS.get(value.strip().lower(), value)
    if parameter.type is str and isinstance(value, int) and not isinstance(value, bool):
        return str(value)  # such as the number of a message
    return value


def is_object(parameter: Parameter) -> bool:
    """Say whether a parameter has fields of its own."""
    return isinstance(parameter.type, type) and issubclass(parameter.type, msgspec.Struct)


def _number(name: str, value: object) -> object:
    """Return a whole number (b-mcp-cli-merge 34)."""
    if value == "":
        return None
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ParameterError(f"{name} has to be a whole number, found {shown(str(value))}; nothing was done")


def _convert(tool: Tool, declared: type[Declared], names: Collection[str], values: Values) -> Declared:
    try:
        return msgspec.convert({name: value for name, value in values.items() if name in names}, declared)
    except msgspec.ValidationError as error:
        found = _PATH.search(str(error))
        name = found.group(1) if found and found.group(1) else "a parameter"
        reason = _PATH.sub("", str(error)).replace("`", "")
        raise ParameterError(f"{name} of {tool.name}: {reason}; nothing was done") from error
