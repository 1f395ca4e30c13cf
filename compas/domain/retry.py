"""Whether a failed execution is tried again, and when."""

import msgspec

from compas.domain.events import Category, EndStatus
from compas.domain.specs import AgentSpec

RETRYABLE: frozenset[Category] = frozenset({"transient", "stale_session"})
LONGEST_DELAY_SECS = 3600.0
_LARGEST_EXPONENT = 31

SPREAD = 0.25
"""By how much of itself a delay is lengthened at most, so that what failed together is not tried again together."""

CRASH_ATTEMPTS = 3
"""An execution that crashed this often is not started again: something about it brings machines down."""


class Again(msgspec.Struct, frozen=True, kw_only=True):
    """The next attempt: in how many seconds, and whether the CLI starts a new conversation, with a hand-over."""

    delay_secs: float
    fresh_session: bool = False
    handover: bool = False


def decide_retry(
    agent: AgentSpec,
    *,
    status: EndStatus,
    category: Category,
    failures: int,
    crashes: int,
    may_hand_over: bool = False,
) -> Again | None:
    """Say whether there is a next attempt (a-core 109-111), given how many earlier ones failed and crashed.

    `max_retries` is the number of repetitions after failures; the delay doubles with each, up to an hour. A timeout
    is never repeated: it would cost the same time again. A crash, which says nothing about the agent, is answered
    as `on_crash` says, at once, and a few times at most (a-core 151); neither uses up the other's attempts.
    A conversation that has become too long says nothing about the task: where it `may_hand_over`, the task is given
    again at once in a new one, whatever `max_retries` is.
    """
    if status == "crashed":
        if agent.on_crash == "fail" or crashes + 1 >= CRASH_ATTEMPTS:
            return None
        return Again(delay_secs=0.0, fresh_session=agent.on_crash == "requeue")
    if status == "failed" and category == "session_full":
        return Again(delay_secs=0.0, fresh_session=True, handover=True) if may_hand_over else None
    if status != "failed" or category not in RETRYABLE or failures >= agent.max_retries:
        return None
    delay = agent.retry_backoff_secs * 2 ** min(failures, _LARGEST_EXPONENT)
    return Again(delay_secs=float(min(delay, LONGEST_DELAY_SECS)), fresh_session=category == "stale_session")


def spread(delay_secs: float, chance: float) -> float:
    """Return a delay that is longer by up to a quarter, as chance (0 to 1) has it, and never shorter."""
    return delay_secs * (1 + SPREAD * chance)
