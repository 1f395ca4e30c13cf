"""Writes advice for a person at the dashboard: the command, and the key that does the same here."""

from collections.abc import Mapping

from compas.api.advice import as_command, in_words
from compas.dashboard.keymap import Binding, bindings_in, key_name
from compas.domain.advice import Advice, Said

COMMANDS_OF: Mapping[str, str] = {
    # operation       the dashboard's command
    "abandon": "abandon",
    "approve": "approve",
    "cancel": "cancel",
    "close": "close",
    "diagnose": "open-diagnose",
    "diff": "open-diff",
    "dispatch": "reply",
    "log": "open-log",
    "merge": "merge",
    "reload": "reload",
    "reopen": "reopen",
    "request_changes": "request-changes",
    "transcript": "open-conversation",
    "why": "open-why",
}


def with_keys(said: Said, *, are_alone: bool = False) -> str:
    """Return what is said, with its advice as commands, and the key behind each that has one on a page.

    Where keys `are_alone`, each stands instead of its command, with what it does here: `r reply`.
    """
    return in_words(said, _key_of if are_alone else _written)


def _written(advice: Advice) -> str:
    found = _binding(advice)
    key = f" [{key_name(found.keys[0])}]" if found is not None else ""
    return f"{as_command(advice)}{key}"


def _key_of(advice: Advice) -> str:
    found = _binding(advice)
    if found is None:
        return as_command(advice)
    return f"{key_name(found.keys[0])} {found.command.removeprefix('open-').replace('-', ' ')}"


def _binding(advice: Advice) -> Binding | None:
    wanted = COMMANDS_OF.get(advice.operation)
    return next((one for one in bindings_in("page") if one.command == wanted), None)
