"""Where an agent CLI finds its credentials, and whether any are there; it is never tried whether they are accepted."""

import os
import sys
from collections.abc import Mapping
from typing import Literal

import msgspec

State = Literal["present", "absent", "cannot be told"]

_LONGEST_FILE = 1 << 20
"""Bytes that are read of a file to look for a word in it."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A file: `name` below the directory that `variable` names, or else below `default` in the agent's home.

    With `words`, it counts only when one of them stands in it; without, when it is not empty.
    """

    name: str
    default: str
    variable: str = ""
    words: tuple[str, ...] = ()


class CredentialRule(msgspec.Struct, frozen=True, kw_only=True):
    """Where one CLI looks.

    What `variables` and `files` hold are credentials. `other_variables` and `other_files` point to places that cannot
    be looked into, `keychain` is where macOS has them. `otherwise` says why having found none proves nothing, if so.
    """

    variables: tuple[str, ...] = ()
    files: tuple[Place, ...] = ()
    other_variables: tuple[str, ...] = ()
    other_files: tuple[Place, ...] = ()
    keychain: bool = False
    otherwise: str = ""


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """What was found. `detail` names the place, never the value."""

    state: State
    detail: str


NOT_ASKED_FOR = Credentials(state="cannot be told", detail="compas does not know where this command has them")


def find_credentials(rule: CredentialRule, env: Mapping[str, str], platform: str = sys.platform) -> Credentials:
    """Look for credentials as an agent with the environment `env` would find them."""
    if (name := _set(rule.variables, env)) is not None:
        return Credentials(state="present", detail=f"{name} is set")
    doubts: list[str] = []
    for place in rule.files:
        path = _path(place, env)
        if path is None:
            doubts.append("the agent has no HOME, and its CLI may find one elsewhere")
            break
        try:
            if _holds(path, place.words):
                return Credentials(state="present", detail=path)
        except OSError as err:
            doubts.append(f"{path} cannot be read: {err.strerror}")
    doubts += _pointers(rule, env)
    if rule.keychain and platform == "darwin":
        doubts.append("they may be in the keychain")
    if rule.otherwise:
        doubts.append(rule.otherwise)
    if doubts:
        return Credentials(state="cannot be told", detail=doubts[0])
    return Credentials(state="absent", detail=_looked_for(rule, env))


def traces(rule: CredentialRule, env: Mapping[str, str]) -> tuple[tuple[int, int] | None, ...]:
    """Return by what can be told that somebody has logged in or out since: time and size of each file, or None."""
    found: list[tuple[int, int] | None] = []
    for place in rule.files:
        path = _path(place, env)
        try:
            status = os.stat(path) if path is not None else None
        except OSError:
            status = None
        found.append(None if status is None else (status.st_mtime_ns, status.st_size))
    return tuple(found)


def _pointers(rule: CredentialRule, env: Mapping[str, str]) -> list[str]:
    found = []
    if (name := _set(rule.other_variables, env)) is not None:
        found.append(f"{name} is set, and whether the CLI goes by it cannot be seen from here")
    for place in rule.other_files:
        path = _path(place, env)
        try:
            if path is not None and _holds(path, place.words):
                found.append(f"{path} may name others")
        except OSError as err:
            found.append(f"{path} cannot be read: {err.strerror}")
    return found


def _set(names: tuple[str, ...], env: Mapping[str, str]) -> str | None:
    return next((name for name in names if env.get(name)), None)


def _path(place: Place, env: Mapping[str, str]) -> str | None:
    if place.variable and (given := env.get(place.variable)):
        # What is relative would be so to the agent's directory, which differs from run to run.
        return os.path.join(given, place.name) if os.path.isabs(given) else None
    home = env.get("HOME")
    return os.path.join(home, place.default, place.name) if home else None


def _holds(path: str, words: tuple[str, ...]) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a FIFO would hold us up
    except (FileNotFoundError, NotADirectoryError):
        return False
    with open(descriptor, "rb") as file:
        text = (file.read(_LONGEST_FILE) or b"").decode(errors="replace")
    return any(word in text for word in words) if words else bool(text.strip())


def _looked_for(rule: CredentialRule, env: Mapping[str, str]) -> str:
    """Say what was tried."""
    paths = [path for place in rule.files if (path := _path(place, env)) is not None]
    tried = [f"{' or '.join(rule.variables)} is not set"] if rule.variables else []
    tried += [f"{path} has none" for path in paths]
    return ", ".join(tried)
