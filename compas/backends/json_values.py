"""Reads values from JSON that a CLI printed, lenient about whatever is missing or of another type."""

import math
from typing import Any

import msgspec

_LARGEST = 2**53
"""Numbers beyond this are no counts; JSON could not carry them exactly either."""


def decode_object(text: str) -> dict[str, Any] | None:
    """Return the object that a text is in JSON; None when it is another value, or no JSON."""
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None
    return found if isinstance(found, dict) else None


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
