"""Until when nobody is to be notified."""

from datetime import datetime, timedelta, tzinfo

from compas.domain.outbox.specs import QuietSpec


def quiet_until(now: float, quiet: QuietSpec | None, zone: tzinfo | None) -> float | None:
    """Return when the quiet hours that hold now are over, or None when none hold. All in UTC seconds.

    Without a zone the machine's own is meant. Where a change to or from summer time moves the end, a caller who asks
    again at the end finds out.
    """
    if quiet is None:
        return None
    local = datetime.fromtimestamp(now, zone)
    minute = local.hour * 60 + local.minute
    spans_midnight = quiet.begins > quiet.ends
    is_quiet = minute >= quiet.begins or minute < quiet.ends if spans_midnight else quiet.begins <= minute < quiet.ends
    if not is_quiet:
        return None
    day = local + timedelta(days=1) if spans_midnight and minute >= quiet.begins else local
    hour, rest = divmod(quiet.ends, 60)
    return day.replace(hour=hour, minute=rest, second=0, microsecond=0, fold=0).timestamp()
