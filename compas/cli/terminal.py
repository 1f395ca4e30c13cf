"""Where a command's words go: standard output for the answer, standard error for everything about it."""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import TextIO

from compas.cli.render.text import Style, neutral
from compas.client.answer import in_json
from compas.clock import wall_clock

_USUAL = 80


def output_style(environ: Mapping[str, str]) -> Style:
    """Return how to write on standard output: cut, coloured and neutralised only where that is a terminal."""
    is_screen = sys.stdout.isatty()
    plain = bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
    return Style(
        now=wall_clock(),
        is_screen=is_screen,
        has_colour=is_screen and not plain,
        width=max(20, columns(environ)),
    )


def columns(environ: Mapping[str, str]) -> int:
    """Return the width of the screen: COLUMNS, else what the terminal says, else 80."""
    given = environ.get("COLUMNS", "")
    if given.isdecimal() and int(given) > 0:
        return int(given)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or _USUAL  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):
        return _USUAL


def prepare_streams() -> None:
    """Let no character that the terminal's encoding lacks end a command."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def write(text: str, end: str = "\n") -> None:
    """Write to standard output, at once. Raises BrokenPipeError when nobody reads it any more."""
    sys.stdout.write(text + end)
    sys.stdout.flush()


def write_json(value: object) -> None:
    """Write a value as one line of JSON."""
    write(in_json(value))


def tell(text: str) -> None:
    """Say something on standard error; when even that is closed, there is nobody to tell."""
    with suppress(OSError, ValueError):
        sys.stderr.write(_shown(text, sys.stderr) + "\n")
        sys.stderr.flush()


def give_up_output() -> None:
    """Throw away what standard output still holds, so that the interpreter does not complain of it at its end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _shown(text: str, stream: TextIO) -> str:
    return neutral(text, keep="\n\t") if stream.isatty() else text
