"""Checks the directories that compas writes to; it makes nothing but the runtime directory, as every command does."""

import os
import shlex
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from compas.setup.check import Check, failed, passed, warned

SCARCE_BYTES = 1 << 30
"""With less, a few worktrees can fill the disk."""
TOO_FEW_BYTES = 100 << 20
_TELEMETRY = "telemetry.sqlite"
_SQLITE = b"SQLite format 3\0"


def check_state_directory(path: Path) -> Check:
    """Check that the state directory can be written, and read by nobody else."""
    if not path.exists():
        above = _nearest(path)
        if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
            why = f"{path} does not exist and cannot be made, because {above} is not writable for you"
            return failed("state directory", why, "name another state_dir in the config, or set COMPAS_STATE_DIR")
        return passed("state directory", f"{path} will be made with the first start")
    if not path.is_dir():
        return failed("state directory", f"{path} is not a directory", "name another state_dir in the config")
    found = path.stat()
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK) or os.statvfs(path).f_flag & os.ST_RDONLY:
        return failed("state directory", f"{path} is not writable for you", f"ls -ld {shlex.quote(str(path))}")
    if stat.S_IMODE(found.st_mode) & 0o077:
        why = f"others may look into {path} (mode {stat.S_IMODE(found.st_mode):04o})"
        return warned("state directory", why, f"chmod 700 {shlex.quote(str(path))}")
    return passed("state directory", str(path))


def check_telemetry(state: Path) -> Iterator[Check]:
    """Check that what agents did can be recorded. Damage loses no work: such a file is set aside at the next start."""
    path = state / _TELEMETRY
    if not path.exists():
        return
    try:
        with path.open("rb") as file:
            begin = file.read(len(_SQLITE))
    except OSError as error:
        yield failed("telemetry", f"{path} cannot be read: {error.strerror}", f"ls -l {shlex.quote(str(path))}")
        return
    aside = path.with_name(f"{_TELEMETRY}.damaged")
    if begin and begin != _SQLITE:
        yield warned("telemetry", f"{path} is no database; it is set aside at the next start", "compas restart")
    elif aside.exists():
        why = f"a damaged file was set aside; what agents did before it is in {aside} or lost"
        yield warned("telemetry", why, f"rm {shlex.quote(str(aside))}")
    else:
        yield passed("telemetry", str(path))


def check_disk(places: dict[str, Path]) -> Iterator[Check]:
    """Check that there is room where compas writes; `places` are named for people. One file system is one check."""
    seen: dict[int, str] = {}
    for name, place in places.items():
        near = _nearest(place)
        device = near.stat().st_dev
        if device in seen:
            continue
        seen[device] = name
        free = shutil.disk_usage(near).free
        text = f"{free / (1 << 30):.1f} GiB free for {name} ({near})"
        if free < TOO_FEW_BYTES:
            yield failed("disk space", text, f"df -h {shlex.quote(str(near))}")
        elif free < SCARCE_BYTES:
            yield warned("disk space", text, f"df -h {shlex.quote(str(near))}")
        else:
            yield passed("disk space", text)


def _nearest(path: Path) -> Path:
    """Return the path, or whichever directory above it exists."""
    return next((each for each in (path, *path.parents) if each.exists()), Path("/"))
