"""Time zones by their names, as this system knows them."""

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def find_zone(name: str) -> tzinfo | None:
    """Return the zone of this name, None where the system knows none; UTC it always knows."""
    if name == "UTC":
        return UTC  # also quicker for whoever computes with it
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def has_zones() -> bool:
    """Tell whether this system knows any time zone but UTC; a small container may not."""
    return find_zone("Etc/UTC") is not None
