"""Which config file is meant, and what the environment says about places; light enough for every command."""

import os
from collections.abc import Mapping
from pathlib import Path

from compas.errors import CompasError

CONFIG_VARIABLE = "COMPAS_CONFIG"
STATE_DIR_VARIABLE = "COMPAS_STATE_DIR"
DEFAULT_CONFIG = "~/.compas/config.yaml"


class LocateError(CompasError):
    """A path begins with `~` and cannot be expanded."""


def locate(flag: str | None, environ: Mapping[str, str]) -> Path:
    """Return the absolute path of the config file: `flag`, else COMPAS_CONFIG, else the default.

    The file need not exist. A symbolic link to the file is not followed, so that the path names what the user
    named; directories are resolved only where the path has `..`, which means nothing certain otherwise.
    Raises LocateError.
    """
    text = flag or environ.get(CONFIG_VARIABLE) or DEFAULT_CONFIG
    return absolute(Path(expand_home(text, environ)))


def absolute(path: Path) -> Path:
    """Make `path` absolute against the current directory, as `locate` promises."""
    whole = path.absolute()
    return Path(os.path.realpath(whole.parent), whole.name) if ".." in whole.parts else whole


def state_dir_override(environ: Mapping[str, str]) -> str | None:
    """Return COMPAS_STATE_DIR as an absolute path, or None when it is unset or empty. Raises LocateError."""
    text = environ.get(STATE_DIR_VARIABLE)
    return str(Path(expand_home(text, environ)).absolute()) if text else None


def expand_home(text: str, environ: Mapping[str, str]) -> str:
    """Replace a leading `~` by HOME; other text comes back unchanged.

    Raises LocateError for `~user`, and when HOME is missing or relative: guessing would create a directory
    called `~` (c-config 32).
    """
    if not text.startswith("~"):
        return text
    head, slash, rest = text.partition("/")
    if head != "~":
        raise LocateError(f"{text!r} begins with {head!r}; only '~/' is expanded, write the directory out")
    home = environ.get("HOME", "")
    if not home.startswith("/"):
        found = f"HOME is {home!r}" if home else "HOME is not set"
        raise LocateError(f"{text!r} needs your home directory, but {found}; write the path out")
    return home.rstrip("/") + slash + rest or "/"
