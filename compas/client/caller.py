"""Asks the supervisor for operations, over as many connections as an answer takes (design §2)."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

import msgspec

from actors.remote.errors import RequestFailed, SessionLost
from compas.api.operation import Operation
from compas.client.blocking import BlockingConnection
from compas.client.resume import BEING_REPLACED, RESTARTING, Losses, ResumableWait, after_item
from compas.clock import Clock, wall_clock
from compas.domain.ids import new_ulid

Req = TypeVar("Req", bound=msgspec.Struct)
Res = TypeVar("Res", bound=msgspec.Struct)

Connect = Callable[[], BlockingConnection]
"""Reaches the supervisor, starting it where that is allowed; see `connect_or_start`."""


class Caller:
    """Puts one request at a time; a context manager that hangs up at the end.

    When the connection is lost, or the supervisor makes way for the next one, the request is put again: a write under
    the same request id, so that it takes effect once; a wait with the time that is left; a stream from behind its
    last item.
    All methods raise RequestFailed, other WireErrors and CompasError, and UnreachableError when connections are
    lost again and again. A KeyboardInterrupt cancels the request at the supervisor.
    """

    def __init__(
        self,
        connect: Connect,
        *,
        await_end: Callable[[], object] | None = None,
        notice: Callable[[str], None] = lambda _: None,
        clock: Clock = wall_clock,
    ) -> None:
        """`await_end` returns once a supervisor that makes way is gone; without it, that is a failure like any other.

        `notice` is told in words when a connection was lost; `clock` stamps request ids.
        """
        self._connect = connect
        self._await_end = await_end
        self._notice = notice
        self._clock = clock
        self._connection: BlockingConnection | None = None

    def __enter__(self) -> "Caller":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up. The next request opens a new connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def call(self, operation: Operation[Req, Res], request: Req) -> Res:
        """Ask for a read or a write and return its answer."""
        request_id = new_ulid(self._clock()) if operation.kind == "write" else ""
        return self._persist(
            operation.name,
            lambda connection: connection.request(operation.name, request, operation.response, request_id=request_id),
        )

    def call_once(self, operation: Operation[Req, Res], request: Req) -> Res:
        """Ask once: a connection that is lost is the caller's to judge. Raises SessionLost too."""
        if self._connection is None:
            self._connection = self._connect()
        request_id = new_ulid(self._clock()) if operation.kind == "write" else ""
        return self._connection.request(operation.name, request, operation.response, request_id=request_id)

    def wait(self, operation: Operation[Req, Res], request: Req) -> Res:
        """Ask for a wait and return how it ended; its time limit counts from this call."""
        begun = time.monotonic()
        waiting = ResumableWait(request)
        item_type = operation.item

        def ask(connection: BlockingConnection) -> Res:
            def take(raw: msgspec.Raw) -> None:
                waiting.take(connection.decode(raw, item_type or msgspec.Struct))

            asked = waiting.put(time.monotonic() - begun)
            on_push = take if item_type is not None else None
            return connection.request(operation.name, asked, operation.response, on_push=on_push)

        return waiting.answer(self._persist(operation.name, ask))

    def stream(self, operation: Operation[Req, Res], request: Req, on_item: Callable[[Any], object]) -> Res:
        """Ask for a stream, hand each item to `on_item`, decoded, and return the answer behind the last."""
        item_type = operation.item
        assert item_type is not None, "an operation of kind stream declares its items"
        ahead: msgspec.Struct = request

        def ask(connection: BlockingConnection) -> Res:
            def take(raw: msgspec.Raw) -> None:
                nonlocal ahead
                item = connection.decode(raw, item_type)
                on_item(item)
                ahead = after_item(ahead, item)

            return connection.request(operation.name, ahead, operation.response, on_push=take)

        return self._persist(operation.name, ask)

    def _persist(self, op: str, ask: Callable[[BlockingConnection], Res]) -> Res:
        losses = Losses(op)
        while True:
            if self._connection is None:
                self._connection = self._connect()
            opened = time.monotonic()
            try:
                return ask(self._connection)
            except RequestFailed as failure:
                if failure.code != RESTARTING or self._await_end is None:
                    raise
                trouble = BEING_REPLACED
                self.close()
                self._await_end()
            except SessionLost as loss:
                trouble = str(loss)
                self.close()
            losses.add(trouble, time.monotonic() - opened)
            self._notice(f"{trouble}; connecting again")
