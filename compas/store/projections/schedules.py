"""The read model of schedules: what each has done, as the rules fold it."""

import msgspec

from compas.domain import events as e
from compas.domain.schedule import Schedule, evolve
from compas.store.connection import Cursor, Reader
from compas.store.projections.source import read_tables

_PREFIX = e.schedule_stream("")


class Schedules:
    """Projects the stream of each schedule to its state. A change of that state's form needs a higher version."""

    name = "schedules"
    version = 1
    tables = read_tables("schedules")

    def apply(self, cursor: Cursor, recorded: e.Recorded) -> None:
        """Take in one event."""
        if isinstance(recorded.event, e.ScheduleEvent):
            name = recorded.stream.removeprefix(_PREFIX)
            state = evolve(schedule_of(cursor, name), recorded)
            sql = """INSERT INTO schedules VALUES (?, ?, ?)
                ON CONFLICT DO UPDATE SET state = excluded.state, position = excluded.position"""
            cursor.execute(sql, (name, msgspec.json.encode(state).decode(), recorded.position))


def schedule_of(reader: Reader, name: str) -> Schedule:
    """Return a schedule; one that the log has never heard of has done nothing."""
    row = reader.row("SELECT state FROM schedules WHERE name = ?", (name,))
    return Schedule(name=name) if row is None else _decode(row[0])


def all_schedules(reader: Reader) -> dict[str, Schedule]:
    """Return every schedule that the log has heard of, by name."""
    states = [_decode(row[0]) for row in reader.rows("SELECT state FROM schedules ORDER BY name")]
    return {state.name: state for state in states}


def is_run_unsettled(reader: Reader, fired: e.ScheduleFired) -> bool:
    """Say whether anything of a run is still to come: in its thread, or in what descends from its dispatch."""
    sql = """SELECT EXISTS (
            SELECT 1 FROM executions WHERE (status IN ('queued', 'picked_up', 'executing') OR stopping)
            AND (lineage = :lineage OR thread = :thread)
        ) OR EXISTS (SELECT 1 FROM fan_outs WHERE open AND lineage = :lineage)"""
    row = reader.row(sql, {"lineage": fired.message, "thread": fired.thread})
    return row is not None and bool(row[0])


def _decode(state: object) -> Schedule:
    return msgspec.json.decode(str(state), type=Schedule)
