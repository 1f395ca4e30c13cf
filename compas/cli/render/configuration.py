"""Writes what became of a changed config file, and what of it is not in force."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from compas.cli.render.table import Cell, table
from compas.cli.render.text import Style

if TYPE_CHECKING:
    from compas.api.configuration import DashboardCommandsResponse, ReloadResponse, SettingRow, SettingsResponse


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


def settings_text(response: SettingsResponse, style: Style) -> str:
    """Write every key with its value and where that comes from."""
    heads = ("KEY", "FROM", "VALUE")
    text = table(heads, [_setting(row) for row in response.settings], style)
    head = style.line(f"{response.config}, in force since {style.time(response.since)}")
    told = [style.paint(f"  warning: {style.line(one)}", "yellow") for one in (*response.notices, *response.warnings)]
    return "\n".join([head, *told, "", text])


def _setting(row: SettingRow) -> list[Cell]:
    source = f"line {row.line}" if row.source == "file" else row.source
    waits = " (waits for `compas restart`)" if row.waits else ""
    return [Cell(row.key), Cell(source, "dim" if row.source == "default" else None), Cell(row.value + waits)]


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
