"""What every projection needs of its surroundings: its SQL file, and the thread an event belongs to."""

from importlib import resources

from compas.domain.events import Recorded, thread_stream

_PREFIX = thread_stream("")


def read_tables(name: str) -> str:
    """Return the SQL that makes a projection's tables: the file of its name beside this one."""
    return resources.files("compas.store.projections").joinpath(f"{name}.sql").read_text(encoding="utf-8")


def thread_of(recorded: Recorded) -> str:
    """Return the thread in whose stream an event is."""
    return recorded.stream.removeprefix(_PREFIX)
