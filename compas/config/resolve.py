"""Builds the values the rest of compas gets from a file that passed its checks."""

from compas.config.checks.backends import INSTRUCTION
from compas.config.checks.draft import Draft
from compas.config.checks.hooks import all_hooks, name_of
from compas.config.config import Config
from compas.config.schema.agents import AgentEntry, Handoff
from compas.config.schema.backends import BackendDefinition
from compas.config.schema.file import ConfigFile
from compas.config.schema.notifications import Notifications, QuietHours
from compas.config.schema.repositories import Command, Repository
from compas.config.schema.schedules import Schedule
from compas.domain.dashboard_keys import DashboardCommand, read_key
from compas.domain.outbox.specs import DEFAULT_NOTICES, HookSpec, NotificationSpec, QuietSpec
from compas.domain.specs import (
    AgentSpec,
    BackendSpec,
    BreakerSpec,
    CommandSpec,
    HandoffSpec,
    OutputSpec,
    PingSpec,
    RepositorySpec,
    ResumeSpec,
    RetentionSpec,
    ScheduleSpec,
)

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def resolve(draft: Draft, config_path: str) -> Config:
    """Build the configuration: every default filled in, every path absolute."""
    file, limits = draft.file, draft.file.orchestration
    breaker = limits.circuit_breaker
    return Config(
        config_path=config_path,
        default_workdir=file.default_workdir,
        state_dir=draft.state_dir,
        worktree_dir=file.worktree_dir,
        agents={agent.entry.alias: _agent(agent.entry, file) for agent in draft.agents},
        backends={each.name: _backend(each) for each in file.backend_definitions},
        repositories=tuple(_repository(each, file) for each in file.repositories),
        schedules={each.name: _schedule(each) for each in file.schedules},
        trigger_intents=limits.trigger_intents,
        execution_timeout_secs=limits.execution_timeout_secs,
        effective_concurrency=draft.concurrency,
        max_concurrent_triggers=limits.max_concurrent_triggers,
        max_triggers_per_agent=limits.max_triggers_per_agent,
        max_queued_executions=limits.max_queued_executions,
        default_merge_strategy=limits.default_merge_strategy,
        default_merge_target=limits.default_merge_target,
        merge_message=limits.merge_message,
        merge_requires=file.merge_requires,
        merge_timeout_secs=limits.merge_timeout_secs,
        git_timeout_secs=limits.git_timeout_secs,
        ping_timeout_secs=limits.ping_timeout_secs,
        ping_cache_ttl_secs=limits.ping_cache_ttl_secs,
        stale_active_secs=limits.stale_active_secs,
        redact_secrets=limits.redact_secrets,
        redaction_patterns=limits.redaction_patterns,
        circuit_breaker=BreakerSpec(
            enabled=breaker.enabled,
            failure_threshold=breaker.failure_threshold,
            cooldown_secs=breaker.cooldown_secs,
        ),
        on_crash=file.on_crash,
        dashboard_commands=tuple(
            DashboardCommand(
                key=read_key(one.key) or one.key,
                command=one.command,
                description=one.description,
                on=one.on,
                background=one.background,
            )
            for one in file.dashboard.commands
        ),
        retention=RetentionSpec(
            worktrees=_seconds(file.retention.worktrees),
            logs=_seconds(file.retention.logs),
            log_count=limits.log_retention_count,
            telemetry=_duration(file.retention.telemetry),
            executions=_duration(file.retention.executions),
            snapshots=_duration(file.retention.snapshots),
        ),
        tools=file.tools,
        hooks=_hooks(file),
        notifications=_notifications(file.notifications),
    )


def _seconds(duration: str | None) -> float | None:
    return None if duration is None else _duration(duration)


def _duration(text: str) -> float:
    """Return the seconds of a duration such as 30d."""
    return float(text[:-1]) * _UNITS[text[-1]]


