"""What a rule answers with: events to append, or a refusal in words."""

from collections.abc import Callable

import msgspec

from compas.domain.advice import Said, advise, say
from compas.domain.events import Event


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """An event that a rule wants appended to `stream`; the journal adds position, version and time."""

    stream: str
    event: Event
    lineage: str = ""


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why a command changes nothing. `code` is for programs, `message` says what was found and what to do."""

    code: str
    message: Said


UNKNOWN_THREAD = "unknown_thread"


def no_such_thread(thread: str, hint: str = "") -> Refusal:
    """Refuse what is about a thread that does not exist; `hint` is a question that ends with a blank."""
    sentence = say(f"there is no thread {thread!r}; {hint}`", advise("status"), "` lists them")
    return Refusal(code=UNKNOWN_THREAD, message=sentence)


Decision = tuple[Draft, ...] | Refusal
"""An empty tuple means that there is nothing left to do, which is how a repeated command is answered."""


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """When a decision is taken, and where new names come from; rules own no clock and no randomness.

    `chance` is a number from 0 to 1, drawn for this decision.
    """

    now: float
    new_id: Callable[[], str]
    chance: float = 0.0
