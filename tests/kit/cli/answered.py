"""Answers as a command has them: decoded from the wire, and completed."""

import json
from typing import Any

import msgspec

from compas.cli.operations import whole
from compas.client.answer import Answer


def as_answered(struct: msgspec.Struct) -> Any:  # noqa: ANN401 - stands for the Struct
    """Return what a command makes of this answer when the supervisor sends it."""
    wire = json.loads(msgspec.json.encode(struct), object_hook=Answer)
    return whole(wire, type(struct).__name__)