def _agent(entry: AgentEntry, file: ConfigFile) -> AgentSpec:
    return AgentSpec(
        alias=entry.alias,
        backend=entry.backend or "",
        role=entry.role,
        model=entry.model,
        prompt=entry.prompt,
        prompt_file=entry.prompt_file,
        timeout_secs=entry.timeout_secs or file.orchestration.execution_timeout_secs,
        backend_args=entry.backend_args or (),
        env=entry.env or {},
        workdir=entry.workdir or file.default_workdir,
        has_own_workdir=entry.workdir is not None,
        workspace=entry.workspace,
        max_retries=entry.max_retries or 0,
        retry_backoff_secs=30 if entry.retry_backoff_secs is None else entry.retry_backoff_secs,
        handoff=_handoff(entry.handoff) if entry.handoff else None,
        safety_mode=entry.safety_mode,
        commit=entry.commit or "agent",
        may=("dispatch",) if entry.may is None else entry.may,
        max_concurrent=entry.max_concurrent,
        on_crash=entry.on_crash or file.on_crash,
        env_pass=entry.env_pass,
        script=entry.script,
    )


def _handoff(handoff: Handoff) -> HandoffSpec:
    targets = handoff.on_response
    return HandoffSpec(
        targets=(targets,) if isinstance(targets, str) else targets or (),
        prompt=handoff.handoff_prompt,
        max_chain_depth=handoff.max_chain_depth,
        until=handoff.until,
        join=handoff.join,
    )


def _backend(definition: BackendDefinition) -> BackendSpec:
    resume, output, ping = definition.resume, definition.output, definition.ping
    carried = any(INSTRUCTION in argument for argument in definition.args)
    return BackendSpec(
        name=definition.name,
        command=definition.command,
        args=definition.args,
        resume=ResumeSpec(flag=resume.flag, session_id_arg=resume.session_id_arg) if resume else None,
        output=OutputSpec(
            format=output.format, result_field=output.result_field, session_id_field=output.session_id_field
        ),
        ping=PingSpec(command=ping.command, args=ping.args) if ping else None,
        env_remove=definition.env_remove,
        prompt=definition.prompt or ("argument" if carried else "stdin"),
    )


def _repository(repository: Repository, file: ConfigFile) -> RepositorySpec:
    return RepositorySpec(
        path=repository.path,
        base=repository.base or file.orchestration.default_merge_target,
        copy=repository.copy,
        link=repository.link,
        setup=_command(repository.setup),
        teardown=_command(repository.teardown),
        ports=repository.ports,
        merge_verify=_check_of_merges(repository),
        pool=repository.pool,
        on_conflict=repository.on_conflict,
        merge_requires=repository.merge_requires or file.merge_requires,
    )


def _schedule(schedule: Schedule) -> ScheduleSpec:
    return ScheduleSpec(
        name=schedule.name,
        agent=schedule.agent,
        cron=schedule.cron,
        timezone=schedule.timezone or "UTC",
        body=schedule.body,
        batch=schedule.batch,
        repository=schedule.repository,
        max_runs=schedule.max_runs,
        enabled=schedule.enabled,
        overlap=schedule.overlap,
        catch_up=schedule.catch_up,
        jitter_secs=schedule.jitter_secs,
    )


def _command(command: Command | None) -> CommandSpec | None:
    return CommandSpec(run=command.run, timeout_secs=command.timeout_secs) if command else None


def _check_of_merges(repository: Repository) -> CommandSpec | None:
    if repository.merge_verify is None:
        return None
    return CommandSpec(run=repository.merge_verify, timeout_secs=repository.merge_verify_timeout_secs)


def _hooks(file: ConfigFile) -> tuple[HookSpec, ...]:
    return tuple(
        HookSpec(
            name=name_of(point, index, hook),
            point=point,
            command=hook.command,
            args=hook.args,
            timeout_secs=hook.timeout_secs,
            env=hook.env or {},
            filter=hook.filter or {},
        )
        for point, index, hook in all_hooks(file.hooks)
    )


def _notifications(asked: Notifications) -> NotificationSpec:
    default = DEFAULT_NOTICES if asked.desktop else ()
    return NotificationSpec(
        kinds=default if asked.events is None else asked.events,
        via=asked.via,
        command=asked.command,
        args=asked.args,
        quiet=_quiet(asked.quiet_hours) if asked.quiet_hours else None,
        agents=asked.agents,
        batches=asked.batches,
    )


def _quiet(hours: QuietHours) -> QuietSpec:
    return QuietSpec(begins=_minute(hours.begins), ends=_minute(hours.ends), timezone=hours.timezone)


def _minute(time: str) -> int:
    """Return how many minutes after midnight a time such as 22:30 is."""
    hour, _, minute = time.partition(":")
    return int(hour) * 60 + int(minute)
