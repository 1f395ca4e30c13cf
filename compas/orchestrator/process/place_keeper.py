"""Notices that files were removed under a living supervisor: makes its door again, or gives up without its state."""

import logging
import math
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing

import trio

from compas.errors import CompasError
from compas.orchestrator.config.path_watch import PathWatch, places_of
from compas.orchestrator.process.doorway import Doorway
from compas.orchestrator.process.held_state import HeldState

log = logging.getLogger("compas.supervisor")

LOOK_SECS = 30.0
"""How often to look where the system watches nothing for us, or where the door could not be made again: whatever
keeps it from that, such as a full disk, tells nobody when it is over."""
_ARMING_TRIES = 5


async def keep_places(doorway: Doorway, state: HeldState, give_up: Callable[[CompasError], None]) -> None:
    """Watch both directories until cancelled. `give_up` is told, once, that the state directory is lost."""
    paths = [str(path) for path in (*doorway.paths, *state.paths)]
    with ExitStack() as stack:
        watch: PathWatch | None = None
        try:
            watch = stack.enter_context(closing(PathWatch()))
        except OSError as err:
            log.warning("removed files are noticed late: %s", err, extra={"action": "places_not_watched"})
        while True:
            is_armed = watch is not None and _arm(watch, paths)  # before looking, so that nothing is missed
            if (lost := state.lost()) is not None:
                give_up(lost)
                return
            is_whole = await doorway.mend()
            with trio.move_on_after(math.inf if is_armed and is_whole else LOOK_SECS):
                await _changed(watch)


def _arm(watch: PathWatch, paths: Iterable[str]) -> bool:
    for _ in range(_ARMING_TRIES):
        try:
            watch.watch(places_of(paths), {})
        except (FileNotFoundError, NotADirectoryError):
            continue  # a directory went between being found and being watched
        except OSError:
            return False
        return True
    return False


async def _changed(watch: PathWatch | None) -> None:
    if watch is None:
        await trio.sleep_forever()
    while True:
        await trio.lowlevel.wait_readable(watch.fileno())
        if watch.has_changed():
            return
