"""Checks how much has gathered in the state directory."""

import os
from pathlib import Path

from compas.setup.check import Check, passed, warned

_NAME = "gathered"
_MANY = 50_000
"""Directories of executions beyond which something keeps retention from its work, or its time is very long."""
_MIB = 1024 * 1024


def check_gathered(state: Path) -> Check:
    """Count the files of executions, and say how large log and telemetry are; nothing is opened."""
    try:
        with os.scandir(state / "executions") as entries:
            count = sum(1 for entry in entries if entry.is_dir(follow_symlinks=False))
    except FileNotFoundError:
        count = 0
    except OSError as error:
        return warned(_NAME, f"{state / 'executions'} cannot be read: {error.strerror}")
    sizes = ", ".join(f"{name} {_mib(state / f'{name}.sqlite')}" for name in ("compas", "telemetry"))
    detail = f"files of {count} executions; {sizes}"
    if count > _MANY:
        return warned(_NAME, detail, "compas prune shows what is due; retention in the config says how long each stays")
    return passed(_NAME, detail)


def _mib(file: Path) -> str:
    size = 0
    for path in (file, file.with_name(f"{file.name}-wal")):
        if path.exists():
            size += path.stat().st_size
    return f"{size / _MIB:.1f} MiB"
