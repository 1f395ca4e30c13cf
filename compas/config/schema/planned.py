"""Sections that load and are checked but have no effect yet, and those of the original that need none."""

from typing import Annotated, ClassVar, Literal

from compas.config.schema.key import Key, Section


class Model(Section, frozen=True, kw_only=True):
    """One entry of the model catalogue."""

    LENIENT: ClassVar[bool] = True

    id: Annotated[str, Key(doc="The model's name.")]
    backend: Annotated[str | None, Key(doc="The backend it belongs to.")] = None
    description: Annotated[str | None, Key(doc="A note.")] = None
    timeout_secs: Annotated[int | None, Key(doc="Seconds.", ge=0)] = None


class Database(Section, frozen=True, kw_only=True):
    """The original's connection pool."""

    LENIENT: ClassVar[bool] = True

    max_connections: Annotated[int, Key(doc="Largest size of the pool.", ge=1)] = 32
    min_connections: Annotated[int, Key(doc="Smallest size of the pool.", ge=1)] = 4
    acquire_timeout_ms: Annotated[int, Key(doc="Milliseconds to wait for a connection.", ge=100)] = 30_000


class BudgetLimit(Section, frozen=True, kw_only=True):
    """An amount."""

    usd: Annotated[float, Key(doc="US dollars.", ge=0)]


class Budgets(Section, frozen=True, kw_only=True):
    """What may be spent."""

    day: Annotated[BudgetLimit | None, Key(doc="Per day.")] = None
    thread: Annotated[BudgetLimit | None, Key(doc="Per thread.")] = None
    at_80_percent: Annotated[Literal["warn", "park"], Key(doc="What happens at 80 percent.")] = "warn"
    at_100_percent: Annotated[Literal["warn", "park"], Key(doc="What happens at the limit.")] = "park"
