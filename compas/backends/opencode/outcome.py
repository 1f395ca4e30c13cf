"""Why a run of OpenCode failed: its class, and the sentence that says it. Structure first, then words."""

import re

from compas.backends.backend import ExitStatus
from compas.backends.failures import classify, is_full, was_killed
from compas.backends.opencode.stream import Failed
from compas.backends.remains import Remains
from compas.domain.events import Category

_STALE = re.compile(r"session not found|no such session", re.IGNORECASE)
_USED_UP = re.compile(
    r"exceeded your current quota|insufficient[_ ]quota|insufficient (?:funds|balance|credit)"
    r"|credit balance|out of credits|usage limit|billing",
    re.IGNORECASE,
)
_UNREADABLE = re.compile(r"json pars|invalid json|unexpected end", re.IGNORECASE)


def is_used_up(text: str) -> bool:
    """Tell whether a failed request says that nothing is left, so that to send it again is of no use."""
    return _USED_UP.search(text) is not None


def category_of(failed: Failed) -> Category:
    """Return the class of a turn that ended with an error."""
    status = failed.status
    if is_used_up(failed.text) and status in (None, 400, 402, 403, 429):
        return "quota_exhausted"
    if "ContextOverflow" in failed.name or (status in (None, 400, 413) and is_full(failed.text)):
        return "session_full"
    match status:
        case 401 | 403:
            return "auth_failure"
        case 402:
            return "quota_exhausted"
        case 408 | 429:
            return "transient"
        case None:
            return _without_status(failed)
        case _:
            return "transient" if status >= 500 else "agent_error"


def _without_status(failed: Failed) -> Category:
    if "Auth" in failed.name:
        return "auth_failure"
    # An answer that broke off, or that nobody can read: what stood in the way is not the agent's.
    if failed.is_retryable or _UNREADABLE.search(failed.text):
        return "transient"
    return classify(failed.text, has_result=True) if failed.name == "UnknownError" else "agent_error"


def given_up(text: str) -> Category:
    """Return the class of a run whose requests failed again and again, with the last word on why."""
    if is_used_up(text):
        return "quota_exhausted"
    # The CLI itself takes for passing what it tries again.
    return "transient"


def without_end(status: ExitStatus, reason: str, remains: Remains) -> tuple[Category, str]:
    """Judge a run that ended neither well nor with an error: a failure whatever its exit status.

    `reason` is why the model's last answer ended, empty when there was none.
    """
    shown = remains.stderr or "\n".join(remains.rest)
    where = f"in the middle of its turn (its last answer ended with {reason!r})" if reason else "without an answer"
    error = f"opencode ended with {status.in_words()} {where}" + (f":\n{shown}" if shown else "")
    if was_killed(status):
        return "killed", error
    if _STALE.search(shown) and not reason:
        return "stale_session", error
    return classify(remains.stderr, has_result=bool(reason)), error
