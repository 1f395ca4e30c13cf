"""Reads values from JSON that a CLI printed, lenient about whatever is missing or of another type."""

import math
import re
from typing import Any

import msgspec

_ESCAPE = re.compile(
    r"\\(?:(?P<pair>u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
"""What stands behind a backslash: a pair of surrogates, half of one, or anything else."""
_HALF = re.compile("[\ud800-\udfff]")
_LARGEST = 2**53
"""Numbers beyond this are no counts; JSON could not carry them exactly either."""


def decode_object(text: str) -> dict[str, Any] | None:
    """Return the object that a text is in JSON; None when it is another value, or no JSON."""
    found = decode_value(text)
    return found if isinstance(found, dict) else None


def decode_value(text: str) -> object:
    """Return what a text is in JSON, None where it is none. Half a surrogate pair in it is read as U+FFFD.

    A CLI prints such halves where it cuts a text in the middle of an emoji, or where its model has written them.
    """
    try:
        found: object = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        mended = mend_halves(text)
        return None if mended == text else decode_value(mended)
    return found


def mend_halves(text: str) -> str:
    """Return JSON with U+FFFD in place of each half of a surrogate pair, escaped or not; all else as it is."""
    return _HALF.sub("\N{REPLACEMENT CHARACTER}", _ESCAPE.sub(_mended, text))


def _mended(found: re.Match[str]) -> str:
    return found.group() if found["half"] is None else r"\ufffd"


def text_of(found: dict[str, Any], key: str) -> str:
    """Return a text; the empty one in place of anything else."""
    value = found.get(key)
    return value if isinstance(value, str) else ""


def object_of(found: dict[str, Any], key: str) -> dict[str, Any]:
    """Return an object; the empty one in place of anything else."""
    value = found.get(key)
    return value if isinstance(value, dict) else {}


def count_of(found: dict[str, Any], key: str) -> int | None:
    """Return a whole number that is not negative, else None."""
    value = found.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LARGEST else None


def amount_of(found: dict[str, Any], key: str) -> float | None:
    """Return a number that is not negative, else None."""
    value = found.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and 0 <= value < _LARGEST else None
