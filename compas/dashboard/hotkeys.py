"""Writes docs/hotkeys.md from the keymap: python -m compas.dashboard.hotkeys."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from compas.dashboard.commands import COMMANDS
from compas.dashboard.keymap import WHERE, Binding, Context, bindings_in, key_name
from compas.dashboard.page_keys import PAGE_KEYS
from compas.dashboard.tabs.all import TABS
from compas.dashboard.tabs.tab import Tab

DOCUMENT = Path("docs/hotkeys.md")

_HEAD = """\
# Keys of the dashboard

Written by `python -m compas.dashboard.hotkeys` from `compas/dashboard/keymap.py`; edit that file.

The wheel of the mouse moves as well; a click selects a row, and a click on the selected one opens it. Ctrl-C leaves the
dashboard at once, from anywhere.
"""


def chapters(tabs: Iterable[Tab] = TABS) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield each place where keys mean something, and these, in words, each with what it does."""
    in_both = [one for one in _merged("list") if one in _merged("page")]
    yield "In a list and in a page", _described(in_both)
    for context, title in WHERE.items():
        own = [one for one in _merged(context) if context not in ("list", "page") or one not in in_both]
        yield title, _described(own)
        if context == "page":
            for kind, bindings in PAGE_KEYS.items():
                yield f"In the page {kind}", _of(bindings)
    for tab in tabs:
        if tab.keys:
            yield f"In the tab {tab.title}", _of(tab.keys)


Meaning = tuple[tuple[str, ...], str]
"""Keys, and the command that they mean."""


def _merged(context: Context) -> list[Meaning]:
    return [(binding.keys, binding.command) for binding in bindings_in(context)]


def _described(meanings: Iterable[Meaning]) -> list[tuple[str, str]]:
    return [(" ".join(map(key_name, keys)), COMMANDS[command].help) for keys, command in meanings]


def _of(bindings: Iterable[Binding]) -> list[tuple[str, str]]:
    return _described((binding.keys, binding.command) for binding in bindings)


def document() -> str:
    """Return the text of docs/hotkeys.md."""
    parts = [_HEAD]
    for title, described in chapters():
        rows = "".join(f"| {_keys(keys)} | {does} |\n" for keys, does in described)
        parts.append(f"\n## {title.replace('this help', 'the help')}\n\n| key | does |\n| --- | --- |\n{rows}")
    return "".join(parts)


def _keys(keys: str) -> str:
    return " ".join(f"`{key}`" for key in keys.split(" "))


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
