"""When an active thread is stale: nothing has moved in it for longer than anybody would expect."""

import msgspec

from compas.domain import events as e


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """What moved last in a thread, in UTC seconds; `not_before` is when its next execution may start, if later."""

    status: e.ThreadStatus
    moved_at: float
    not_before: float | None = None


def is_stale(found: Movement, now: float, limit: float) -> bool:
    """Say whether nothing has moved for `limit` seconds in a thread that is active and waits for no later time."""
    is_waiting = found.not_before is not None and found.not_before > now
    since = max(found.moved_at, found.not_before or 0.0)
    return found.status == "Active" and not is_waiting and now - since >= limit


def stale_in_words(seconds: float) -> str:
    """Say of a thread that it is stale."""
    return f"nothing has moved in it for {_duration(int(seconds))} (stale_active_secs)"


def _duration(seconds: int) -> str:
    hours, minutes = divmod(seconds // 60, 60)
    days, rest = divmod(hours, 24)
    if days:
        return f"{days} d {rest} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
