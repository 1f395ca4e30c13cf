"""Turns the command lines in compas's own sentences into calls of tools: a model has no shell to type them into."""

import re
from collections.abc import Iterator

import msgspec

from compas.api.operation import Operation, Parameter, parameters
from compas.gateway.parameters import is_object, offered
from compas.gateway.tools import BY_OPERATION, Tool

_COMMAND = re.compile(r"\bcompas ([a-z]+(?:-[a-z]+)*)\b")
_WORD = re.compile(r""" +('[^']*'|"[^"]*"|[^\s,;:.`()'"]+(?:[.:][^\s,;:.`()'"]+)*)""")
_PROSE = re.compile(r"[a-z]{2,}")
"""A bare word in small letters behind a command goes on with the sentence. So may a thread of that name."""

_PLACEHOLDERS = ("AGENT", "TEXT", "THREAD")
"""What a sentence writes where the reader knows the value."""


def in_tools(text: str) -> str:
    """Return the text with each command that is a tool written as a call of it; other commands are the operator's."""
    parts: list[str] = []
    done = 0
    for found in _COMMAND.finditer(text):
        tool = BY_OPERATION.get(found.group(1).replace("-", "_"))
        if tool is None or found.start() < done:
            continue
        arguments, end = _arguments(tool, text, found.end())
        parts += [text[done : found.start()], tool.name, f"({', '.join(arguments)})" if arguments else ""]
        done = end
    return "".join([*parts, text[done:]])


def _arguments(tool: Tool, text: str, at: int) -> tuple[list[str], int]:
    """Read arguments as long as they are some; return them as a call has them, and where the sentence goes on."""
    operation = tool.operation
    flags = {_flag(operation, one): one for one in parameters(operation.request)}
    shown = {one.wire_name for one in offered(tool)}
    positional = iter(operation.positional)
    arguments: list[str] = []
    words = _words(text, at)
    for word, end in words:
        if word.startswith("-"):
            if (parameter := flags.get(word)) is None:
                if word == "-f":
                    at = end  # `log -f`: a tool answers once
                    continue
                break
            value = "{}" if is_object(parameter) else "true"
            if parameter.type is not bool and not is_object(parameter):
                value, end = next(words, ("", end))
        else:
            name = None if _PROSE.fullmatch(word) else next(positional, None)
            parameter = next((one for one in parameters(operation.request) if one.name == name), None)
            if parameter is None:
                break
            value = word
        at = end
        if parameter.wire_name in shown:
            arguments.append(f"{parameter.wire_name}={_literal(parameter, value)}")
    return arguments, at


def _words(text: str, at: int) -> Iterator[tuple[str, int]]:
    while found := _WORD.match(text, at):
        at = found.end()
        yield found.group(1), at


def _flag(operation: Operation[msgspec.Struct, msgspec.Struct], parameter: Parameter) -> str:
    return operation.flags.get(parameter.name) or "--" + parameter.name.replace("_", "-")


def _literal(parameter: Parameter, value: str) -> str:
    if parameter.type in (int, float, bool) or is_object(parameter):
        return value
    bare = value.strip("'\"")
    return bare if bare in _PLACEHOLDERS else f'"{bare}"'
