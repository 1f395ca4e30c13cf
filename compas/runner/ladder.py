"""Decides how an execution is brought to its end: drain, SIGTERM, grace, SIGKILL, and when to give up. Pure."""

from typing import Literal

from compas.runner.messages import MIN_GRACE_SECS, ExitKind

Phase = Literal["running", "draining", "terminating", "killing", "done"]
Action = Literal["terminate", "kill"]

KILL_LIMIT_SECS = 10.0
"""How long SIGKILL is repeated; what is alive then (uninterruptible, of another user) is reported."""


class Ladder:
    """One execution's way down. Times are seconds of one clock, given by the caller.

    Only the first cause counts: a stop that arrives after the agent ended only hurries its leftovers.
    """

    def __init__(self, *, deadline: float | None, grace_secs: float, drain_secs: float) -> None:
        self.phase: Phase = "running"
        self.cause: tuple[ExitKind, str] | None = None
        """Why the agent was ended; None while it runs or when it ended by itself."""
        self.due: float | None = deadline
        """When `advance` has to be called at the latest."""
        self._grace_secs = grace_secs
        self._drain_secs = drain_secs

    def request_end(self, kind: ExitKind, reason: str, grace_secs: float | None, now: float) -> Action | None:
        """Start the way down, or shorten the grace that is running."""
        grace = max(MIN_GRACE_SECS, self._grace_secs if grace_secs is None else grace_secs)
        if self.phase in ("running", "draining"):
            if self.phase == "running":
                self.cause = (kind, reason)
            return self._terminate(now, grace)
        if self.phase == "terminating" and self.due is not None:
            self.due = min(self.due, now + grace)
        return None

    def agent_ended(self, now: float) -> None:
        """Take note that the agent itself has been reaped."""
        if self.phase == "running":
            self.phase = "draining"
            self.due = now + self._drain_secs

    def advance(self, now: float, *, nothing_left: bool, output_closed: bool) -> Action | None:
        """Say what to do now. To be called after every change and when `due` has come.

        While killing, every call asks for another sweep: each death may have made new children ours.
        """
        is_due = self.due is not None and now >= self.due
        has_all_output = output_closed or is_due or self.phase in ("terminating", "killing")
        if self.phase != "running" and nothing_left and has_all_output:
            self._finish()
        elif self.phase == "draining" and is_due:
            return self._terminate(now, self._grace_secs)
        elif self.phase == "terminating" and is_due:
            self.phase = "killing"
            self.due = now + KILL_LIMIT_SECS
            return "kill"
        elif self.phase == "killing":
            if not is_due:
                return "kill"
            self._finish()
        return None

    def _terminate(self, now: float, grace_secs: float) -> Action:
        self.phase = "terminating"
        self.due = now + grace_secs
        return "terminate"

    def _finish(self) -> None:
        self.phase = "done"
        self.due = None
