"""Whether a time zone can be used here."""

from collections.abc import Iterator

from compas.config.checks.draft import Problem, error, warning
from compas.config.findings import KeyPath
from compas.time_zones import find_zone, has_zones


def zone_problems(path: KeyPath, name: str | None) -> Iterator[Problem]:
    """Say that the system does not know a zone; UTC it always knows."""
    if name is not None and find_zone(name) is None:
        sentence = f"there is no time zone {name!r} on this system; write it like Europe/Berlin"
        # A system without any, such as a small container, is no mistake of the file's author.
        kind = error if has_zones() else warning
        yield kind(path, sentence)
