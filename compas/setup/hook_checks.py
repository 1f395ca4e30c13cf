"""Checks hooks and notifications where no supervisor runs that would tell of them itself."""

import sys
from collections.abc import Iterator, Mapping

from compas.config.config import Config
from compas.domain.outbox.ways import way_to_show
from compas.search_path import find_program, missing_program
from compas.setup.check import Check, passed, warned


def check_hooks(config: Config, environ: Mapping[str, str]) -> Iterator[Check]:
    """Look for the programs of hooks and for what shows notifications, as a supervisor with this environment does."""
    own = environ.get("PATH", "")
    hint = f"correct the command in {config.config_path}, or make it executable"
    missing = [hook for hook in config.hooks if find_program(hook.command, hook.env.get("PATH", own)) is None]
    for hook in missing:
        yield warned(f"hook {hook.name}", f"cannot be run: {missing_program(hook.command)}", hint)
    if config.hooks and not missing:
        yield passed("hooks", f"{', '.join(hook.name for hook in config.hooks)}: their programs are there")
    if not config.notifications.kinds:
        return
    way = way_to_show(config.notifications, sys.platform, lambda name: find_program(name, own) is not None)
    if way.problem:
        yield warned("notifications", f"none can be shown: {way.problem}")
    else:
        yield passed("notifications", f"are shown by {way.via}")
