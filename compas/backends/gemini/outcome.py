"""Why a run of Gemini CLI failed: its class, and the sentence that says it. Its exit status first, then its words."""

import re

from compas.backends.backend import ExitStatus
from compas.backends.failures import classify, is_full, was_killed
from compas.backends.gemini.stream import Ended
from compas.backends.remains import Remains
from compas.domain.events import Category

_EXITS: dict[int, Category] = {
    41: "auth_failure",
    42: "stale_session",
    52: "agent_error",
    53: "agent_error",
    55: "agent_error",
}
"""The CLI's own: no login, no such conversation, bad settings, too many turns, a folder that is not trusted."""
_STATUSES: dict[int, Category] = {
    400: "agent_error",
    401: "auth_failure",
    402: "quota_exhausted",
    403: "auth_failure",
    404: "agent_error",
    408: "transient",
    413: "agent_error",
    429: "transient",
    500: "transient",
    502: "transient",
    503: "transient",
    504: "transient",
}
"""A request that was refused ends the CLI with its HTTP status, of which a process can only say the lower 8 bits."""
_BY_CODE: dict[int, Category] = {**{status % 256: category for status, category in _STATUSES.items()}, **_EXITS}

_USED_UP = re.compile(r"TerminalQuotaError|exhausted your (?:daily quota|capacity)", re.IGNORECASE)
_REQUEST_FAILED = re.compile(r"\s*\[API Error")
_RETRY = re.compile(r"Attempt \d+ failed(?!.*Max attempts reached)")
_NOISE = re.compile(
    r"\s*$|\s+at |\[STARTUP\]|YOLO mode is enabled|Loaded cached credentials|Ripgrep is not available"
    r"|(?:Warning: )?(?:True color|256-color|Basic terminal)"
)


def is_noise(line: str) -> bool:
    """Tell whether a line of standard error says nothing about the run; there are some on every run."""
    return _NOISE.match(line) is not None


def retry_in(line: str) -> str | None:
    """Return what a line of standard error says of a request that is sent again."""
    return line.strip() if _RETRY.match(line) else None


def judge(status: ExitStatus, ended: Ended | None, complaint: str, remains: Remains) -> tuple[Category, str]:
    """Judge a run that failed, or ended without a result."""
    if ended is not None and ended.success:
        return "agent_error", complaint
    if ended is None and was_killed(status):
        return "killed", _error(status, complaint or remains.stderr)
    said = (ended.error if ended is not None else "") or complaint
    if ended is None:
        said = _error(status, said or remains.stderr or "\n".join(remains.rest))
    error = said or _error(status, remains.stderr)
    if _USED_UP.search(f"{error}\n{remains.stderr}"):
        return "quota_exhausted", error
    if is_full(error):
        return "session_full", error
    by_code = _BY_CODE.get(status.code or 0)
    if by_code is not None:
        return by_code, error
    by_words = classify(error, has_result=False)
    if by_words != "unknown":
        return by_words, error
    # A request that got no answer, or one that nobody can read: what stood in the way is not the agent's.
    return ("transient" if _REQUEST_FAILED.match(said) else "agent_error" if ended is not None else "unknown"), error


def _error(status: ExitStatus, said: str) -> str:
    return f"gemini ended with {status.in_words()} and without a result" + (f":\n{said}" if said else "")
