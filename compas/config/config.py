"""The configuration as the rest of compas sees it: merged, resolved and checked."""

from typing import Literal

from msgspec import Struct

from compas.config.findings import Finding
from compas.domain.dashboard_keys import DashboardCommand
from compas.domain.outbox.specs import HookSpec, NotificationSpec
from compas.domain.specs import (
    AgentSpec,
    BackendSpec,
    BreakerSpec,
    LimitsSpec,
    MergeStrategy,
    OnCrash,
    RepositorySpec,
    Requires,
    RetentionSpec,
    ScheduleSpec,
    ToolSet,
)


class Config(Struct, frozen=True, kw_only=True):
    """A configuration that loaded without an error; every path in it is absolute.

    `worktree_dir` None means `.compas-worktrees` beside the repository. `effective_concurrency` is the global limit:
    what the file says, which is `max_concurrent_triggers`, else one per worker agent. `agents`, `backends` and
    `schedules` keep the order of the file.
    """

    config_path: str
    default_workdir: str
    state_dir: str
    worktree_dir: str | None = None
    agents: dict[str, AgentSpec]
    backends: dict[str, BackendSpec] = {}
    repositories: tuple[RepositorySpec, ...] = ()
    schedules: dict[str, ScheduleSpec] = {}
    trigger_intents: tuple[str, ...] = ("dispatch", "handoff", "changes-requested")
    execution_timeout_secs: int = 600
    effective_concurrency: int = 1
    max_concurrent_triggers: int | None = None
    max_triggers_per_agent: int = 1
    max_queued_executions: int | None = None
    default_merge_strategy: MergeStrategy = "merge"
    default_merge_target: str = "main"
    merge_message: str | None = None
    merge_requires: Requires = "no_objection"
    merge_timeout_secs: int = 30
    git_timeout_secs: int = 300
    ping_timeout_secs: int = 15
    ping_cache_ttl_secs: int = 60
    stale_active_secs: int = 3600
    redact_secrets: bool = True
    redaction_patterns: tuple[str, ...] = ()
    circuit_breaker: BreakerSpec = BreakerSpec()
    on_crash: OnCrash = "resume"
    retention: RetentionSpec = RetentionSpec()
    tools: ToolSet = "core"
    hooks: tuple[HookSpec, ...] = ()
    notifications: NotificationSpec = NotificationSpec()
    dashboard_commands: tuple[DashboardCommand, ...] = ()

    @property
    def limits(self) -> LimitsSpec:
        """The three limits that admission looks at, as one value."""
        return LimitsSpec(
            concurrency=self.effective_concurrency,
            per_agent=self.max_triggers_per_agent,
            queued=self.max_queued_executions,
        )

    def at_once(self, agent: AgentSpec) -> int:
        """Return how many executions of an agent run at once."""
        return agent.max_concurrent or self.max_triggers_per_agent


Source = Literal["file", "agent_defaults", "environment", "default"]


class Setting(Struct, frozen=True, kw_only=True):
    """One key of the configuration: its value as people read it, and where that comes from.

    `key` is written as in the file: `orchestration.merge_timeout_secs`, `agents.dev.model`. `line` is that of the file,
    0 where the file does not say it. Values of environment variables are left out: they may be secrets.
    """

    key: str
    value: str
    source: Source
    line: int
    effect: str
    doc: str


class Loaded(Struct, frozen=True, kw_only=True):
    """A configuration, and what its author should know although it loads.

    `digest` is the SHA-256 of the file's bytes, in lower-case hex. `reads` names the other files and directories that
    have to be there for it to load; prompt files are read anew for each execution. `has_relative_paths` tells whether
    it means the same where the file is named from elsewhere, by a link. `settings` is all of it for people.
    """

    config: Config
    warnings: tuple[Finding, ...] = ()
    digest: str = ""
    reads: tuple[str, ...] = ()
    has_relative_paths: bool = False
    settings: tuple[Setting, ...] = ()
