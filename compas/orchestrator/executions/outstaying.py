"""A CLI that has told its result and does not end: how long that is looked at, and by what it is known afterwards."""

import trio

RESULT_GRACE_SECS = 15.0
"""How long a CLI may take to end after its result: for hooks of its own, and to take leave of its servers."""
_BEFORE_DEADLINE_SECS = 2.0
"""How long before its time limit it is ended at the latest: a result that came in time is not lost to the limit."""
OUTSTAYED = "it had told its result and did not end by itself"
"""The reason that its runner is given, and records: by this its end is told from one that somebody asked for."""


class Outstaying:
    """Counts the time since the result, as long as nothing says that the work goes on."""

    def __init__(self) -> None:
        self._scope = trio.CancelScope()
        self._is_done = False

    def see(self, *, is_done: bool, left: float | None) -> None:
        """Take note of whether the result is told; `left` are the seconds to the time limit, None without one."""
        if is_done == self._is_done:
            return
        self._is_done = is_done
        grace = RESULT_GRACE_SECS if left is None else min(RESULT_GRACE_SECS, max(0.0, left - _BEFORE_DEADLINE_SECS))
        self._scope.deadline = trio.current_time() + grace if is_done else float("inf")

    async def wait(self) -> None:
        """Return when the CLI has had its time."""
        with self._scope:
            await trio.sleep_forever()
