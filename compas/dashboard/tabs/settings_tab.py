"""The tab with the supervisor and its config: what holds, where each value comes from, and what is wrong with it."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

import msgspec

from compas.api.configuration import SettingRow, SettingsResponse
from compas.api.supervision import HealthResponse
from compas.dashboard.board import Board
from compas.dashboard.keymap import Binding
from compas.dashboard.lines import (
    BLANK,
    Line,
    Segment,
    cut_line,
    cut_words,
    fit,
    one_line,
    plain,
    right,
    spread,
    width_of,
    wrap,
)
from compas.dashboard.needs import CONFIGURATION, Need
from compas.dashboard.tabs.tab import Look, Narrowed, Row, Standing, View
from compas.dashboard.theme import marks
from compas.dashboard.times import hour
from compas.dashboard.widgets.listing import Block, Entry

NAMES = 32
"""Columns for names at most."""
SOURCES = 14
"""Columns for where values come from."""
BELOW_EACH_OTHER, WITHOUT_SOURCES = 60, 76
"""On narrower screens values stand below their names, and it is not said where they come from."""
VALUE_ROWS = 6
"""Rows of one value at most."""


class SettingsRow(Row, frozen=True, kw_only=True):
    """A key with its value, and where that comes from; `is_said` is false for a default."""

    group: str
    name: str
    value: str
    source: str = ""
    is_said: bool = True
    waits: bool = False

    def matches(self, text: str) -> bool:
        """Tell whether a person who types this text may mean the row."""
        said = f"{self.group} {self.name} {self.value} {self.source}".casefold()
        return all(part in said for part in text.casefold().split())


class SettingsView(msgspec.Struct, frozen=True, kw_only=True):
    """See View."""

    settings: SettingsResponse | None
    trouble: str
    text: str
    groups: tuple[tuple[str, tuple[SettingsRow, ...]], ...]

    @property
    def rows(self) -> tuple[SettingsRow, ...]:
        """See View."""
        return tuple(row for _, rows in self.groups for row in rows)

    def members(self, group: str) -> Sequence[Row]:
        """See View: sections cannot be folded."""
        return ()

    def blocks(self, width: int, now: float, look: Look) -> list[Block]:
        """See View. It is one long list: sections have no share of the screen of their own."""
        shape = _shape(self.rows, width)
        notes = [*self._notes(width)]
        entries: list[Entry] = []
        for number, (title, rows) in enumerate(self.groups):
            for place, row in enumerate(rows):
                head = ([BLANK] if number or notes else []) + [plain(f"  {title}", "head")] if place == 0 else []
                lines = partial(_lines, row, shape, look, tuple(cut_line(line, width) for line in head))
                entries.append(Entry(row.key, lines, len(head) + _height(row, shape)))
        if self.settings is None:
            notes.append(plain("  reading the configuration …", "dim"))
        elif not entries:
            notes.append(cut_line(plain(f"  no setting matches {one_line(self.text)}", "dim"), width))
        return [Block("settings", [BLANK, *notes], entries)]

    def _notes(self, width: int) -> Iterator[Line]:
        found = self.settings
        said = [] if found is None else [*found.errors, *found.warnings]
        troubles = [*([self.trouble] if self.trouble else []), *said]
        for one in troubles:
            for number, part in enumerate(wrap(one_line(one), max(1, width - 6))):
                yield plain(f"  {'! ' if number == 0 else '  '}{part}", "warn")


class Settings:
    """See Tab."""

    title = "Settings"
    keys: tuple[Binding, ...] = ()
    orders: tuple[str, ...] = ()

    def needs(self, board: Board, text: str, at: Standing) -> tuple[Need, ...]:
        """See Tab."""
        return (CONFIGURATION,)

    def view(self, board: Board, now: float, narrowed: Narrowed, before: View | None = None) -> SettingsView:
        """See Tab."""
        found = board.answers.settings
        rows = [*_supervisor(board.health, now), *(_row(one) for one in (found.settings if found is not None else ()))]
        groups: dict[str, list[SettingsRow]] = {}
        for row in rows:
            if row.matches(narrowed.text):
                groups.setdefault(row.group, []).append(row)
        return SettingsView(
            settings=found,
            trouble=board.answers.troubles.get("settings", ""),
            text=narrowed.text,
            groups=tuple((title, tuple(those)) for title, those in groups.items()),
        )

    def is_ticking(self, board: Board) -> bool:
        """See Tab: it shows no running time."""
        return False


def life_of(health: HealthResponse) -> str:
    """Say whose life the supervisor's is, and how to stop it."""
    if health.ends_when_idle:
        return "ends by itself once there is nothing to do and no client; `compas stop` ends it too"
    return "goes on until `compas stop`, which lets agents finish, or `compas stop --now`"


