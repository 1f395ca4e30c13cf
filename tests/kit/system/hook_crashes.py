"""Where a supervisor dies between an event and the outcome of its hook, in the crash tests."""

from typing import Final

POINTS: Final[dict[str, int]] = {
    # a failpoint: how often the hook is run when the supervisor dies there
    "outbox.due_recorded": 1,
    "outbox.hook_ran": 2,
    "outbox.hook_recorded": 1,
}
