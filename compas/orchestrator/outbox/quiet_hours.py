"""Whether the quiet hours of the config hold now."""

from datetime import tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from compas.domain.outbox.quiet import quiet_until
from compas.domain.outbox.specs import QuietSpec
from compas.orchestrator.services import Services


def quiet_until_now(services: Services) -> float | None:
    """Return when the quiet hours that hold now are over, in UTC seconds; None when none hold."""
    quiet = services.config.notifications.quiet
    return quiet_until(services.clock(), quiet, _zone(quiet))


def _zone(quiet: QuietSpec | None) -> tzinfo | None:
    """Return the zone that quiet hours are read in; None, which is the machine's, also where it is not known here."""
    if quiet is None or quiet.timezone is None:
        return None
    try:
        return ZoneInfo(quiet.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
