"""Derives a command's arguments from an operation's declaration, and the request from what was typed."""

import argparse
import os
import re
import sys
from typing import Any, NoReturn, TypeVar

import msgspec

from compas.api.operation import SHORT, Operation, Parameter, flag, parameters
from compas.config.locate import expand_home
from compas.errors import CompasError

Req = TypeVar("Req", bound=msgspec.Struct)

_NOUNS = {
    "to": "AGENT",
    "body": "TEXT",
    "thread_id": "THREAD",
    "execution_id": "EXECUTION",
    "batch_id": "BATCH",
    "op_id": "MERGE",
    "since_reference": "REF",
    "reference": "REF",
    "scheduled_for": "TIME",
    "accept_target": "COMMIT",
}
"""What a value is called in help texts where its field's name would say less."""
_PATH = re.compile(r" - at `\$(?:\.(\w+))?[^`]*`")


class InputError(CompasError):
    """What was given to the command cannot be used."""


class CommandParser(argparse.ArgumentParser):
    """A parser of one command: no abbreviated flags, and the options that all commands share."""

    def __init__(self, command: str, doc: str, details: str = "") -> None:
        super().__init__(
            prog=f"compas {command}",
            description=doc,
            epilog=details or None,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter if "\n" in details else argparse.HelpFormatter,
        )
        self.add_argument(
            "--config", metavar="P", help="configuration file (default: COMPAS_CONFIG, else ~/.compas/config.yaml)"
        )

    def add_client_options(self) -> None:
        """Add what every command that asks the supervisor takes."""
        self.add_argument("--json", action="store_true", help="write the answer as JSON, a stream as one object a line")
        self.add_argument("--no-start", action="store_true", help="start no supervisor when none is running")


def add_parameters(
    parser: argparse.ArgumentParser, operation: Operation[Any, Any], without: tuple[str, ...] = ()
) -> None:
    """Give the parser an argument for each field of the request, but for those named in `without`."""
    for parameter in _in_order(operation):
        if parameter.name not in without:
            _add(parser, operation, parameter)


def request_from(
    operation: Operation[Req, Any], given: argparse.Namespace, parser: argparse.ArgumentParser, **more: object
) -> Req:
    """Make the request from parsed arguments, and from `more`, which has values of fields left out above.

    Ends the process like any usage error when a value is out of the declared range.
    """
    values = dict(more)
    for parameter in parameters(operation.request):
        value = getattr(given, parameter.name, None)
        if value is not None and parameter.name not in more:
            values[parameter.wire_name] = _sendable(parameter, value) if isinstance(value, str) else value
    try:
        return msgspec.convert(values, operation.request)
    except msgspec.ValidationError as error:
        _refuse(operation, parser, str(error))


def read_text(argument: str) -> str:
    """Return the argument, or what standard input holds when it is `-`. Raises InputError."""
    if argument != "-":
        return argument
    found = sys.stdin.buffer.read()
    try:
        return found.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"standard input is not UTF-8 at byte {error.start}; convert it first") from error


def _sendable(parameter: Parameter, text: str) -> str:
    """Return what is sent for an argument. The supervisor is in another directory, so a path starts at the root."""
    checked = _checked_text(text)
    return os.path.realpath(expand_home(checked, os.environ)) if parameter.is_path else checked


def _checked_text(text: str) -> str:
    """Refuse an argument whose bytes are no text: it could not be sent. Raises InputError."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"the argument {text!r} is not valid UTF-8; check the terminal's encoding") from error
    return text


def _in_order(operation: Operation[Any, Any]) -> list[Parameter]:
    """Return the positional parameters as the operation orders them, then the others as declared."""
    by_name = {parameter.name: parameter for parameter in parameters(operation.request)}
    return [by_name.pop(name) for name in operation.positional] + list(by_name.values())


def _add(parser: argparse.ArgumentParser, operation: Operation[Any, Any], parameter: Parameter) -> None:
    noun = _NOUNS.get(parameter.name, parameter.name.upper())
    if parameter.name in operation.positional:
        number = {} if parameter.required else {"nargs": "?"}
        parser.add_argument(parameter.name, metavar=noun, help=parameter.doc, **number)  # type: ignore[arg-type]
        return
    flags = [one for one in (SHORT.get(parameter.name), flag(operation, parameter.name)) if one]
    if parameter.type is bool:
        parser.add_argument(*flags, dest=parameter.name, action="store_true", help=parameter.doc)
        return
    default = "" if parameter.default is None else f" (default: {_plain(parameter.default)})"
    parser.add_argument(
        *flags,
        dest=parameter.name,
        metavar=None if parameter.choices else _value_noun(parameter),
        required=parameter.required,
        choices=parameter.choices or None,
        type=parameter.type if parameter.type in (int, float) else str,
        help=parameter.doc + default.replace("%", "%%"),
    )


def _value_noun(parameter: Parameter) -> str:
    if parameter.type in (int, float):
        return "SECONDS" if parameter.name.endswith("_secs") else "N"
    return _NOUNS.get(parameter.name, "TEXT" if parameter.name in ("summary", "note") else parameter.name.upper())


def _plain(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _refuse(operation: Operation[Any, Any], parser: argparse.ArgumentParser, reason: str) -> NoReturn:
    """End with a usage error that names the argument instead of the field."""
    found = _PATH.search(reason)
    field = found.group(1) if found else None
    names = {parameter.wire_name: parameter.name for parameter in parameters(operation.request)}
    if field is None or field not in names:
        parser.error(reason)
    name = names[field]
    argument = _NOUNS.get(name, name) if name in operation.positional else flag(operation, name)
    parser.error(f"argument {argument}: {_PATH.sub('', reason)}")
