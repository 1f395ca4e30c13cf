"""Which keys of the dashboard are its own, and which a person may give to commands of theirs. Pure."""

import re
from typing import Literal

import msgspec

Scope = Literal["thread", "execution", "merge", "any"]
"""What has to be selected: a thread, one in which something was started, a merge, or nothing in particular."""

RESERVED = frozenset(
    [
        *"acdefgijklmnoqrstvwxyz",
        *"ACDGJKLNOPRSTXYZ",
        *"123456789",
        *"/:?[] ",
        *("down", "up", "left", "right", "home", "end", "page down", "page up", "enter", "esc", "tab", "shift tab"),
        *("backspace", "ctrl c"),
    ]
)
"""Keys that mean something in a list or on a page, by urwid's names, and some that are kept for what may come."""

_OF_CONTROL = re.compile(r"(?i)ctrl[- ]([a-z])")
_OF_FUNCTION = re.compile(r"(?i)f([1-9]|1[0-2])")
_OF_TERMINAL = frozenset("cdijmqsz")
"""With Ctrl these are other keys, or the terminal's own."""


class DashboardCommand(msgspec.Struct, frozen=True, kw_only=True):
    """A shell command that a key of the dashboard runs. `key` is by urwid's name, such as `b`, `ctrl b` or `f5`.

    One in the `background` leaves the screen as it is, and the end of what it prints is shown.
    """

    key: str
    command: str
    description: str = ""
    on: Scope = "thread"
    background: bool = False


def read_key(written: str) -> str | None:
    """Return a key's name by what stands in a config; None where that names no key that could be given away."""
    control = _OF_CONTROL.fullmatch(written)
    if control:
        letter = control[1].lower()
        return None if letter in _OF_TERMINAL else f"ctrl {letter}"
    function = _OF_FUNCTION.fullmatch(written)
    if function:
        return f"f{function[1]}"
    return written if len(written) == 1 and written.isprintable() else None
