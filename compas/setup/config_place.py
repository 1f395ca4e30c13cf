"""Knows whether a config file is the one that commands find by themselves, and how to name it to them otherwise."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from compas.config.locate import CONFIG_VARIABLE, LocateError, locate


def is_default(config: Path, environ: Mapping[str, str]) -> bool:
    """Tell whether this is the config file that is meant when neither a flag nor a variable names one."""
    return config == _found_with({name: value for name, value in environ.items() if name != CONFIG_VARIABLE})


def command(words: str, config: Path, environ: Mapping[str, str]) -> str:
    """Return the command line of `compas` that, typed here, means this config file."""
    if config == _found_with(environ):
        return f"compas {words}"
    return f"compas {words} --config {shlex.quote(str(config))}"


def _found_with(environ: Mapping[str, str]) -> Path | None:
    try:
        return locate(None, environ)
    except LocateError:
        return None
