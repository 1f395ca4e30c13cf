"""What is wrong with hooks and notifications now, for those who ask how the supervisor is."""

import sys
from collections.abc import Iterator

from compas.domain.outbox.specs import HookSpec
from compas.domain.outbox.ways import Way, way_to_show
from compas.domain.outbox.words import how_it_ended
from compas.orchestrator.services import Services
from compas.search_path import missing_program
from compas.store.connection import Reader
from compas.store.projections.outbox import failures_of, newest_notifications, runs_of


def way_here(services: Services) -> Way:
    """Return how notifications are shown on this machine."""
    path = services.environ.get("PATH", "")
    return way_to_show(
        services.config.notifications, sys.platform, lambda name: services.programs.find(name, path) is not None
    )


def why_not_run(services: Services, hook: HookSpec) -> str:
    """Say why the program of a hook cannot be run; nothing when it can."""
    path = hook.env.get("PATH", services.environ.get("PATH", ""))
    return "" if services.programs.find(hook.command, path) is not None else missing_program(hook.command)


async def troubles(services: Services) -> tuple[str, ...]:
    """Return one sentence for each hook that fails or cannot be run, and for notifications that nobody sees."""
    return await services.store.query(lambda reader: tuple(_found(services, reader)))


def _found(services: Services, reader: Reader) -> Iterator[str]:
    config = services.config
    for hook in config.hooks:
        if problem := why_not_run(services, hook):
            yield f"the hook {hook.name} cannot be run: {problem}"
        elif told := _failing(reader, hook):
            yield told
    if not config.notifications.kinds:
        return
    way = way_here(services)
    newest = newest_notifications(reader, 1)
    problem = way.problem or (newest[0].problem if newest else "")
    if problem:
        yield f"no notification is shown: {problem}"


def _failing(reader: Reader, hook: HookSpec) -> str:
    count = failures_of(reader, hook.subscriber)
    if not count:
        return ""
    (last,) = runs_of(reader, hook.subscriber, 1)
    how = how_it_ended(
        last.outcome, exit_code=last.exit_code, seconds=last.seconds, output=last.output, problem=last.problem
    )
    often = f"has failed {count} times in a row; the last run " if count > 1 else ""
    return f"the hook {hook.name} {often}{how}"
