"""The state directory as its supervisor holds it: whether log and lock are still the ones that it opened."""

import logging
from pathlib import Path

from compas.errors import CompasError
from compas.orchestrator.process.held_lock import HeldLock, described
from compas.orchestrator.process.pin import Pin

log = logging.getLogger("compas.supervisor")


class StateLostError(CompasError):
    """The state directory is not this supervisor's any more; nothing of what it does could be kept."""


class HeldState:
    """The log's file and the lock of a state directory, both open."""

    def __init__(self, lock: HeldLock, log_path: Path) -> None:
        """Raises OSError where there is no log at the path."""
        self._lock = lock
        self._log_path = log_path
        self._pin = Pin(log_path)

    @property
    def paths(self) -> tuple[Path, ...]:
        """What `lost` looks at."""
        return (self._log_path, self._lock.path)

    def lost(self) -> StateLostError | None:
        """Say that the state directory is lost. A lock that was removed alone is taken again."""
        if not self._pin.is_at(self._log_path):
            return StateLostError(
                f"{self._log_path} was removed, moved or replaced while the supervisor had it open, so nothing more "
                "can be kept in it; the supervisor ends. Put the state directory back if you have it, and start again"
            )
        if self._lock.is_in_place():
            return None
        try:
            holder = self._lock.take()
        except (CompasError, OSError) as err:
            return StateLostError(f"the lock {self._lock.path} was removed and cannot be held again: {err}")
        if holder is not None:
            return StateLostError(
                f"another supervisor took over {self._lock.path.parent} ({described(holder, holder.since)}, "
                f"config {holder.config}); this one ends"
            )
        log.warning("the lock %s was removed, and is held again", self._lock.path, extra={"action": "lock_again"})
        return None

    def close(self) -> None:
        """Forget the log's file."""
        self._pin.close()
