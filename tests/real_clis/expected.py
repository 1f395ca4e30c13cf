"""What each scenario comes to with each CLI: how the executions of the thread end, in order. The docs show it."""

COMPLETED = "completed"
TRANSIENT_TWICE = "failed transient; failed transient"

EXPECTED: dict[str, dict[str, str]] = {
    "first turn": {"claude": COMPLETED},
    "tool call that edits the worktree": {"claude": COMPLETED},
    "resume": {"claude": "completed; completed; completed"},
    "stale session": {"claude": "completed; failed stale_session; completed"},
    "authentication failure": {"claude": "failed auth_failure"},
    "rate limit that passes": {"claude": COMPLETED},
    "rate limit for good": {"claude": TRANSIENT_TWICE},
    "quota used up": {"claude": "failed quota_exhausted"},
    "server error for good": {"claude": TRANSIENT_TWICE},
    "cut stream": {"claude": TRANSIENT_TWICE},
    "no server": {"claude": "failed transient"},
    "timeout": {"claude": "timed_out timeout"},
    "SIGTERM": {"claude": "failed killed"},
    "abandon": {"claude": ""},
    "huge output": {"claude": COMPLETED},
    "output that is not UTF-8": {"claude": COMPLETED},
    "odd task": {"claude": COMPLETED},
    "supervisor killed": {"claude": COMPLETED},
}
