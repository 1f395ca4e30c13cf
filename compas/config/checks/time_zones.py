"""Whether a time zone can be used here."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from compas.config.checks.draft import Problem, error, warning
from compas.config.findings import KeyPath


def zone_problems(path: KeyPath, name: str | None) -> Iterator[Problem]:
    """Say that the system does not know a zone; UTC it always knows."""
    if name is not None and not _is_zone(name):
        sentence = f"there is no time zone {name!r} on this system; write it like Europe/Berlin"
        # A system without any, such as a small container, is no mistake of the file's author.
        kind = error if _is_zone("Etc/UTC") else warning
        yield kind(path, sentence)


def _is_zone(name: str) -> bool:
    try:
        return name == "UTC" or bool(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
