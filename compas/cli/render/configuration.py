"""Writes what became of a changed config file, and what of it is not in force."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from compas.cli.render.table import Cell, table
from compas.cli.render.text import Style

if TYPE_CHECKING:
    from compas.api.configuration import DashboardCommandsResponse, ReloadResponse


def reload_text(response: ReloadResponse, style: Style) -> str:
    """Write what holds now: the changes, what they lead to, what waits, and what is wrong."""
    return "\n".join(_lines(response, style))


def _lines(response: ReloadResponse, style: Style) -> Iterator[str]:
    when = style.time(response.since)
    if not response.in_use:
        said = f"{response.config} cannot be used; what was loaded at {when} stays in force:"
        yield style.paint(style.line(said), "red")
        yield from (f"  {style.line(error)}" for error in response.errors)
    else:
        known = "" if response.is_new else f", as it has been since {when}"
        yield style.line(f"{response.config} is in force{known}")
        changed = response.changed or ("nothing that is in use",)
        yield from (f"  changed: {style.line(name)}" for name in changed)
        yield from (f"  {style.line(note)}" for note in response.notes)
    for name in response.waiting:
        yield style.paint(f"  waits for `compas restart`: {style.line(name)}", "yellow")
    yield from (style.paint(f"  warning: {style.line(one)}", "yellow") for one in response.warnings)


def dashboard_commands_text(response: DashboardCommandsResponse, style: Style) -> str:
    """Write each command with its key."""
    if not response.commands:
        return "the config has no commands of yours for the dashboard (dashboard.commands)"
    rows = [[Cell(one.key), Cell(one.on), Cell(one.description or "-"), Cell(one.command)] for one in response.commands]
    return table(("KEY", "ON", "DOES", "COMMAND"), rows, style)


def with_notices(text: str, notices: tuple[str, ...], style: Style) -> str:
    """Put above a text what of the config file is not in force."""
    lines = [style.paint(f"config: {style.line(one)}", "yellow") for one in notices]
    return "\n".join([*lines, text])
