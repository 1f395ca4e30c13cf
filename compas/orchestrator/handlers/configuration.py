"""Handlers of `settings`, `reload` and `dashboard_commands`."""

from compas.api import configuration as api
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import HandlerContext
from compas.orchestrator.messages.config import ReloadConfig
from compas.orchestrator.services import ASK_TIMEOUT_SECS, CONFIG
from compas.output.redact import Redactor


async def settings(context: HandlerContext, call: ResolvedCall) -> api.SettingsResponse:
    """Say what holds, key by key; what looks like a secret is redacted, as in everything that is shown."""
    call.decode(api.SettingsRequest)
    configuration = context.services.configuration
    config, standing, refused = configuration.in_force, configuration.standing, configuration.refused
    values = [one.value for one in standing.settings]
    if config.redact_secrets:
        values = [Redactor(config.redaction_patterns).line(value) for value in values]
    return api.SettingsResponse(
        config=config.config_path,
        state_dir=config.state_dir,
        since=standing.since,
        settings=tuple(
            api.SettingRow(
                key=one.key,
                value=value,
                source=one.source,
                effect=one.effect,
                doc=one.doc,
                line=one.line,
                waits=any(key == one.key or key.startswith(f"{one.key}.") for key in standing.waiting),
            )
            for one, value in zip(standing.settings, values, strict=True)
        ),
        notices=configuration.notices,
        waiting=standing.waiting,
        warnings=standing.warnings,
        errors=() if refused is None else refused.errors,
    )


async def reload(context: HandlerContext, call: ResolvedCall) -> api.ReloadResponse:
    """Have the config file looked at, and say what holds now. Repeating it changes nothing."""
    call.decode(api.ReloadRequest)
    watcher = await context.actor(CONFIG)
    is_new = await watcher.ask(ReloadConfig(), timeout=ASK_TIMEOUT_SECS)
    configuration = context.services.configuration
    standing, refused = configuration.standing, configuration.refused
    unwatched = (configuration.unwatched,) if configuration.unwatched else ()
    return api.ReloadResponse(
        config=configuration.in_force.config_path,
        in_use=refused is None,
        is_new=is_new,
        digest=standing.digest,
        since=standing.since,
        changed=standing.changed,
        waiting=standing.waiting,
        notes=standing.notes,
        warnings=(*standing.warnings, *unwatched),
        errors=() if refused is None else refused.errors,
    )


async def dashboard_commands(context: HandlerContext, call: ResolvedCall) -> api.DashboardCommandsResponse:
    """List the commands that the config in force has for the dashboard."""
    call.decode(api.DashboardCommandsRequest)
    return api.DashboardCommandsResponse(commands=context.services.config.dashboard_commands)
