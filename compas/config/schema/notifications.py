"""The `notifications` section: what people are told of, and how."""

from typing import Annotated, ClassVar

import msgspec

from compas.config.schema.key import Key, Section
from compas.domain.outbox.specs import NoticeKind, Via


class QuietHours(Section, frozen=True, kw_only=True):
    """Hours in which notifications are held back; their summary comes at the end."""

    begins: Annotated[str, Key(doc='When they begin: `"22:00"`.', form="time")] = msgspec.field(name="from")
    ends: Annotated[str, Key(doc="When they end, on the next day if that is earlier.", form="time")] = msgspec.field(
        name="to"
    )
    timezone: Annotated[
        str | None, Key(doc="The zone of both, such as Europe/Berlin.", form="nonblank", default="the machine's")
    ] = None


class Notifications(Section, frozen=True, kw_only=True):
    """What people are told of. Several within some seconds become one."""

    LENIENT: ClassVar[bool] = True

    desktop: Annotated[
        bool, Key(doc="Whether there are notifications: of `events`, else of those that matter most.")
    ] = False
    events: Annotated[
        tuple[NoticeKind, ...] | None,
        Key(
            doc="What they are about: work that waits for you, every successful execution (`done`), failed threads, "
            "merges, circuit breakers, schedules. An empty list switches them off.",
            default="all but `done` and `schedule` with `desktop: true`, else none",
        ),
    ] = None
    via: Annotated[
        Via,
        Key(
            doc="How they are shown. `auto` takes what the machine has: notify-send or D-Bus (by gdbus) on Linux, "
            "osascript on macOS. In the terminal of each dashboard, `bell` rings, and `osc9` and `osc777` have the "
            "terminal show them. `command` runs `command`."
        ),
    ] = "auto"
    command: Annotated[
        str | None,
        Key(
            doc="With `via: command`: the program. It gets title and body as its last two arguments, and as JSON on "
            "standard input.",
            form="nonblank",
            program=True,
        ),
    ] = None
    args: Annotated[tuple[str, ...], Key(doc="Its arguments before those two.")] = ()
    quiet_hours: Annotated[QuietHours | None, Key(doc="When notifications are held back.")] = None
    agents: Annotated[tuple[str, ...], Key(doc="Only about these agents' threads; empty: all.")] = ()
    batches: Annotated[tuple[str, ...], Key(doc="Only about threads of these batches; empty: all.")] = ()
