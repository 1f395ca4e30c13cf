"""Finds a supervisor that is not in the caller's runtime directory, by the mark in its state directory.

Its files may have been removed a moment ago, or it was started with another runtime directory, as by cron. A client
reads no config: it guesses where the state directory is, and believes only a mark that names its config and is locked.
"""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from compas.client.errors import UnreachableError
from compas.client.locks import is_free
from compas.client.place import Place, place_in

LOCK_NAME = "compas.lock"
DEFAULT_STATE = ".compas/state"
_MOST_BYTES = 1_000_000
_STATE_DIR = re.compile(
    rb"""^[ \t{]*(?:"state_dir"|'state_dir'|state_dir)[ \t]*:[ \t]*(?:"([^"\n]+)"|'([^'\n]+)'|([^\s"'#,}][^#,}\n]*))""",
    re.M,
)


def standing(place: Place) -> Place:
    """Return where the supervisor of this config is: here, if its lock is held, or where its mark says.

    The lock of such a place is the state directory's, which is held for as long as the supervisor lives. Where there is
    no such supervisor, the place itself comes back.
    """
    if not is_free(place.lock):
        return place
    return next((found for state in _likely_states(place) if (found := _marked(place, state)) is not None), place)


def _marked(place: Place, state: Path) -> Place | None:
    lock = state / LOCK_NAME
    try:
        if is_free(lock):
            return None
        mark: Any = json.loads(lock.read_bytes())
        runtime, config = mark["runtime"], mark["config"]
    except (UnreachableError, OSError, ValueError, KeyError, TypeError):
        return None
    if not runtime or os.path.realpath(config) != os.path.realpath(place.config):
        return None
    elsewhere = place_in(Path(runtime), place.config, named_state=place.named_state, home=place.home)
    return elsewhere._replace(lock=lock)


def _likely_states(place: Place) -> Iterator[Path]:
    """Return where the state directory may be: a line of the config that is misread leads to no mark, and no harm."""
    if place.named_state is not None:
        yield place.named_state
        return
    for found in _written_in(place.config):
        text = f"{place.home}{found[1:]}" if found.startswith("~/") else found
        yield place.config.parent / text
    if place.home:
        yield Path(place.home) / DEFAULT_STATE


def _written_in(config: Path) -> Iterator[str]:
    try:
        with config.open("rb") as file:
            data = file.read(_MOST_BYTES)
    except OSError:
        return
    for match in _STATE_DIR.finditer(data):
        yield os.fsdecode(next(group for group in match.groups() if group)).strip()
