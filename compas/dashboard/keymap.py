"""Which key means which command, where: one table, from which help, hints and docs/hotkeys.md follow."""

from collections.abc import Sequence
from typing import Literal

import msgspec

Context = Literal["list", "page", "help", "filter", "search", "palette", "form", "confirm", "message"]

TAB_TITLES = ("Ops", "Agents", "History", "Settings", "Merges", "Costs")
"""What the tabs are called, in their order; their keys are 1 and so on."""

WHERE: dict[Context, str] = {
    "list": "In a list",
    "page": "In a page",
    "help": "In this help",
    "filter": "While typing a filter",
    "search": "While typing what to look for",
    "palette": "While choosing a command",
    "form": "While filling in",
    "confirm": "When asked yes or no",
    "message": "When told something",
}

TYPED: tuple[Context, ...] = ("filter", "search", "palette", "form")
"""Where a key that means no command is a character that is typed."""


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """Keys, by urwid's names, that mean a command in some contexts. `hint` is its word in the bottom line, if any."""

    keys: tuple[str, ...]
    command: str
    contexts: tuple[Context, ...]
    hint: str = ""


KEYMAP: tuple[Binding, ...] = (
    Binding(keys=("down", "j"), command="down", contexts=("list", "page", "help")),
    Binding(keys=("up", "k"), command="up", contexts=("list", "page", "help")),
    Binding(keys=("page down",), command="page-down", contexts=("list",)),
    Binding(keys=("page down", " "), command="page-down", contexts=("page", "help")),
    Binding(keys=("page up",), command="page-up", contexts=("list", "page", "help")),
    Binding(keys=("home", "g"), command="first", contexts=("list", "page", "help")),
    Binding(keys=("end", "G"), command="last", contexts=("list", "page", "help")),
    Binding(keys=("enter",), command="open", contexts=("list",), hint="open"),
    Binding(keys=("?",), command="help", contexts=("list",), hint="help"),
    Binding(keys=("q",), command="quit", contexts=("list",), hint="quit"),
    Binding(keys=(":",), command="palette", contexts=("list",), hint="commands"),
    Binding(keys=("/",), command="filter", contexts=("list",), hint="filter"),
    Binding(keys=(" ",), command="mark", contexts=("list",), hint="mark"),
    Binding(keys=("t",), command="dispatch", contexts=("list",), hint="task"),
    Binding(keys=("c",), command="open-conversation", contexts=("list",)),
    Binding(keys=("esc", "q", "left"), command="back", contexts=("page",), hint="back"),
    Binding(keys=(":",), command="palette", contexts=("page",), hint="commands"),
    Binding(keys=("/",), command="search", contexts=("page", "help"), hint="search"),
    Binding(keys=("?",), command="help", contexts=("page",), hint="help"),
    Binding(keys=("c",), command="open-conversation", contexts=("page",), hint="conversation"),
    Binding(keys=("i",), command="open-execution", contexts=("list", "page")),
    Binding(keys=("l",), command="open-log", contexts=("list", "page"), hint="log"),
    Binding(keys=("d",), command="open-diff", contexts=("list", "page"), hint="diff"),
    Binding(keys=("w",), command="open-why", contexts=("list", "page")),
    Binding(keys=("D",), command="open-diagnose", contexts=("list", "page")),
    Binding(keys=("v",), command="open-events", contexts=("list", "page")),
    Binding(keys=("f",), command="follow", contexts=("page",), hint="follow"),
    Binding(keys=("tab",), command="next-tab", contexts=("list",)),
    Binding(keys=("shift tab",), command="previous-tab", contexts=("list",)),
    *(
        Binding(keys=(str(number + 1),), command=f"tab-{title.lower()}", contexts=("list",))
        for number, title in enumerate(TAB_TITLES)
    ),
    Binding(keys=("z",), command="fold-batch", contexts=("list",)),
    Binding(keys=("o",), command="order", contexts=("list",)),
    Binding(keys=("n",), command="next-hit", contexts=("page", "help")),
    Binding(keys=("N",), command="previous-hit", contexts=("page", "help")),
    Binding(keys=("t",), command="dispatch", contexts=("page",)),
    Binding(keys=("T",), command="run-schedule", contexts=("list", "page")),
    Binding(keys=("r",), command="reply", contexts=("list", "page")),
    Binding(keys=("a",), command="approve", contexts=("list", "page")),
    Binding(keys=("x",), command="request-changes", contexts=("list", "page")),
    Binding(keys=("m",), command="merge", contexts=("list", "page")),
    Binding(keys=("C",), command="close", contexts=("list", "page")),
    Binding(keys=("A",), command="abandon", contexts=("list", "page")),
    Binding(keys=("O",), command="reopen", contexts=("list", "page")),
    Binding(keys=("X",), command="cancel", contexts=("list", "page")),
    Binding(keys=("R",), command="retry", contexts=("list", "page")),
    Binding(keys=("s",), command="shell", contexts=("list", "page")),
    Binding(keys=("e",), command="editor", contexts=("list", "page")),
    Binding(keys=("y",), command="copy-id", contexts=("list", "page")),
    Binding(keys=("Y",), command="copy-command", contexts=("list", "page")),
    Binding(keys=("P",), command="copy-path", contexts=("list", "page")),
    Binding(keys=("L",), command="reload", contexts=("list", "page")),
    Binding(keys=("S",), command="start-supervisor", contexts=("list", "page")),
    Binding(keys=("K",), command="stop-supervisor", contexts=("list", "page")),
    Binding(keys=("esc",), command="clear-filter", contexts=("list",)),
    Binding(keys=("esc", "q", "?", "enter"), command="back", contexts=("help",), hint="close"),
    Binding(keys=("enter",), command="keep-filter", contexts=("filter",), hint="keep"),
    Binding(keys=("esc",), command="clear-filter", contexts=("filter",), hint="clear"),
    Binding(keys=("backspace",), command="erase", contexts=TYPED),
    Binding(keys=("down",), command="down", contexts=("filter",)),
    Binding(keys=("up",), command="up", contexts=("filter",)),
    Binding(keys=("enter",), command="accept", contexts=("search",), hint="keep"),
    Binding(keys=("enter",), command="accept", contexts=("palette",), hint="run"),
    Binding(keys=("enter",), command="accept", contexts=("form",), hint="send"),
    Binding(keys=("y",), command="accept", contexts=("confirm",), hint="yes"),
    Binding(keys=("n", "esc", "q"), command="dismiss", contexts=("confirm",), hint="no"),
    Binding(keys=("esc",), command="dismiss", contexts=("search", "palette", "form"), hint="leave"),
    Binding(keys=("enter", "esc", "q"), command="dismiss", contexts=("message",), hint="close"),
    Binding(keys=("down", "ctrl n"), command="next", contexts=("search", "palette", "form")),
    Binding(keys=("up", "ctrl p"), command="previous", contexts=("search", "palette", "form")),
    Binding(keys=("down", "j"), command="next", contexts=("message",)),
    Binding(keys=("up", "k"), command="previous", contexts=("message",)),
    Binding(keys=("tab",), command="next-field", contexts=("form",), hint="next field"),
    Binding(keys=("shift tab",), command="previous-field", contexts=("form",)),
    Binding(keys=("meta enter",), command="new-line", contexts=("form",)),
    Binding(keys=("ctrl x",), command="write", contexts=("form",), hint="editor"),
    Binding(keys=("left",), command="left", contexts=("search", "palette", "form")),
    Binding(keys=("right",), command="right", contexts=("search", "palette", "form")),
    Binding(keys=("home", "ctrl a"), command="start", contexts=("search", "palette", "form")),
    Binding(keys=("end", "ctrl e"), command="end", contexts=("search", "palette", "form")),
    Binding(keys=("ctrl w", "meta backspace"), command="erase-word", contexts=("search", "palette", "form")),
    Binding(keys=("ctrl u",), command="erase-line", contexts=("search", "palette", "form")),
)

