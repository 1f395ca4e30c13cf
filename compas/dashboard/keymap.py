"""Which key means which command, where: one table, from which help, hints and docs/hotkeys.md follow."""

from collections.abc import Sequence
from typing import Literal

import msgspec

Context = Literal["list", "page", "help", "filter"]

TAB_TITLES = ("Ops", "Agents", "History", "Settings", "Merges", "Costs")
"""What the tabs are called, in their order; their keys are 1 and so on."""

WHERE: dict[Context, str] = {
    "list": "In a list",
    "page": "In a conversation, a log or a diff",
    "help": "In this help",
    "filter": "While typing a filter",
}


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
    Binding(keys=("c",), command="open-conversation", contexts=("list",)),
    Binding(keys=("c",), command="open-conversation", contexts=("page",), hint="conversation"),
    Binding(keys=("l",), command="open-log", contexts=("list", "page"), hint="log"),
    Binding(keys=("d",), command="open-diff", contexts=("list", "page"), hint="diff"),
    Binding(keys=("f",), command="follow", contexts=("page",), hint="follow"),
    Binding(keys=("tab",), command="next-tab", contexts=("list",)),
    Binding(keys=("shift tab",), command="previous-tab", contexts=("list",)),
    *(
        Binding(keys=(str(number + 1),), command=f"tab-{title.lower()}", contexts=("list",))
        for number, title in enumerate(TAB_TITLES)
    ),
    Binding(keys=(" ",), command="mark", contexts=("list",), hint="mark"),
    Binding(keys=("z",), command="fold-batch", contexts=("list",)),
    Binding(keys=("o",), command="order", contexts=("list",)),
    Binding(keys=("/",), command="filter", contexts=("list",), hint="filter"),
    Binding(keys=("S",), command="start-supervisor", contexts=("list", "page")),
    Binding(keys=("esc", "q", "left"), command="back", contexts=("page",), hint="back"),
    Binding(keys=("esc",), command="clear-filter", contexts=("list",)),
    Binding(keys=("esc", "q", "?", "enter"), command="back", contexts=("help",), hint="close"),
    Binding(keys=("?",), command="help", contexts=("list", "page"), hint="help"),
    Binding(keys=("q",), command="quit", contexts=("list",), hint="quit"),
    Binding(keys=("enter",), command="keep-filter", contexts=("filter",), hint="keep"),
    Binding(keys=("esc",), command="clear-filter", contexts=("filter",), hint="clear"),
    Binding(keys=("backspace",), command="erase", contexts=("filter",)),
    Binding(keys=("down",), command="down", contexts=("filter",)),
    Binding(keys=("up",), command="up", contexts=("filter",)),
)

_NAMES = {"page down": "PgDn", "page up": "PgUp", " ": "Space", "up": "↑", "down": "↓", "left": "←"}


def command_for(context: Context, key: str, own: Sequence[Binding] = ()) -> str | None:
    """Return the command that a key means there; `own` are a tab's keys, which go before all others."""
    for binding in (*own, *KEYMAP):
        if context in binding.contexts and key in binding.keys:
            return binding.command
    return None


def key_name(key: str) -> str:
    """Return how a key is called in texts."""
    return _NAMES.get(key, key if len(key) == 1 else key.capitalize())


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
