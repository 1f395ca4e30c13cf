"""Opens the telemetry database; a damaged one is set aside, since nothing that matters is in it."""

import logging
from contextlib import AsyncExitStack
from pathlib import Path

from compas.store.errors import StoreError
from compas.store.telemetry import Telemetry, open_telemetry

log = logging.getLogger("compas.telemetry")


async def open_or_replace(stack: AsyncExitStack, path: Path) -> Telemetry:
    """Open telemetry for as long as the stack lasts; it is no fact, so it must not keep anybody from work (design §4).

    A file that cannot be used is renamed to `<name>.damaged`, replacing an earlier one, and a new one is begun.
    Raises StoreError when that cannot be opened either.
    """
    try:
        return await stack.enter_async_context(open_telemetry(path))
    except StoreError as err:
        log.error("telemetry begins anew: %s", err, extra={"action": "telemetry_replaced"})
        for suffix in ("", "-wal", "-shm"):
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.rename(path.with_name(path.name + ".damaged" + suffix))
        return await stack.enter_async_context(open_telemetry(path))
