"""The list of checks, in the order their findings are read."""

from compas.config.checks import (
    agents,
    backends,
    dashboard,
    handoffs,
    hooks,
    limits,
    notifications,
    places,
    schedules,
    targets,
)
from compas.config.checks.draft import Check, Draft
from compas.config.findings import Report

CHECKS: tuple[Check, ...] = (
    places.default_workdir,
    places.state_dir,
    places.worktree_dir,
    agents.some_agent,
    agents.aliases,
    agents.backends,
    agents.safety_mode,
    agents.flags,
    agents.environment,
    agents.inherited_for_another_backend,
    agents.fallbacks,
    places.agent_workdirs,
    places.agent_files,
    handoffs.handoffs,
    limits.concurrency,
    limits.pool,
    limits.intents,
    limits.redaction,
    limits.merge_message,
    targets.branches,
    backends.definitions,
    places.repositories,
    hooks.names,
    hooks.filters,
    notifications.notifications,
    schedules.schedules,
    dashboard.keys,
)


def run_checks(draft: Draft, report: Report) -> None:
    """Run every check; all of them always run, so that one load shows everything."""
    for check in CHECKS:
        for problem in check(draft):
            (report.error if problem.fatal else report.warn)(problem.path, problem.sentence)
