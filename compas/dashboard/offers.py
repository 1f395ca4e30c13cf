"""Decides which commands the palette offers: what can be done now, with the keys that do it here. Pure."""

from collections.abc import Sequence

from compas.dashboard.commands import COMMANDS
from compas.dashboard.keymap import Binding, Context, bindings_in, command_for, key_name
from compas.dashboard.prompts.palette import Offer
from compas.dashboard.situation import Situation

_OF_MOVING = ("down", "up", "page-down", "page-up", "first", "last", "palette", "back")
"""Commands that a person at a keyboard asks for by a key, if at all."""


def offers(context: Context, own: Sequence[Binding], now: Situation) -> list[Offer]:
    """Return what can be done now: what has a key in this context and is not refused, actions first."""
    found: dict[str, list[str]] = {}
    for binding in (*own, *bindings_in(context)):
        if context in binding.contexts and binding.command not in _OF_MOVING:
            keys = [key for key in binding.keys if command_for(context, key, own) == binding.command]
            found.setdefault(binding.command, []).extend(key_name(key) for key in keys)
    commands = [COMMANDS[name] for name in COMMANDS if name in found]
    return [
        Offer(name=command.name, keys=" ".join(dict.fromkeys(found[command.name])), help=command.help)
        for command in commands
        if not command.refuse(now) and command.name != f"open-{now.page}"
    ]
