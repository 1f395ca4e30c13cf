"""What a hook is run as: its environment, and what it is told."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from compas.backends.environment import FOUND_BY, environment_of_tools
from compas.domain.facts.telling import HookOutcome
from compas.domain.outbox.specs import HookSpec
from compas.orchestrator.services import Services
from compas.runner.program import Program, ProgramEnd

_VARIABLES: Final = {
    # a variable: the field whose value it has, where there is one. COMPAS_EXECUTION would make it an agent's child.
    "COMPAS_EVENT": "event",
    "COMPAS_HOOK": "hook",
    "COMPAS_KEY": "key",
    "COMPAS_THREAD_ID": "thread",
    "COMPAS_BATCH": "batch",
    "COMPAS_AGENT": "agent",
    "COMPAS_EXECUTION_ID": "execution",
    "COMPAS_REPOSITORY": "repository",
    "COMPAS_STATUS": "status",
    "COMPAS_VERDICT": "verdict",
}


def hook_environment(services: Services, hook: HookSpec, fields: Mapping[str, Any]) -> dict[str, str]:
    """Return the whole environment of a hook: what tools may see, who it is told of, and its own `env`."""
    told = {name: str(fields[field]) for name, field in _VARIABLES.items() if fields.get(field) not in (None, "")}
    places = {name: services.environ[name] for name in FOUND_BY if name in services.environ}
    about = {**places, "COMPAS_CONFIG": services.config.config_path, **told}
    return {**environment_of_tools(services.environ, about), **hook.env}


def hook_program(services: Services, hook: HookSpec, fields: Mapping[str, Any], *, is_again: bool = False) -> Program:
    """Return how a hook is run to be told these fields; `is_again` where an earlier supervisor may have begun it."""
    config = services.config
    return Program(
        command=hook.command,
        args=hook.args,
        env=hook_environment(services, hook, fields),
        cwd=config.default_workdir,
        stdin=msgspec.json.encode(fields),
        timeout_secs=float(hook.timeout_secs),
        redaction_patterns=config.redaction_patterns if config.redact_secrets else None,
        token=f"{config.state_dir}:{fields['key']}",
        is_again=is_again,
    )


def outcome_of(ended: ProgramEnd) -> HookOutcome:
    """Say in the log's word how a hook's run ended."""
    match ended.how:
        case "ended":
            return "succeeded" if ended.code == 0 else "failed"
        case "timed_out":
            return "timed_out"
        case "not_started":
            return "not_started"
