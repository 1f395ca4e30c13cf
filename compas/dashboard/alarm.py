"""What a terminal is sent when a notification is to be shown in it: a bell, or words that it shows itself."""

from compas.api.history import LogEvent
from compas.text import neutral

BELL = "\a"
_END = "\x1b\\"


def alarm_of(event: LogEvent) -> str:
    """Return what rings for an event; nothing for most of them. No text in it can end or begin a sequence."""
    data = event.data
    if event.type != "notification.ended" or data.get("outcome") != "shown":
        return ""
    title, body = (_plain(data.get(name, "")) for name in ("title", "body"))
    match data.get("via"):
        case "bell":
            return BELL
        case "osc9":
            return f"\x1b]9;{title}: {body}{_END}" if body else f"\x1b]9;{title}{_END}"
        case "osc777":
            # The fields are told apart by semicolons.
            return f"\x1b]777;notify;{title.replace(';', ',')};{body.replace(';', ',')}{_END}"
        case _:
            return ""


def _plain(text: object) -> str:
    return neutral(str(text))
