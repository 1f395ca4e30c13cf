"""Handlers of `reload` and `dashboard_commands`."""

from compas.api import configuration as api
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import HandlerContext
from compas.orchestrator.messages.config import ReloadConfig
from compas.orchestrator.services import ASK_TIMEOUT_SECS, CONFIG


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
