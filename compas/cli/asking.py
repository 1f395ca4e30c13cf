"""What a command needs to ask the supervisor: where it is, whether it may be started, and how the answer is written."""

import argparse
import os
from pathlib import Path

from compas.cli.operations import without_defaults
from compas.cli.render.text import Style
from compas.cli.terminal import output_style, tell
from compas.client.bringing import Bringing
from compas.client.caller import Caller
from compas.client.connect import connect_or_start
from compas.client.origin import terminal
from compas.client.place import Place, place_of
from compas.client.reach import PATIENCE_SECONDS, caller_meta, origin_meta, standing_meta, start_rule
from compas.config.locate import locate

CLIENT = "compas cli"
"""What the supervisor calls us in its log."""


def config_path(given: argparse.Namespace) -> Path:
    """Return the config file the command means. Raises LocateError."""
    return locate(given.config, os.environ)


def place_for(given: argparse.Namespace) -> Place:
    """Return where the supervisor of the command's config is found. Raises LocateError and RuntimeDirectoryError."""
    return place_of(config_path(given), os.environ)


def standing_place(given: argparse.Namespace) -> Place:
    """Return where that supervisor is, which may be another runtime directory than the command's own."""
    from compas.client.standing import standing

    return standing(place_for(given))


def open_caller(given: argparse.Namespace, *, may_start: bool = True) -> Caller:
    """Return a caller for the command's supervisor; it connects when it is first asked something."""
    place = place_for(given)
    start = start_rule(place, os.environ, is_allowed=may_start and not given.no_start)
    meta = {**(caller_meta(os.environ) or origin_meta(terminal())), **standing_meta()}
    return Caller(
        lambda: connect_or_start(place, start, client=CLIENT, meta=meta),
        await_end=lambda: _await_end(place),
        notice=tell,
        bringing=Bringing(os.environ),
        sparing=without_defaults,
    )


def _await_end(place: Place) -> None:
    from compas.client.standing import standing
    from compas.client.waiting_locks import wait_until_free_for  # only who meets a supervisor that ends pays for it

    wait_until_free_for(standing(place).lock, PATIENCE_SECONDS)


def style_here() -> Style:
    """Return how to write the answer."""
    return output_style(os.environ)
