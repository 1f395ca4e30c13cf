"""From what a failed command printed on its error channel to the class of its failure."""

import re
import signal

from compas.backends.backend import ExitStatus
from compas.domain.events import Category

_KILLED = frozenset(128 + number for number in (signal.SIGHUP, signal.SIGINT, signal.SIGKILL, signal.SIGTERM))

_AFTER = r"(?:http(?:/[\d.]+)?|status|code|error)\W{1,3}(?:code\W{1,3}|error\W{1,3})?"
"""What makes a number a status: it stands behind such a word, in front of its own reason phrase, or alone on a line."""


def _status(codes: str, reason: str) -> str:
    return rf"{_AFTER}(?:{codes})\b|\b(?:{codes})\W{{1,3}}(?:{reason})|^\s*(?:{codes})\s*$"


_AUTH = (
    "unauthorized",
    "authentication",
    "auth_error",
    "(?:invalid|incorrect|wrong|expired|missing)[ _]api[ _]key",
    r"not logged in|(?:log|sign)[ -]?in again|please (?:log|sign) ?in",
    "permission denied",
    _status("401|403", "forbidden|unauthori"),
)
_QUOTA = ("quota", "billing", "(?:spending|usage) limit", r"\bcredits?\b")
_STALE = ("no conversation found with session id",)
_FULL = (
    r"(?:prompt|input) is too (?:long|large)",
    "context_length_exceeded",
    "maximum context length",
    r"context[ _]window",
    r"exceeds? (?:the )?(?:model'?s? )?(?:context|maximum number of tokens)",
    "context limit reached",
    "too large to compact",
    "contextoverflow",
)
_TRANSIENT = (
    "timed out",
    "timeout",
    "connection (?:refused|reset)",
    "econn(?:reset|refused|aborted)",
    "socket hang up",
    r"\b(?:enotfound|eai_again|etimedout)\b",
    "server error",
    "overloaded",
    "temporarily unavailable",
    r"\bnetwork\b",
    r"\bdns\b",
    "rate[ _-]limit(?:[ _]exceeded| reached|ed)",
    r"\bat (?:full )?capacity\b",
    "too[ _]many[ _]requests",
    _status("429|500|502|503|504|529", "too many|internal|bad gateway|service|gateway|overloaded"),
)


def was_killed(status: ExitStatus) -> bool:
    """Tell whether a signal ended the process; a CLI that handles one says so by its exit status, as shells do."""
    return status.signal is not None or status.code in _KILLED


def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE | re.MULTILINE)


_CLASSES: tuple[tuple[Category, re.Pattern[str]], ...] = (
    ("auth_failure", _any_of(_AUTH)),
    ("quota_exhausted", _any_of(_QUOTA)),
    ("stale_session", _any_of(_STALE)),
    ("session_full", _any_of(_FULL)),
    ("transient", _any_of(_TRANSIENT)),
)


CANNOT_GO_ON: frozenset[Category] = frozenset({"stale_session", "session_full"})
"""After these nobody can go on with the conversation: it is not told of as one."""

_IS_FULL = _any_of(_FULL)


def is_full(error_text: str) -> bool:
    """Tell whether the conversation has become longer than the model reads, from the words of an error channel."""
    return _IS_FULL.search(error_text) is not None


def classify(error_text: str, *, has_result: bool) -> Category:
    """Return the class of a failure; matching ignores case, and the first hit counts (a-core 96).

    Give it only what came over an error channel: an agent that talks about authentication has not failed to
    authenticate. `has_result` says that the agent did answer, so that what is not recognised is its own failure.
    """
    for category, pattern in _CLASSES:
        if category == "transient" and has_result:
            return "agent_error"
        if pattern.search(error_text):
            return category
    return "agent_error" if has_result else "unknown"
