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

IDS = ("thread_id", "execution_id", "op_id", "batch_id")
"""What `id` means where a tool cannot do without it."""

_INTEGER = re.compile(r"\+?[0-9]{1,40}")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PATH = re.compile(r" - at `\$(?:\.(\w+))?[^`]*`")
_BOUND = re.compile(r"Expected (?:int|float) (>=|<=) (\S+)")
_TYPE = re.compile(r"Expected (\w+)(?: \| null)?, got (\w+)")
_NOUNS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "text",
    "object": "an object",
    "array": "a list",
}
_WORDS = {"true": True, "false": False}


class ParameterError(CompasError):
    """A parameter of a tool is not known, missing, or of no use."""


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What a tool was given: the operation's request, and the parameters of its own, if it has any."""

    request: Any
    beside: Any = None


def read(tool: Tool, arguments: Mapping[str, object]) -> Given:
    """Make the request from a model's arguments. Raises ParameterError.

    Null counts as absent. A number, true and false, and an object may be written as strings, and a parameter may go by
    its name elsewhere, in `camelCase` or with hyphens.
    """
    known = {one.wire_name: one for one in offered(tool)}
    strange = [name for name in arguments if _meant(name, known) is None]
    if strange:
        raise _unknown(tool, strange[0], known)
    values = _values(tool.name, known, arguments)
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


def _values(owner: str, known: Mapping[str, Parameter], given: Mapping[str, object]) -> Values:
    """Return what was given, by the names of the parameters; `owner` has these: a tool, or an object among its own.

    A name that nobody knows stays as it is, and makes no request.
    """
    values: Values = {}
    for name, value in given.items():
        meant = _meant(name, known) or name
        if value is None:
            continue
        if meant in values:
            raise ParameterError(f"{owner} was given {meant} twice, once as {name}; give it once")
        read_value = _value(owner, known[meant], value) if meant in known else value
        if read_value is not None:
            values[meant] = read_value
    return values


def _meant(given: str, known: Mapping[str, Parameter]) -> str | None:
    """Return the parameter that goes by a name, or None where there is none, or more than one."""
    if given in known:
        return given
    written = _HUMP.sub("_", given).lower().replace("-", "_")
    names = {written}.union(*(group for group in SYNONYMS if written in group))
    if written == "id":
        names.update(name for name in IDS if name in known and known[name].required)
    meant = names & known.keys()
    return meant.pop() if len(meant) == 1 else None


def _unknown(tool: Tool, given: str, known: Mapping[str, Parameter]) -> ParameterError:
    near = difflib.get_close_matches(given, known, n=2)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    takes = f"it takes {', '.join(known)}" if known else "it takes none"
    return ParameterError(f"{tool.name} has no parameter {given}; {hint}{takes}. Nothing was done")


def _value(owner: str, parameter: Parameter, value: object) -> object:
    """Return a value as its parameter needs it; None when an empty one says nothing."""
    if parameter.type in (int, float):
        return _number(parameter, value)
    if is_object(parameter):
        return _object(owner, parameter, value)
    if parameter.type is bool and isinstance(value, str):
        return _WORDS.get(value.strip().lower(), value)
    if parameter.type is str and isinstance(value, int) and not isinstance(value, bool):
        return str(value)  # such as the number of a message
    return value


def is_object(parameter: Parameter) -> bool:
    """Say whether a parameter has fields of its own."""
    return isinstance(parameter.type, type) and issubclass(parameter.type, msgspec.Struct)


def _object(owner: str, parameter: Parameter, value: object) -> object:
    """Read an object, which may be written as a string of JSON; true is one with all by default, false is none."""
    name = f"{parameter.wire_name} of {owner}"
    found = _from_json(value) if isinstance(value, str) else value
    if found is None or found is False:
        return None
    if found is True:
        return {}
    if not isinstance(found, dict):
        raise ParameterError(f"{name} has to be an object, found {shown(str(value))}; nothing was done")
    assert isinstance(parameter.type, type)
    return _values(name, {one.wire_name: one for one in parameters(parameter.type)}, found)


def _from_json(text: str) -> object:
    """Return what a text holds as JSON, or the text; an empty one holds nothing."""
    try:
        found: object = msgspec.json.decode(text) if text.strip() else None
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return text
    return found


def _number(parameter: Parameter, value: object) -> object:
    """Return a whole number (b-mcp-cli-merge 34). A `limit` above the most that there is to get is lowered to it."""
    name = parameter.wire_name
    if value == "":
        return None
    number = _whole(value)
    if number is None:
        raise ParameterError(f"{name} has to be a whole number, found {shown(str(value))}; nothing was done")
    return min(number, parameter.most) if name == "limit" and parameter.most is not None else number


def _whole(value: object) -> int | None:
    match value:
        case str() if _INTEGER.fullmatch(value.strip()):
            return int(value)
        case float() if value.is_integer():
            return int(value)
        case int() if not isinstance(value, bool):
            return value
    return None


def in_words(reason: str) -> str:
    """Return why msgspec refuses a value, as the command line says it."""
    if found := _BOUND.fullmatch(reason):
        return f"has to be {'at least' if found[1] == '>=' else 'at most'} {found[2]}"
    if found := _TYPE.fullmatch(reason):
        wanted, got = (_NOUNS.get(kind, kind) for kind in found.groups())
        return f"has to be {wanted}, found {got}"
    return f"cannot be used: {reason}"


def _convert(tool: Tool, declared: type[Declared], names: Collection[str], values: Values) -> Declared:
    try:
        return msgspec.convert({name: value for name, value in values.items() if name in names}, declared)
    except msgspec.ValidationError as error:
        found = _PATH.search(str(error))
        name = found.group(1) if found and found.group(1) else "a parameter"
        reason = in_words(_PATH.sub("", str(error)).replace("`", ""))
        raise ParameterError(f"{name} of {tool.name} {reason}; nothing was done") from error
