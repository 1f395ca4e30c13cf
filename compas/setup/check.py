"""What a check of the doctor comes to."""

from typing import Literal

import msgspec

Status = Literal["pass", "warn", "fail"]
"""warn: it works, but not as well as it could, or not yet; fail: something cannot work."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at: what was found, line by line where it is much, and what to do about it.

    A hint is a command, or a sentence with one in it.
    """

    name: str
    status: Status
    detail: str
    lines: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


def passed(name: str, detail: str) -> Check:
    """Return a check that found nothing to complain of."""
    return Check(name=name, status="pass", detail=detail)


def warned(name: str, detail: str, *hints: str) -> Check:
    """Return a check that found something worth knowing."""
    return Check(name=name, status="warn", detail=detail, hints=hints)


def failed(name: str, detail: str, *hints: str) -> Check:
    """Return a check that found something that cannot work."""
    return Check(name=name, status="fail", detail=detail, hints=hints)
