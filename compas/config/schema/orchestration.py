"""The `orchestration` section: limits, time-outs, merging, redaction and the circuit breaker."""

from typing import Annotated, ClassVar

from compas.config.schema.key import Key, Section
from compas.domain.specs import MergeStrategy


class CircuitBreaker(Section, frozen=True, kw_only=True):
    """When a failing backend is left alone for a while."""

    LENIENT: ClassVar[bool] = True

    enabled: Annotated[bool, Key(doc="Whether a backend that keeps failing is paused.")] = True
    failure_threshold: Annotated[
        int, Key(doc="Failures in a row of a backend that open its circuit breaker.", ge=1)
    ] = 3
    cooldown_secs: Annotated[int, Key(doc="Seconds an open breaker waits before it lets one probe through.", ge=0)] = 60


class Orchestration(Section, frozen=True, kw_only=True):
    """How much runs, for how long, and how work is merged."""

    LENIENT: ClassVar[bool] = True
    REMOVED: ClassVar[dict[str, str]] = {
        "mcp_wait_max_timeout_secs": "waiting has no upper limit any more; each wait names its own time-out",
    }

    trigger_intents: Annotated[
        tuple[str, ...],
        Key(doc="Intents of messages that start an execution of the agent they are sent to.", form="slug"),
    ] = ("dispatch", "handoff", "changes-requested")
    execution_timeout_secs: Annotated[
        int,
        Key(
            doc="Seconds after which an attempt is ended, unless the agent has `timeout_secs`.",
            ge=1,
            aliases=("trigger_timeout_secs", "default_timeout_secs"),
        ),
    ] = 600
    max_concurrent_triggers: Annotated[
        int | None,
        Key(
            doc="How many executions run at once, over all agents.",
            ge=1,
            default="one per worker agent",
        ),
    ] = None
    max_triggers_per_agent: Annotated[
        int,
        Key(doc="How many executions of one agent run at once, unless the agent has `max_concurrent`.", ge=1),
    ] = 1
    max_queued_executions: Annotated[
        int | None,
        Key(doc="How many executions may wait or run; a dispatch beyond that is refused.", ge=1, default="no limit"),
    ] = None
    ping_timeout_secs: Annotated[int, Key(doc="Seconds a backend has to answer a ping.", ge=1)] = 15
    ping_cache_ttl_secs: Annotated[
        int, Key(doc="Seconds for which what was found out about a backend's health is reused.", ge=0)
    ] = 60
    log_retention_count: Annotated[int, Key(doc="How many execution logs are kept, the newest ones.", ge=0)] = 100
    stale_active_secs: Annotated[
        int,
        Key(
            doc="Seconds in which nothing moves, after which an active thread is shown as stale.",
            ge=60,
            le=604_800,
        ),
    ] = 3600
    merge_timeout_secs: Annotated[int, Key(doc="Seconds a merge may take.", ge=1)] = 30
    git_timeout_secs: Annotated[
        int,
        Key(
            doc="Seconds that git may take to make a worktree, or to commit or record what is in one: with hooks, "
            "filters and signing programs, of which some wait for a person.",
            ge=1,
            le=600,
        ),
    ] = 300
    default_merge_strategy: Annotated[MergeStrategy, Key(doc="How a merge that names no strategy is made.")] = "merge"
    merge_message: Annotated[
        str | None,
        Key(
            doc="What a merge's commit says; `{thread}`, `{summary}`, `{source}`, `{target}` and `{strategy}` are "
            "filled in.",
            form="nonblank",
            default="the thread's summary, else `Merge {source} into {target}`",
        ),
    ] = None
    default_merge_target: Annotated[
        str,
        Key(
            doc="The branch that a merge without a target goes to, and that worktrees start from.",
            form="nonblank",
        ),
    ] = "main"
    redact_secrets: Annotated[
        bool, Key(doc="Whether what looks like a secret is replaced in logs and in what is shown.")
    ] = True
    redaction_patterns: Annotated[
        tuple[str, ...],
        Key(doc="Regular expressions (Python's syntax) of further secrets to replace.", form="nonempty"),
    ] = ()
    circuit_breaker: Annotated[CircuitBreaker, Key(doc="When a failing backend is left alone for a while.")] = (
        CircuitBreaker()
    )
