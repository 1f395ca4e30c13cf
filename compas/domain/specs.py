"""What an operator configured, as values: agents, backends, repositories and limits."""

import hashlib
from typing import Literal

from msgspec import Struct

Role = Literal["worker", "operator"]
Workspace = Literal["worktree", "shared"]
CommitMode = Literal["auto", "agent"]
OnCrash = Literal["resume", "requeue", "fail"]
MergeStrategy = Literal["merge", "rebase", "squash"]
OnConflict = Literal["report", "hand_back"]
Requires = Literal["no_objection", "approval"]
"""What a merge needs: that nobody objects, or that every reviewer, or a person, has approved."""
OutputFormat = Literal["plaintext", "json", "jsonl"]
PromptChannel = Literal["argument", "stdin", "file"]
ToolSet = Literal["core", "all"]
"""Which tools editors are told of: those of the daily work, or every one."""

OPERATOR = "operator"
"""The person: as a handoff target it ends a chain."""

SCRIPTED_BACKEND = "scripted"
"""The backend that plays a transcript instead of running an agent CLI."""


class HandoffSpec(Struct, frozen=True, kw_only=True):
    """Who gets an agent's reply by itself.

    `targets` is empty (stop), one alias or `operator` (same thread), or several aliases (fan-out).
    """

    targets: tuple[str, ...] = ()
    prompt: str | None = None
    max_chain_depth: int = 3
    until: Literal["approved"] | None = None
    join: str | None = None


class AgentSpec(Struct, frozen=True, kw_only=True):
    """One agent with everything resolved: defaults merged, paths absolute, timeouts filled in.

    At most one of `prompt` and `prompt_file` is set. `timeout_secs` bounds one attempt. `workspace` None works in
    `workdir` but inherits a predecessor's worktree, which an explicit `shared` does not (c-config 2.5).
    `env_pass` None means the documented safe list. `max_concurrent` None means the limit of all agents.
    `script` is the transcript of an agent on the `scripted` backend. `has_own_workdir` says that its entry in the
    config has a `workdir`.
    """

    alias: str
    backend: str
    role: Role = "worker"
    model: str | None = None
    prompt: str | None = None
    prompt_file: str | None = None
    timeout_secs: int = 600
    backend_args: tuple[str, ...] = ()
    env: dict[str, str] = {}
    workdir: str
    has_own_workdir: bool = False
    workspace: Workspace | None = None
    max_retries: int = 0
    retry_backoff_secs: int = 30
    handoff: HandoffSpec | None = None
    safety_mode: Literal["auto_approve"] | None = None
    commit: CommitMode = "agent"
    may: tuple[str, ...] = ("dispatch",)
    max_concurrent: int | None = None
    on_crash: OnCrash = "resume"
    env_pass: tuple[str, ...] | None = None
    script: str | None = None

    def prompt_hash(self, file_text: str | None = None) -> str | None:
        """Return the SHA-256, in lower-case hex, of the prompt this agent runs with, or None without one.

        `file_text` is what `prompt_file` holds; reading it is the caller's. An empty prompt has no hash (a-core 32).
        """
        effective = self.prompt if self.prompt_file is None else file_text
        return hashlib.sha256(effective.encode()).hexdigest() if effective else None


class ResumeSpec(Struct, frozen=True, kw_only=True):
    """How a generic backend continues a session: `flag` and the filled `session_id_arg` come before the arguments."""

    flag: str
    session_id_arg: str


class OutputSpec(Struct, frozen=True, kw_only=True):
    """How a generic backend's standard output is read; the fields are dotted paths."""

    format: OutputFormat = "plaintext"
    result_field: str | None = None
    session_id_field: str | None = None


class PingSpec(Struct, frozen=True, kw_only=True):
    """The command that shows a generic backend to be installed."""

    command: str
    args: tuple[str, ...] = ()


class BackendSpec(Struct, frozen=True, kw_only=True):
    """A backend the config defines: a command line with templates for instruction, model and session id.

    `env_remove` names variables the agent must not see, inherited ones too (a-core 94). `prompt` says how the
    instruction travels: in an argument, over standard input, or in a file whose path replaces the template.
    """

    name: str
    command: str
    args: tuple[str, ...] = ()
    resume: ResumeSpec | None = None
    output: OutputSpec = OutputSpec()
    ping: PingSpec | None = None
    env_remove: tuple[str, ...] = ()
    prompt: PromptChannel = "argument"


class CommandSpec(Struct, frozen=True, kw_only=True):
    """A shell command with its deadline in seconds."""

    run: str
    timeout_secs: int = 300


class RepositorySpec(Struct, frozen=True, kw_only=True):
    """How worktrees of one repository are made usable, and how its merges are verified.

    `path` is absolute. `base` is where worktrees start. `copy` and `link` are relative to the repository's root.
    """

    path: str
    base: str = "main"
    copy: tuple[str, ...] = ()
    link: tuple[str, ...] = ()
    setup: CommandSpec | None = None
    teardown: CommandSpec | None = None
    ports: int = 0
    merge_verify: CommandSpec | None = None
    pool: int = 0
    on_conflict: OnConflict = "report"
    merge_requires: Requires = "no_objection"


class ScheduleSpec(Struct, frozen=True, kw_only=True):
    """A dispatch at set times: `cron` as the clocks of `timezone` show it.

    `overlap` says what happens when the last run has not ended, `catch_up` what to runs that were missed. `max_runs`
    counts since the last reset. Each run is put off by up to `jitter_secs`. `repository` None means the agent's own.
    """

    name: str
    agent: str
    cron: str
    timezone: str = "UTC"
    body: str
    batch: str | None = None
    repository: str | None = None
    max_runs: int = 100
    enabled: bool = True
    overlap: Literal["skip", "queue"] = "skip"
    catch_up: Literal["one", "none"] = "one"
    jitter_secs: int = 0


class BreakerSpec(Struct, frozen=True, kw_only=True):
    """When a backend's circuit breaker opens, and for how many seconds."""

    enabled: bool = True
    failure_threshold: int = 3
    cooldown_secs: int = 60


class RetentionSpec(Struct, frozen=True, kw_only=True):
    """How many seconds things are kept after their end.

    `worktrees` None removes a clean worktree as soon as its thread is completed or abandoned, and keeps a dirty one.
    `logs` None keeps them by number alone, which is `log_count`, the newest ones. `telemetry` counts from the event,
    `snapshots` from the last event of an ended thread.
    """

    worktrees: float | None = None
    logs: float | None = None
    log_count: int = 100
    telemetry: float = 30 * 86_400.0
    executions: float = 86_400.0
    snapshots: float = 86_400.0


class LimitsSpec(Struct, frozen=True, kw_only=True):
    """How much runs at once: in all, per agent unless the agent says otherwise, and how much may wait."""

    concurrency: int
    per_agent: int = 1
    queued: int | None = None
