"""Why a run of Codex failed: its class, and the sentence that says it. The CLI's errors have words only, no codes."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from compas.backends.backend import ExitStatus
from compas.backends.failures import classify, is_full, was_killed
from compas.domain.events import Category

_STATUS = re.compile(r"\b(?:unexpected status|last status:|http error:|status code)\s*(\d{3})\b", re.IGNORECASE)
_STALE = re.compile(r"no rollout found for thread id|thread not found|no saved session found", re.IGNORECASE)
_USED_UP = re.compile(
    r"quota exceeded|exceeded your current quota|hit your usage limit|usage limit|out of credits"
    r"|insufficient_quota|to use codex with your",
    re.IGNORECASE,
)
_NO_KEY = re.compile(
    r"missing environment variable|not logged in|log ?out and sign in|refresh token|access token could not be",
    re.IGNORECASE,
)
_CONNECTION = re.compile(
    r"connection failed|stream (?:disconnected|closed|error)|error sending request|exceeded retry limit"
    r"|at capacity|high demand|overloaded|idle timeout",
    re.IGNORECASE,
)
_RESET = re.compile(
    r"try again at (?:(?P<month>[A-Z][a-z]{2}) (?P<day>\d{1,2})(?:st|nd|rd|th), (?P<year>\d{4}) )?"
    r"(?P<time>\d{1,2}:\d{2} [AP]M)"
)


def without_result(status: ExitStatus, said: str, stderr: str, rest: Sequence[str]) -> tuple[Category, str]:
    """Judge a run whose turn did not end: a failure whatever its exit status. `said` is its own last complaint."""
    told = "\n".join(part for part in (said, stderr) if part)
    shown = told or "\n".join(rest)
    error = f"codex ended with {status.in_words()} before its turn did" + (f":\n{shown}" if shown else "")
    if was_killed(status):
        return "killed", error
    if status.code == 2 and "Usage:" in stderr:
        return "agent_error", error
    if said:
        return category_of(told), error
    return "stale_session" if _STALE.search(stderr) else classify(stderr, has_result=False), error


def category_of(text: str) -> Category:
    """Return the class of a failure from what the CLI says of it: an HTTP status first, then its own sentences."""
    if _USED_UP.search(text):
        return "quota_exhausted"
    if is_full(text):
        return "session_full"
    status = _STATUS.search(text)
    if status is not None:
        return _by_status(int(status[1]))
    if _STALE.search(text):
        return "stale_session"
    if _NO_KEY.search(text):
        return "auth_failure"
    if _CONNECTION.search(text):
        return "transient"
    found = classify(text, has_result=False)
    return "agent_error" if found == "unknown" else found


def reset_in(text: str, now: float) -> float | None:
    """Return when an allowance is there again, in UTC seconds. The CLI says it in local time; without a day, today."""
    found = _RESET.search(text)
    if found is None:
        return None
    today = datetime.fromtimestamp(now, UTC).astimezone().strftime("%b %d %Y")
    day = today if found["month"] is None else f"{found['month']} {found['day']} {found['year']}"
    try:
        return datetime.strptime(f"{day} {found['time']}", "%b %d %Y %I:%M %p").astimezone().timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _by_status(status: int) -> Category:
    match status:
        case 401 | 403:
            return "auth_failure"
        case 402:
            return "quota_exhausted"
        case 408 | 409 | 425 | 429:
            return "transient"
        case _:
            return "transient" if status >= 500 else "agent_error"
