"""Decides what a supervisor does when a child has ended: pure, time and chance are arguments."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

Strategy = Literal["one_for_one", "one_for_all", "rest_for_one"]
"""Who is restarted with a child: nobody, all siblings, or those started after it (as in OTP)."""


class Restartable(Protocol):
    """What the decision needs of a child; a ChildSpec has it."""

    @property
    def id(self) -> str:
        """Unique under its supervisor."""

    @property
    def restart(self) -> Literal["permanent", "transient", "temporary"]:
        """The restart type."""

    @property
    def significant(self) -> bool:
        """True when its end for good ends the supervisor."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds to wait before a restart: `minimum`, doubled for each crash in a row, at most `maximum`.

    `jitter` of 0.2 adds up to 20 % by chance. A child that stays up for `reset_after` seconds
    begins at the minimum again. The default restarts at once.
    """

    minimum: float = 0.0
    maximum: float = 0.0
    jitter: float = 0.0
    reset_after: float = 60.0

    def __post_init__(self) -> None:
        if not 0 <= self.minimum <= self.maximum:
            raise ValueError(f"back-off from {self.minimum} to {self.maximum} s: need 0 <= minimum <= maximum")
        if self.jitter < 0 or self.reset_after < 0:
            raise ValueError(f"back-off jitter {self.jitter}, reset_after {self.reset_after}: need 0 or more")

    def delay(self, crashes_before: int, chance: float) -> float:
        """Return the wait after `crashes_before` crashes in a row; `chance` is in [0, 1)."""
        # The exponent is capped because 2.0**1024 overflows; no back-off needs more doublings.
        doubled = self.minimum * 2.0 ** min(crashes_before, 64)
        return min(doubled, self.maximum) * (1.0 + self.jitter * chance)


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """A supervisor's rules: it gives up at more than `intensity` restarts within `period` seconds."""

    strategy: Strategy = "one_for_one"
    intensity: int = 3
    period: float = 5.0
    backoff: Backoff = field(default_factory=Backoff)

    def __post_init__(self) -> None:
        if self.strategy not in ("one_for_one", "one_for_all", "rest_for_one"):
            raise ValueError(f"strategy {self.strategy!r} is none of one_for_one, one_for_all, rest_for_one")
        if self.intensity < 0 or self.period <= 0:
            raise ValueError(f"intensity {self.intensity} per {self.period} s: need 0 or more, per more than 0 s")


@dataclass(frozen=True, slots=True)
class Streak:
    """Crashes in a row of one child, and when it was due to be up again after the last."""

    crashes: int
    up_at: float


@dataclass(frozen=True, slots=True)
class RestartRecord:
    """What a supervisor remembers about restarts; never changed, replaced by decide()."""

    restarts: tuple[float, ...] = ()
    streaks: tuple[tuple[str, Streak], ...] = ()

    def streak(self, child_id: str) -> Streak | None:
        """Return the child's crashes in a row, or None."""
        return dict(self.streaks).get(child_id)

    def without(self, child_id: str) -> "RestartRecord":
        """Forget a child that is gone for good."""
        if all(known != child_id for known, _ in self.streaks):
            return self
        return replace(self, streaks=tuple(pair for pair in self.streaks if pair[0] != child_id))


@dataclass(frozen=True, slots=True)
class Forget:
    """The child is gone for good; with `end_supervisor`, the supervisor stops in order."""

    end_supervisor: bool


@dataclass(frozen=True, slots=True)
class Restart:
    """Stop these, in this order (the ended one needs no stopping); wait; start these, in this order.

    A temporary sibling is stopped and not started again.
    """

    stop: tuple[str, ...]
    start: tuple[str, ...]
    delay: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Too many restarts: the supervisor crashes, so that its own supervisor decides."""


Decision = Forget | Restart | GiveUp


def decide(
    policy: RestartPolicy,
    record: RestartRecord,
    children: Sequence[Restartable],
    child_id: str,
    *,
    is_abnormal: bool,
    now: float,
    chance: float,
) -> tuple[RestartRecord, Decision]:
    """Decide about `child_id`, one of `children` (in start order), which ended at `now` seconds."""
    child = next(child for child in children if child.id == child_id)
    if child.restart == "temporary" or (child.restart == "transient" and not is_abnormal):
        return record.without(child_id), Forget(child.significant)
    recent = (*(at for at in record.restarts if now - at < policy.period), now)
    if len(recent) > policy.intensity:
        return replace(record, restarts=recent), GiveUp()
    streak = record.streak(child_id)
    is_quiet = streak is None or now - streak.up_at >= policy.backoff.reset_after
    crashes_before = 0 if is_quiet or streak is None else streak.crashes
    delay = policy.backoff.delay(crashes_before, chance)
    streaks = (*record.without(child_id).streaks, (child_id, Streak(crashes_before + 1, now + delay)))
    affected = _affected(policy.strategy, children, child_id)
    return RestartRecord(recent, streaks), Restart(
        stop=tuple(other.id for other in reversed(affected)),
        start=tuple(other.id for other in affected if other.restart != "temporary"),
        delay=delay,
    )


def _affected(strategy: Strategy, children: Sequence[Restartable], child_id: str) -> list[Restartable]:
    position = [child.id for child in children].index(child_id)
    match strategy:
        case "one_for_one":
            return [children[position]]
        case "one_for_all":
            return list(children)
        case "rest_for_one":
            return list(children[position:])
