"""Opens the telemetry database; one that cannot be used is set aside, since nothing that matters is in it."""

import logging
from contextlib import AsyncExitStack
from pathlib import Path

from compas.store.errors import StoreError, StoreNewer
from compas.store.telemetry import Telemetry, open_telemetry

log = logging.getLogger("compas.telemetry")


async def open_or_replace(stack: AsyncExitStack, path: Path) -> Telemetry:
    """Open telemetry for as long as the stack lasts; it is no fact, so it must not keep anybody from work (design §4).

    A file that cannot be used is renamed to `<name>.damaged`, replacing an earlier one, and a new one is begun. One
    that a newer compas wrote is renamed to `<name>.newer`: it is whole, and that compas can read it.
    Raises StoreError when that cannot be opened either.
    """
    try:
        return await stack.enter_async_context(open_telemetry(path))
    except StoreNewer as err:
        aside = path.with_name(path.name + ".newer")
        words = "telemetry begins again, and what a newer compas wrote is kept as %s: %s"
        log.warning(words, aside, err, extra={"action": "telemetry_replaced"})
        _set_aside(path, aside)
    except StoreError as err:
        log.error("telemetry begins anew: %s", err, extra={"action": "telemetry_replaced"})
        _set_aside(path, path.with_name(path.name + ".damaged"))
    return await stack.enter_async_context(open_telemetry(path))


def _set_aside(path: Path, aside: Path) -> None:
    """Rename a database together with its side files."""
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
