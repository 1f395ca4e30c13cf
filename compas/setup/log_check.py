"""Checks the log in the state directory: that it can be read, whole, and by this compas."""

from pathlib import Path

from compas.setup.check import Check, failed, passed
from compas.store import log_file
from compas.store.errors import StoreError

_NAME = "log"
_SECONDS = 5.0
"""For so long it is read; of a log of several gigabytes a part is looked at."""
_TO_DO = "compas stop, then restore it from a backup; without one, move the state directory away to begin a new one"


def check_log(state: Path) -> Check | None:
    """Read the log through; None where there is none yet, as before the first start."""
    if (lost := log_file.missing_log(state)) is not None:
        return failed(_NAME, lost, _TO_DO)
    path = state / log_file.NAME
    if not path.exists() or path.stat().st_size == 0:
        return None
    try:
        found = log_file.look_through(path, _SECONDS)
    except StoreError as error:
        return failed(_NAME, str(error), _TO_DO)
    if found is None:
        return passed(_NAME, f"{path}, of which not all could be read within {_SECONDS:g} s")
    if found != log_file.OK:
        return failed(_NAME, f"{path} is damaged: {found}", _TO_DO)
    return passed(_NAME, str(path))
