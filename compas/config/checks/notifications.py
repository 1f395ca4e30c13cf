"""Checks of `notifications`: what they are shown by, when not, and about whom."""

from collections.abc import Iterator

from compas.config.checks.draft import Draft, Problem, error, warning
from compas.config.checks.time_zones import zone_problems
from compas.suggest import did_you_mean


def notifications(draft: Draft) -> Iterator[Problem]:
    """What is to be shown can be, and the agents it is about exist."""
    asked, at = draft.file.notifications, ("notifications",)
    if asked.via == "command" and asked.command is None:
        yield error((*at, "command"), "via: command needs the command that shows a notification")
    elif asked.via != "command" and asked.command is not None:
        yield warning((*at, "command"), "it is run only with via: command")
    for index, alias in enumerate(asked.agents):
        if alias not in draft.aliases and "" not in draft.aliases:
            meant = did_you_mean(alias, draft.aliases)
            yield warning((*at, "agents", index), f"no agent is called {alias!r}{meant}")
    if (quiet := asked.quiet_hours) is None:
        return
    if quiet.begins and quiet.begins == quiet.ends:
        yield error(
            (*at, "quiet_hours", "to"), "the quiet hours begin and end at the same time; leave them out instead"
        )
    yield from zone_problems((*at, "quiet_hours", "timezone"), quiet.timezone)
