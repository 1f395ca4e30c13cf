"""Reads the values of arguments; what cannot be read is refused in the words that the supervisor and the tools use."""

import argparse
from collections.abc import Callable, Sequence

from compas.text import alternatives


def whole_number(text: str) -> int:
    """Read an argument that is a whole number."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"has to be a whole number, found {text!r}") from None


def number(text: str) -> float:
    """Read an argument that is a number."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"has to be a number, found {text!r}") from None


def one_of(choices: Sequence[str]) -> Callable[[str], str]:
    """Return what reads one of some words."""

    def read(text: str) -> str:
        if text not in choices:
            raise argparse.ArgumentTypeError(f"has to be {alternatives(choices)}, found {text!r}")
        return text

    return read
