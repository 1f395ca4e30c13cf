"""From what a failed command printed on its error channel to the class of its failure."""

from compas.domain.events import Category

_PATTERNS: tuple[tuple[Category, tuple[str, ...]], ...] = (
    (
        "auth_failure",
        (
            "unauthorized",
            "authentication",
            "auth_error",
            "invalid api key",
            "invalid_api_key",
            "permission denied",
            "403 ",
            "http 403",
            "status: 403",
        ),
    ),
    ("quota_exhausted", ("quota", "billing", "insufficient_quota", "spending limit", "credit")),
    ("stale_session", ("no conversation found with session id",)),
    (
        "transient",
        (
            "timed out",
            "timeout",
            "connection refused",
            "connection reset",
            "503",
            "502",
            "500",
            "server error",
            "overloaded",
            "temporarily unavailable",
            "econnreset",
            "econnrefused",
            "network",
            "dns",
            "rate_limit_exceeded",
            "too_many_requests",
            "429",
        ),
    ),
)


def classify(error_text: str, *, has_result: bool) -> Category:
    """Return the class of a failure; matching ignores case, and the first hit counts (a-core 96).

    Give it only what came over an error channel: an agent that talks about authentication has not failed to
    authenticate. `has_result` says that the agent did answer, so that what is not recognised is its own failure.
    """
    text = error_text.lower()
    for category, patterns in _PATTERNS:
        if category == "transient" and has_result:
            return "agent_error"
        if any(pattern in text for pattern in patterns):
            return category
    return "agent_error" if has_result else "unknown"