def _supervisor(health: HealthResponse | None, now: float) -> Iterator[SettingsRow]:
    if health is None:
        return
    since = hour(health.since, now)
    told = (
        ("state", f"{health.state} since {since}, epoch {health.epoch}, pid {health.pid}", ""),
        ("life", life_of(health), "leaving the dashboard ends neither agents nor supervisor"),
        ("version", health.version, ""),
        ("clients", str(health.clients), ""),
        ("events", str(health.events), ""),
        ("git worker", health.git_worker, ""),
        ("config", health.config, "a saved file is loaded by itself; `compas reload` does it at once and says more"),
        ("state directory", health.state_dir, ""),
        ("log", health.log, ""),
    )
    for name, value, what_now in told:
        yield SettingsRow(
            key=f"supervisor:{name}",
            group="Supervisor",
            name=name,
            value=one_line(value),
            what_now=what_now,
        )


def _row(one: SettingRow) -> SettingsRow:
    section, _, name = one.key.rpartition(".")
    source = f"line {one.line}" if one.source == "file" and one.line else one.source.replace("_", " ")
    waits = "; it is in the file and waits for `compas restart`" if one.waits else ""
    return SettingsRow(
        key=f"setting:{one.key}",
        group=one_line(section) or "Config",
        name=one_line(name),
        value=one_line(one.value),
        source=source,
        is_said=one.source != "default",
        waits=one.waits,
        what_now=f"{one_line(one.key)}: {one.doc} Used {one.effect}{waits}.",
    )


class _Shape(NamedTuple):
    """How wide everything is; values stand below their names where `name` is 0."""

    width: int
    name: int
    value: int
    source: int


def _shape(rows: Sequence[SettingsRow], width: int) -> _Shape:
    if width < BELOW_EACH_OTHER:
        return _Shape(width, 0, width - 5, SOURCES)
    name = min(NAMES, max((width_of(row.name) for row in rows), default=0))
    source = SOURCES if width >= WITHOUT_SOURCES else 0
    return _Shape(width, name, width - name - source - 5, source)


def _values(row: SettingsRow, shape: _Shape) -> list[str]:
    parts = wrap(row.value, shape.value)
    if len(parts) > VALUE_ROWS:
        rest = " ".join(parts[VALUE_ROWS - 1 : VALUE_ROWS + 1])
        parts = [*parts[: VALUE_ROWS - 1], cut_words(rest, shape.value)]
    return parts


def _height(row: SettingsRow, shape: _Shape) -> int:
    return len(_values(row, shape)) + (0 if shape.name else 1)


def _lines(row: SettingsRow, shape: _Shape, look: Look, head: Sequence[Line]) -> list[Line]:
    is_selected = row.key == look.selected
    start = marks(is_selected=is_selected, is_marked=row.key in look.marked)
    said, style = "" if row.is_said else "dim", "warn" if row.waits else "" if row.is_said else "dim"
    source = f"{row.source}{' waits' if row.waits else ''}"
    first, *rest = _values(row, shape)
    if shape.name:
        cells: list[Segment] = [(said, f"{fit(row.name, shape.name)} "), (style, f"{fit(first, shape.value)} ")]
        found = [Line((*start, *cells, ("dim", right(source, shape.source) if shape.source else "")))]
    else:
        found = [spread(Line((*start, (said, row.name))), plain(f"{source} ", "dim"), shape.width)]
        rest = [first, *rest]
    margin = " " * (3 + shape.name if shape.name else 4)
    found += [Line((("", margin), (style, part))) for part in rest]
    ground = "chosen" if is_selected else ""
    return [*head, *(msgspec.structs.replace(line, key=row.key, ground=ground) for line in found)]
