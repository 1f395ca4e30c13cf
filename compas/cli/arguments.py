"""Derives a command's arguments from an operation's description, and the request from what was typed."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NoReturn

from compas.cli.operations import Operation, Parameter
from compas.cli.terminal import columns, tell
from compas.cli.values import number, one_of, whole_number
from compas.config.locate import expand_home
from compas.errors import CompasError
from compas.text import alternatives

_NOUNS = {
    "to": "AGENT",
    "body": "TEXT",
    "thread_id": "THREAD",
    "execution_id": "EXECUTION",
    "which": "N",
    "batch_id": "BATCH",
    "op_id": "MERGE",
    "since_reference": "REF",
    "reference": "REF",
    "scheduled_for": "TIME",
    "accept_target": "COMMIT",
}
"""What a value is called in help texts where its field's name would say less."""

_NUMBERS: dict[str, Callable[[str], float]] = {"int": whole_number, "float": number}


class InputError(CompasError):
    """What was given to the command cannot be used."""


class _Layout(argparse.HelpFormatter):
    """Breaks lines between words, never within one that is to be typed, such as `changes-requested`."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        import textwrap  # as argparse does: only help needs it

        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)


class _LayoutAsWritten(_Layout, argparse.RawDescriptionHelpFormatter):
    """Leaves the lines of descriptions as they are."""


class CommandParser(argparse.ArgumentParser):
    """A parser of one command: no abbreviated flags, and the options that all commands share."""

    def __init__(self, command: str, doc: str, details: str = "") -> None:
        self._typed: Sequence[str] = ()
        layout = _LayoutAsWritten if "\n" in details else _Layout
        super().__init__(
            prog=f"compas {command}",
            description=doc,
            epilog=details or None,
            allow_abbrev=False,
            exit_on_error=False,
            # argparse makes a formatter for every argument, and loads compression libraries to find its width.
            formatter_class=partial(layout, width=columns(os.environ) - 2),
        )
        self.add_argument(
            "--config", metavar="P", help="configuration file (default: COMPAS_CONFIG, else ~/.compas/config.yaml)"
        )

    def parse_args(self, args: Sequence[str]) -> argparse.Namespace:  # type: ignore[override]
        """Return what was typed; what cannot be understood ends the process with one sentence and status 2."""
        self._typed = args
        try:
            given, rest = self.parse_known_args(args)
        except argparse.ArgumentError as error:
            from compas.cli.wrong_usage import unusable

            self.error(unusable(error, self._nouns()))
        if rest:
            from compas.cli.wrong_usage import unexpected

            places = self._get_positional_actions()
            last = places[-1] if places else None
            if last is None:
                self.error(unexpected(rest))
            self.error(unexpected(rest, str(last.metavar), getattr(given, last.dest)))
        return given

    def error(self, message: str) -> NoReturn:
        """End the process with what is wrong, in one sentence, and where help is."""
        from compas.cli.wrong_usage import missing, unknown_option, with_help

        # A misspelt option is what is wrong, also where argparse finds that the right one is missing.
        wrong = unknown_option(self._typed, self._option_string_actions) or missing(message) or message
        tell(with_help(wrong, self.prog))
        self.exit(2)

    def _nouns(self) -> dict[str, str]:
        """Return what the value of each option is called."""
        return {
            option: str(action.metavar or action.dest.upper()) for option, action in self._option_string_actions.items()
        }

    def add_client_options(self) -> None:
        """Add what every command that asks the supervisor takes."""
        self.add_argument("--json", action="store_true", help="write the answer as JSON, a stream as one object a line")
        self.add_argument("--no-start", action="store_true", help="start no supervisor when none is running")


def add_parameters(parser: argparse.ArgumentParser, operation: Operation, without: tuple[str, ...] = ()) -> None:
    """Give the parser an argument for each field of the request, but for those named in `without`."""
    for parameter in operation.parameters:
        if parameter.name not in without:
            _add(parser, parameter)


def request_from(
    operation: Operation, given: argparse.Namespace, parser: argparse.ArgumentParser, **more: object
) -> dict[str, Any]:
    """Make the request from parsed arguments, and from `more`, which has values of fields left out above.

    Ends the process like any usage error when a value is out of the declared range.
    """
    values: dict[str, Any] = {}
    for parameter in operation.parameters:
        value: Any = more.get(parameter.name, getattr(given, parameter.name, None))
        if value is None:
            value = parameter.default
        elif isinstance(value, str):
            value = _sendable(parameter, value)
        elif parameter.type in _NUMBERS:
            _check_range(parser, parameter, value)
        values[parameter.wire_name] = value
    return values


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
    """Return what is sent for an argument. The supervisor is in another directory, so a path starts at the root; what
    can only be a name stays as it is."""
    checked = _checked_text(text)
    is_path = parameter.is_path and ("/" in checked or checked.startswith((".", "~")))
    return os.path.realpath(expand_home(checked, os.environ)) if is_path else checked


def _checked_text(text: str) -> str:
    """Refuse an argument whose bytes are no text: it could not be sent. Raises InputError."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"the argument {text!r} is not valid UTF-8; check the terminal's encoding") from error
    return text


def _add(parser: argparse.ArgumentParser, parameter: Parameter) -> None:
    if parameter.flag is None:
        number = {} if parameter.required else {"nargs": "?"}
        noun = _NOUNS.get(parameter.name, parameter.name.upper())
        doc, read = parameter.doc, str if not parameter.choices else one_of(parameter.choices)
        if parameter.choices:
            doc += f": {alternatives(parameter.choices)}"
        parser.add_argument(parameter.name, metavar=noun, help=doc, type=read, **number)  # type: ignore[arg-type]
        return
    flags = [flag for flag in (parameter.short, parameter.flag) if flag]
    if parameter.type == "bool":
        parser.add_argument(*flags, dest=parameter.name, action="store_true", help=parameter.doc)
        return
    default = "" if parameter.default is None else f" (default: {_plain(parameter.default)})"
    parser.add_argument(
        *flags,
        dest=parameter.name,
        metavar=f"{{{','.join(parameter.choices)}}}" if parameter.choices else _value_noun(parameter),
        required=parameter.required,
        type=one_of(parameter.choices) if parameter.choices else _NUMBERS.get(parameter.type, str),
        help=parameter.doc + default.replace("%", "%%"),
    )


def _value_noun(parameter: Parameter) -> str:
    if parameter.type in _NUMBERS:
        return "SECONDS" if parameter.name.endswith("_secs") else "N"
    return _NOUNS.get(parameter.name, "TEXT" if parameter.name in ("summary", "note") else parameter.name.upper())


def _plain(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _check_range(parser: argparse.ArgumentParser, parameter: Parameter, value: float) -> None:
    """End with a usage error that names the argument when a number is out of its range."""
    if parameter.least is not None and not value >= parameter.least:
        _refuse(parser, parameter, f"at least {_plain(parameter.least)}", value)
    if parameter.most is not None and not value <= parameter.most:
        _refuse(parser, parameter, f"at most {_plain(parameter.most)}", value)


def _refuse(parser: argparse.ArgumentParser, parameter: Parameter, wanted: str, found: float) -> NoReturn:
    argument = parameter.flag or _NOUNS.get(parameter.name, parameter.name)
    parser.error(f"{argument} has to be {wanted}, found {_plain(found)}")
