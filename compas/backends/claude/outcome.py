"""Why a turn of Claude Code failed: its class, and the sentence that says it. Structure first, then words."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from compas.backends.backend import ExitStatus
from compas.backends.claude.stream import CommandTaken, Ended, Limited, RequestFailed
from compas.backends.failures import classify, is_full, was_killed
from compas.domain.events import Category

REFUSED_COMMANDS = frozenset({"failed", "unavailable_headless", "unknown"})

_AUTH = frozenset(
    {
        "account_on_hold",
        "authentication_failed",
        "cloud_credential_error",
        "oauth_org_not_allowed",
        "verification_required",
    }
)
_TRANSIENT = frozenset({"overloaded", "rate_limit", "server_error"})
_QUOTA = frozenset({"billing_error", "usage_limit_reached"})
_STALE = re.compile("no conversation found with session id", re.IGNORECASE)
_USED_UP = re.compile(
    r"hit your\b[^.]{0,40}\blimit|usage limit|spend(?:ing)? limit|out of (?:extra )?usage|\bcredits?\b|quota|billing",
    re.IGNORECASE,
)
_TOO_LONG = frozenset({"blocking_limit", "prompt_too_long"})
_NOT_AS_ROOT = "cannot be used with root/sudo privileges"
_AS_ROOT = (
    "Claude Code does not work without asking as root, unless it is told that it is confined: set"
    ' safety_mode: auto_approve on the agent, or IS_SANDBOX: "1" in its env, or run compas as another user.'
)
_AS_TEXT = "Claude Code took the task for one of its own commands; begin it with a space to have it read as text."


def without_result(
    status: ExitStatus, failed: RequestFailed | None, stderr: str, rest: Sequence[str]
) -> tuple[Category, str]:
    """Judge a run that ended without a result line: a failure whatever its exit status. `rest` is what it printed."""
    said = "\n".join(part for part in (failed.text if failed else "", stderr) if part)
    shown = said or "\n".join(rest)
    error = f"claude ended with {status.in_words()} without a result" + (
        f":\n{shown}" if shown else " and said nothing"
    )
    if _NOT_AS_ROOT in stderr:
        error += f"\n{_AS_ROOT}"
    if was_killed(status):
        return "killed", error
    by_code = _by_code(failed.code) if failed else None
    return by_code or classify(said, has_result=False), error


def with_result(
    ended: Ended, failed: RequestFailed | None, limited: Limited | None, command: CommandTaken | None, stderr: str
) -> tuple[Category, str]:
    """Judge a run whose result line speaks of a failure, or whose task was never given to a model."""
    if command is not None:
        return "agent_error", f"{command.text}\n{_AS_TEXT}"
    said = "\n".join(dict.fromkeys(part for part in (*ended.errors, ended.text, stderr) if part))
    error = said or f"claude ended its turn without a reply ({ended.reason or 'it does not say why'})"
    category = _category(ended, failed, limited, said)
    if category == "quota_exhausted" and limited is not None and limited.resets_at is not None:
        error += f"\nIt resets at {_time(limited.resets_at)}."
    return category, error


def _category(ended: Ended, failed: RequestFailed | None, limited: Limited | None, said: str) -> Category:
    if ended.status is None and _STALE.search(said):
        return "stale_session"
    if ended.reason in _TOO_LONG or (ended.status in (None, 400, 413) and is_full(said)):
        return "session_full"
    if ended.status is None and ended.reason not in ("", "api_error"):
        return classify(said, has_result=True)
    if ended.status is not None and ended.status >= 500:
        return "transient"
    if ended.code in _QUOTA or (limited is not None and ended.status in (None, 429)) or _USED_UP.search(said):
        return "quota_exhausted"
    found = _by_status(ended.status) or _by_code(failed.code if failed else "")
    if found is not None:
        return found
    by_words = classify(said, has_result=False)
    if by_words != "unknown":
        return by_words
    # A request that got no answer at all: what its words do not explain was the way to the model.
    return "transient" if ended.reason == "api_error" else "agent_error"


def _by_status(status: int | None) -> Category | None:
    match status:
        case None:
            return None
        case 401 | 403:
            return "auth_failure"
        case 402:
            return "quota_exhausted"
        case 408 | 429:
            return "transient"
        case _:
            return "transient" if status >= 500 else "agent_error"


def _by_code(code: str) -> Category | None:
    if code in _QUOTA:
        return "quota_exhausted"
    if code in _AUTH:
        return "auth_failure"
    if code in _TRANSIENT:
        return "transient"
    return None if code in ("", "unknown") else "agent_error"


def _time(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return f"{seconds} seconds after 1970"
