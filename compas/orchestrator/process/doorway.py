"""Where clients come in: the lock and the sockets of a supervisor, made again when somebody removes them."""

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NoReturn

import trio

from actors.remote.call import CallHandler
from actors.remote.errors import ConnectError
from actors.remote.listener import bind_unix, listen_unix
from actors.remote.server import ServerSettings
from compas.errors import CompasError
from compas.orchestrator.machine.gateway import GatewayDoor
from compas.orchestrator.process.held_lock import HeldLock, described
from compas.orchestrator.process.pin import Pin
from compas.paths import gateway_socket_path, make_private, socket_path, tool_list_path

log = logging.getLogger("compas.supervisor")


class Doorway:
    """The files of one config in the runtime directory. Cleaners of `/tmp` remove such files under a living process."""

    def __init__(self, config: Path, lock: HeldLock) -> None:
        """The lock is held, in the directory where the sockets are made. Raises ConnectError."""
        self._lock = lock
        self._directory = lock.path.parent
        self._path = socket_path(config, self._directory)
        tools = tool_list_path(config, self._directory)
        self.gateway = GatewayDoor(self._path, gateway_socket_path(config, self._directory), tools)
        self._listener = bind_unix(self._path)
        self._pin = Pin(self._path)
        self._accepting = trio.CancelScope()
        self._bound = trio.Event()
        self._failure: ConnectError | OSError | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        """What `mend` makes again."""
        return (self._lock.path, self._path, *self.gateway.paths)

    async def serve(
        self, handler: CallHandler, settings: ServerSettings, *, task_status: trio.TaskStatus[None]
    ) -> NoReturn:
        """Let clients in until cancelled. A socket that is made again cuts nobody off who is inside."""
        async with trio.open_nursery() as connections:
            task_status.started()
            while True:
                with trio.CancelScope() as self._accepting:
                    await listen_unix(self._listener, handler, settings, connections=connections)
                try:
                    self._bind()
                    self._failure = None
                except (ConnectError, OSError) as err:
                    self._failure = err
                bound, self._bound = self._bound, trio.Event()
                bound.set()
                if self._failure is not None:
                    with trio.CancelScope() as self._accepting:
                        await trio.sleep_forever()

    def _bind(self) -> None:
        self._listener = bind_unix(self._path)
        self._pin.close()
        self._pin = Pin(self._path)

    async def mend(self) -> bool:
        """Make again what is missing; tell whether all of it is there. A failure is logged, and may be mended later."""
        try:
            make_private(self._directory)
            await self._own_lock()
            if not self._pin.is_at(self._path):
                await self._listen_again()
            self.gateway.mend()
        except (ConnectError, CompasError, OSError) as err:
            log.error("clients cannot come in: %s", err, extra={"action": "not_listening"})
            return False
        return True

    async def _own_lock(self) -> None:
        while not self._lock.is_in_place():
            holder = self._lock.take()
            if holder is None:
                log.warning(
                    "the lock %s was removed, and is held again", self._lock.path, extra={"action": "lock_again"}
                )
                return
            # It began after the lock was gone, and is refused by the lock of the state directory.
            said = described(holder, holder.since)
            log.warning("%s is held by another process (%s)", self._lock.path, said, extra={"action": "lock_taken"})
            await trio.to_thread.run_sync(self._lock.wait_free, abandon_on_cancel=True)

    async def _listen_again(self) -> None:
        bound = self._bound
        self._accepting.cancel()
        await bound.wait()
        if self._failure is not None:
            raise self._failure
        log.warning("the socket %s was removed, and was made again", self._path, extra={"action": "listens_again"})

    def close(self) -> None:
        """Let nobody in any more."""
        self._listener.close()
        self._pin.close()
        self.gateway.close()


@contextmanager
def open_doorway(config: Path, lock: HeldLock) -> Iterator[Doorway]:
    """Give the doorway of a config whose lock is held, and close it at the end of the block. Raises ConnectError."""
    with closing(Doorway(config, lock)) as doorway:
        yield doorway
