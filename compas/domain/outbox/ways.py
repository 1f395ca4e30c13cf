"""By which program a notification is shown, and how that is called: as arguments, never as part of a script."""

from collections.abc import Callable
from typing import Final, NamedTuple

from compas.domain.outbox.notices import Worded
from compas.domain.outbox.specs import NotificationSpec

IN_TERMINALS: Final = ("bell", "osc9", "osc777")
"""Shown by clients that have a terminal, when they see the notification in the log."""

_PROGRAMS: Final = {"notify-send": "notify-send", "dbus": "gdbus", "osascript": "osascript"}
_INSTALL: Final = "install notify-send (libnotify-bin or libnotify), or choose another notifications.via"

_SCRIPT: Final = (
    "on run argv",
    "display notification (item 2 of argv) with title (item 1 of argv)",
    "end run",
)


class Way(NamedTuple):
    """How notifications are shown. Without a command it is done in terminals; with a `problem`, not at all."""

    via: str
    command: str = ""
    problem: str = ""


def way_to_show(spec: NotificationSpec, platform: str, is_there: Callable[[str], bool]) -> Way:
    """Choose how notifications are shown on this platform, by what is there of it."""
    if spec.via in IN_TERMINALS:
        return Way(spec.via)
    if spec.via == "command":
        command = spec.command or ""
        return Way(spec.via, command, "" if is_there(command) else f"there is no program {command} to show them")
    of_platform = ("osascript",) if platform == "darwin" else ("notify-send", "dbus")
    wanted = of_platform if spec.via == "auto" else (spec.via,)
    for via in wanted:
        if is_there(_PROGRAMS[via]):
            return Way(via, _PROGRAMS[via])
    named = " nor ".join(_PROGRAMS[via] for via in wanted)
    found = f"neither {named} was found" if len(wanted) > 1 else f"{named} was not found"
    return Way(spec.via, problem=f"{found} on PATH; {_INSTALL}")


def arguments(way: Way, spec: NotificationSpec, worded: Worded) -> tuple[str, ...]:
    """Return the arguments with which the program of a way shows a notification."""
    title, body = worded
    match way.via:
        case "notify-send":
            # The body may have markup, which the title may not.
            return ("--app-name=compas", "--", title, _escaped(body))
        case "dbus":
            place = ("--dest", "org.freedesktop.Notifications", "--object-path", "/org/freedesktop/Notifications")
            call = ("call", "--session", *place, "--method", "org.freedesktop.Notifications.Notify")
            shown = (_variant(title), _variant(_escaped(body)))
            return (*call, '"compas"', "uint32 0", '""', *shown, "@as []", "@a{sv} {}", "int32 -1")
        case "osascript":
            return (*(word for line in _SCRIPT for word in ("-e", line)), "--", title, body)
        case _:
            return (*spec.args, title, body)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _variant(text: str) -> str:
    """Write a string as GVariant text has it, which gdbus reads its arguments as."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
