"""The circuit breaker of a backend: what it learns from the ends of executions, and whom it lets through."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from compas.domain import events as e
from compas.domain.decision import Draft
from compas.domain.specs import BreakerSpec

COUNTED: frozenset[e.Category] = frozenset({"transient", "quota_exhausted", "auth_failure"})
"""Failures that say something about the backend, and not about one task, one conversation, or who ended it."""

BreakerState = Literal["closed", "open", "half_open"]


class End(msgspec.Struct, frozen=True, kw_only=True):
    """How an execution on the backend ended. `is_final`: no attempt follows. `position` is its place in the log, and
    `began_at` when it was started, in UTC seconds; None if it never was."""

    position: int
    began_at: float | None = None
    status: e.EndStatus
    category: e.Category = ""
    is_final: bool = True
    resets_at: float | None = None

    @property
    def is_success(self) -> bool:
        """Whether the backend did what it is for."""
        return self.status == "completed"

    @property
    def is_counted(self) -> bool:
        """Whether it counts against the backend: a failure for good, of a class that is the backend's (a-core 102,
        119, 121)."""
        return self.is_final and self.status == "failed" and self.category in COUNTED


class Breaker(msgspec.Struct, frozen=True, kw_only=True):
    """What its stream says. `since` is the position of its last change: ends before that were judged already."""

    backend: str
    version: int = 0
    since: int = 0
    opened: e.BreakerOpened | None = None

    def state(self, now: float) -> BreakerState:
        """Return where it stands at `now`, in UTC seconds: open until its time is over, then half open."""
        if self.opened is None:
            return "closed"
        return "open" if now < self.opened.until else "half_open"

    def places(self, now: float) -> int | None:
        """Return how many executions may be at work on the backend before another is let in; None for any number.

        Half open it lets one in at a time. What ends without saying anything about the backend only makes room for
        the next, so that no probe is ever the last (a-core 117, 119).
        """
        return {"closed": None, "open": 0, "half_open": 1}[self.state(now)]


def evolve(state: Breaker, recorded: e.Recorded) -> Breaker:
    """Fold one recorded event into the state."""
    opened = state.opened
    match recorded.event:
        case e.BreakerOpened() as event:
            opened = event
        case e.BreakerClosed():
            opened = None
        case _:
            raise ValueError(f"event {recorded.position} of {recorded.stream!r} is not a breaker's")
    return msgspec.structs.replace(state, opened=opened, since=recorded.position, version=recorded.version)


def decide_breaker(state: Breaker, ends: tuple[End, ...], spec: BreakerSpec, now: float) -> tuple[Draft, ...]:
    """Open, open again, or close it, by the ends since its last change, newest first.

    Any success closes it, also of an execution from before it opened (a-core 116, 118, 122). It opens after so many
    counted failures in a row, for the cooldown; at once when an allowance is used up, for as long as the backend said
    or else for the cooldown; and again when a probe fails for good. What says nothing about the backend changes
    nothing.
    """
    fresh = [end for end in ends if end.position > state.since]
    if state.opened is not None and (not spec.enabled or any(end.is_success for end in fresh)):
        why = "an execution succeeded" if spec.enabled else "the circuit breaker was switched off in the config"
        return (_draft(state, e.BreakerClosed(backend=state.backend, why=why)),)
    if state.opened is not None:  # of what was at work when it opened, a failure says nothing new
        fresh = [end for end in fresh if end.began_at is not None and end.began_at >= state.opened.until]
    failures = failures_in_a_row(fresh)
    if not spec.enabled or not failures:
        return ()
    newest = failures[0]
    is_used_up = newest.category == "quota_exhausted"
    parked_until = newest.resets_at if is_used_up else None
    needed = spec.failure_threshold if state.opened is None and not is_used_up else 1
    if parked_until is not None and parked_until > now:
        until = parked_until
    elif len(failures) >= needed and state.state(now) != "open":
        until = now + spec.cooldown_secs
    else:
        return ()
    if state.opened is not None and until <= state.opened.until:
        return ()
    opened = e.BreakerOpened(backend=state.backend, failures=len(failures), category=newest.category, until=until)
    return (_draft(state, opened),)


def decide_new_login(state: Breaker) -> tuple[Draft, ...]:
    """Close it where it is open for lack of a login: there are other credentials now, and the next execution tells."""
    if state.opened is None or state.opened.category != "auth_failure":
        return ()
    return (_draft(state, e.BreakerClosed(backend=state.backend, why="there are other credentials now")),)


def failures_in_a_row(ends: Iterable[End]) -> list[End]:
    """Return the counted failures since the last success, newest first."""
    found = []
    for end in ends:
        if end.is_success:
            break
        if end.is_counted:
            found.append(end)
    return found


def _draft(state: Breaker, event: e.Event) -> Draft:
    return Draft(stream=e.backend_stream(state.backend), event=event)
