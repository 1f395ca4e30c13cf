"""What happens to backends, to the supervisor and to its config."""

from typing import Literal

from compas.domain.facts.event import Category, Fact


class BreakerOpened(Fact, frozen=True, kw_only=True, tag="breaker.opened"):
    """The backend is left alone until then, in UTC seconds, because of so many failures in a row."""

    backend: str
    failures: int
    category: Category
    until: float


class BreakerClosed(Fact, frozen=True, kw_only=True, tag="breaker.closed"):
    """The backend is used again."""

    backend: str
    why: str


class SupervisorStarted(Fact, frozen=True, kw_only=True, tag="supervisor.started"):
    """A supervisor took over the state directory."""

    pid: int
    boot_id: str
    version: str


class SupervisorStopping(Fact, frozen=True, kw_only=True, tag="supervisor.stopping"):
    """It was asked to end, or nobody needs it; a more urgent word may change `mode` before it does."""

    mode: Literal["drained", "now", "detached", "idle"]


class SupervisorStopped(Fact, frozen=True, kw_only=True, tag="supervisor.stopped"):
    """It left in good order; `mode` says what became of running agents."""

    mode: Literal["drained", "now", "detached", "idle"]


class ConfigLoaded(Fact, frozen=True, kw_only=True, tag="config.loaded"):
    """A configuration came into force; `digest` is the SHA-256 of its file.

    `changed` names the keys that differ from before, never their values; `waiting` those that are used only after a
    restart. `notes` are sentences about what follows, such as why more executions run now.
    """

    digest: str
    changed: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class ConfigRefused(Fact, frozen=True, kw_only=True, tag="config.refused"):
    """The config file cannot be used as it is, so the last good one stays in force; `digest` is empty without a file.

    `errors` says what is wrong and where; of many, the first ones, and how many more there are.
    """

    digest: str
    errors: tuple[str, ...]
