"""Whether the quiet hours of the config hold now."""

from datetime import tzinfo

from compas.domain.outbox.quiet import quiet_until
from compas.domain.outbox.specs import QuietSpec
from compas.orchestrator.services import Services
from compas.time_zones import find_zone


def quiet_until_now(services: Services) -> float | None:
    """Return when the quiet hours that hold now are over, in UTC seconds; None when none hold."""
    quiet = services.config.notifications.quiet
    return quiet_until(services.clock(), quiet, _zone(quiet))


def _zone(quiet: QuietSpec | None) -> tzinfo | None:
    """Return the zone that quiet hours are read in; None, which is the machine's, also where it is not known here."""
    return None if quiet is None or quiet.timezone is None else find_zone(quiet.timezone)