_NAMES = {"page down": "PgDn", "page up": "PgUp", " ": "Space", "up": "↑", "down": "↓", "left": "←", "right": "→"}
_HELD = {"ctrl": "Ctrl", "meta": "Alt", "shift": "Shift"}


def command_for(context: Context, key: str, own: Sequence[Binding] = ()) -> str | None:
    """Return the command that a key means there; `own` are a tab's keys, which go before all others."""
    for binding in (*own, *KEYMAP):
        if context in binding.contexts and key in binding.keys:
            return binding.command
    return None


def key_name(key: str) -> str:
    """Return how a key is called in texts."""
    *held, last = key.split(" ") if len(key) > 1 and key not in _NAMES else [key]
    name = _NAMES.get(last, last if len(last) == 1 and not held else last.capitalize())
    return "-".join([*(_HELD[one] for one in held), name])


def bindings_in(context: Context) -> tuple[Binding, ...]:
    """Return what the keys mean in a context, in the order of the table."""
    return tuple(binding for binding in KEYMAP if context in binding.contexts)


def hints_in(context: Context, shown: str, own: Sequence[Binding] = ()) -> tuple[tuple[str, str], ...]:
    """Return key and word of the commands that the bottom line names, but for the one that opens the page shown."""
    return tuple(
        (key_name(binding.keys[0]), binding.hint)
        for binding in (*own, *KEYMAP)
        if context in binding.contexts
        and binding.hint
        and binding.command != f"open-{shown}"
        and command_for(context, binding.keys[0], own) == binding.command
    )
