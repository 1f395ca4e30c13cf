"""Decides what git inherits: its variables, and its configuration as pairs of a key and a value."""

import os
from collections.abc import Iterable, Mapping
from typing import Final

Setting = tuple[str, str]
"""A configuration key in full, such as `core.quotePath`, and its value. Neither is ever parsed out of the other."""

# They say where the operator's configuration is. Every other GIT_* binds git to some repository, index, identity or
# configuration of the process that started compas, and is dropped.
PASSED_GIT_VARIABLES: Final = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM")
DROPPED_VARIABLES: Final = ("EDITOR", "VISUAL", "PAGER", "LANG", "LANGUAGE", "DISPLAY", "WAYLAND_DISPLAY", "GPG_TTY")
FIXED_VARIABLES: Final = {
    "LC_ALL": "C",
    # Nobody sits at a terminal here: what would ask for a password fails, and says so, instead of waiting.
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "false",
    "SSH_ASKPASS": "false",
    "SSH_ASKPASS_REQUIRE": "never",
    "GIT_PAGER": "cat",
    "GIT_EDITOR": ":",
    "GIT_SEQUENCE_EDITOR": ":",
    "GIT_MERGE_AUTOEDIT": "no",
    "GIT_OPTIONAL_LOCKS": "0",
    # Both make a commit look like another one, and both are files that an agent can write (docs/decisions/0021).
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": f"{os.devnull}/none",  # a file that is there makes git give advice
}
# What a user may have configured that would change an output we parse, start a daemon or begin housekeeping; and the
# one transport whose address is a command line.
SETTINGS: Final[tuple[Setting, ...]] = (
    ("core.quotePath", "false"),
    ("core.fsmonitor", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("color.ui", "false"),
    ("submodule.recurse", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("diff.noprefix", "false"),
    ("diff.mnemonicPrefix", "false"),
    ("log.showSignature", "false"),
    ("rerere.enabled", "false"),
    ("advice.addEmbeddedRepo", "false"),
    ("protocol.ext.allow", "never"),
)


def environment(source: Mapping[str, str]) -> dict[str, str]:
    """Return what git inherits of `source`: a fixed locale, no prompts, no editor, no pager, no foreign GIT_*."""
    kept = {
        name: value
        for name, value in source.items()
        if (not name.startswith(("GIT_", "LC_")) or name in PASSED_GIT_VARIABLES) and name not in DROPPED_VARIABLES
    }
    return {**kept, **FIXED_VARIABLES}


def configuration(settings: Iterable[Setting]) -> dict[str, str]:
    """Return the variables that hand git these settings over every configuration file; a later one wins.

    A key or value stands in a variable of its own, so that none can become part of another (docs/decisions/0024). git
    knows these variables from 2.31 on.
    """
    pairs = list(settings)
    variables = {"GIT_CONFIG_COUNT": str(len(pairs))}
    for number, (key, value) in enumerate(pairs):
        variables[f"GIT_CONFIG_KEY_{number}"] = key
        variables[f"GIT_CONFIG_VALUE_{number}"] = value
    return variables
