"""What each scenario comes to with each CLI: how the executions of the thread end, in order. The docs show it."""

COMPLETED = "completed"
TRANSIENT_TWICE = "failed transient; failed transient"

EXPECTED: dict[str, dict[str, str]] = {
    "first turn": {"claude": COMPLETED, "codex": COMPLETED, "gemini": COMPLETED, "opencode": COMPLETED},
    "tool call that edits the worktree": {
        "claude": COMPLETED,
        "codex": COMPLETED,
        "gemini": COMPLETED,
        "opencode": COMPLETED,
    },
    "resume": {
        "claude": "completed; completed; completed",
        "codex": "completed; completed; completed",
        "gemini": "completed; completed; completed",
        "opencode": "completed; completed; completed",
    },
    "stale session": {
        "claude": "completed; failed stale_session; completed",
        "codex": "completed; failed stale_session; completed",
        "gemini": "completed; failed stale_session; completed",
        "opencode": "completed; failed stale_session; completed",
    },
    "conversation too long": {
        "claude": "completed; completed",
        "codex": "completed; failed session_full; completed",
        "gemini": "completed; failed session_full; completed",
        "opencode": "completed; failed session_full; completed",
    },
    "authentication failure": {
        "claude": "failed auth_failure",
        "codex": "failed auth_failure",
        "gemini": "failed auth_failure",
        "opencode": "failed auth_failure",
    },
    "rate limit that passes": {"claude": COMPLETED, "codex": COMPLETED, "gemini": COMPLETED, "opencode": COMPLETED},
    "rate limit for good": {
        "claude": TRANSIENT_TWICE,
        "codex": TRANSIENT_TWICE,
        "gemini": TRANSIENT_TWICE,
        "opencode": TRANSIENT_TWICE,
    },
    "quota used up": {
        "claude": "failed quota_exhausted",
        "codex": "failed quota_exhausted",
        "gemini": "failed quota_exhausted",
        "opencode": "failed quota_exhausted",
    },
    "server error for good": {
        "claude": TRANSIENT_TWICE,
        "codex": TRANSIENT_TWICE,
        "gemini": TRANSIENT_TWICE,
        "opencode": TRANSIENT_TWICE,
    },
    "cut stream": {
        "claude": TRANSIENT_TWICE,
        "codex": TRANSIENT_TWICE,
        "gemini": TRANSIENT_TWICE,
        "opencode": TRANSIENT_TWICE,
    },
    "no server": {
        "claude": "failed transient",
        "codex": "failed transient",
        "gemini": "failed transient",
        "opencode": "failed transient",
    },
    "timeout": {
        "claude": "timed_out timeout",
        "codex": "timed_out timeout",
        "gemini": "timed_out timeout",
        "opencode": "timed_out timeout",
    },
    "SIGTERM": {
        "claude": "failed killed",
        "codex": "failed killed",
        "gemini": "failed unknown",
        "opencode": "failed killed",
    },
    "abandon": {"claude": "", "codex": "", "gemini": "", "opencode": ""},
    "huge output": {"claude": COMPLETED, "codex": COMPLETED, "gemini": COMPLETED, "opencode": COMPLETED},
    "output that is not UTF-8": {"claude": COMPLETED, "codex": COMPLETED, "gemini": COMPLETED, "opencode": COMPLETED},
    "odd task": {"claude": COMPLETED, "codex": COMPLETED, "gemini": COMPLETED, "opencode": COMPLETED},
    "supervisor killed": {"claude": COMPLETED, "codex": COMPLETED, "gemini": COMPLETED, "opencode": COMPLETED},
}

NOTES: dict[str, dict[str, str]] = {
    "SIGTERM": {"gemini": "it ends with exit status 0 and without a result"},
}
"""What a reader should know beside how it ended, by scenario and CLI."""
