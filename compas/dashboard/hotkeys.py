"""Writes docs/hotkeys.md from the keymap: python -m compas.dashboard.hotkeys."""

from pathlib import Path

from compas.dashboard.commands import COMMANDS
from compas.dashboard.keymap import WHERE, Context, bindings_in, key_name

DOCUMENT = Path("docs/hotkeys.md")

_HEAD = """\
# Keys of the dashboard

Written by `python -m compas.dashboard.hotkeys` from `compas/dashboard/keymap.py`; edit that file.

The wheel of the mouse moves as well; a click selects a row, and a click on the selected one opens it. Ctrl-C leaves the
dashboard at once, from anywhere.
"""


def described(context: Context) -> list[tuple[str, str]]:
    """Return the keys of a context, in words, each with what it does."""
    return [
        (" ".join(key_name(key) for key in binding.keys), COMMANDS[binding.command].help)
        for binding in bindings_in(context)
    ]


def document() -> str:
    """Return the text of docs/hotkeys.md."""
    parts = [_HEAD]
    for context, title in WHERE.items():
        rows = "".join(f"| {_keys(keys)} | {does} |\n" for keys, does in described(context))
        parts.append(f"\n## {title.replace('this help', 'the help')}\n\n| key | does |\n| --- | --- |\n{rows}")
    return "".join(parts)


def _keys(keys: str) -> str:
    return " ".join(f"`{key}`" for key in keys.split(" "))


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
