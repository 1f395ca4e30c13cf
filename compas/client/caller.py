"""Asks the supervisor for operations, over as many connections as an answer takes (design §2)."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from actors.remote.errors import ReplyInvalid, RequestFailed, SessionLost
from compas.client.answer import Answer
from compas.client.blocking import BlockingConnection, fields_of
from compas.client.bringing import NOTHING, Bringing
from compas.client.resume import (
    BEING_REPLACED,
    MISFITS,
    RESTARTING,
    TIMEOUT,
    Arguments,
    Losses,
    ResumableWait,
    after_item,
)
from compas.clock import Clock, wall_clock

Connect = Callable[[], BlockingConnection]
"""Reaches the supervisor, starting it where that is allowed; see `connect_or_start`."""
Sparing = Callable[[str, Arguments], Arguments]
"""Returns what of an operation's arguments has to be sent."""


class Caller:
    """Puts one request at a time; a context manager that hangs up at the end.

    When the connection is lost, or the supervisor makes way for the next one, the request is put again: a write under
    the same request id, so that it takes effect once; a wait with the time that is left; a stream from behind its
    last item.
    Operations are given by name, arguments and answers are as JSON has them (`compas.client.typed` has Structs).
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
        bringing: Bringing = NOTHING,
        sparing: Sparing = lambda _, args: args,
    ) -> None:
        """`await_end` returns once a supervisor that makes way is gone; without it, that is a failure like any other.

        `notice` is told in words when a connection was lost; `clock` stamps request ids. `bringing` is
        what of the shell's variables stands beside requests. `sparing` leaves out what is as by default.
        """
        self._connect = connect
        self._await_end = await_end
        self._notice = notice
        self._clock = clock
        self._bringing = bringing
        self._sparing = sparing
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

    def call(self, op: str, args: Arguments, *, is_write: bool = False) -> Answer:
        """Ask for a read or a write and return its answer."""
        request_id = self._request_id() if is_write else ""

        def ask(connection: BlockingConnection) -> object:
            beside = self._bringing.beside(op, connection.agreed)
            return connection.request(op, self._sparing(op, args), request_id=request_id, meta=beside)

        return self._persist(op, ask)

    def call_once(self, op: str, args: Arguments, *, is_write: bool = False) -> Answer:
        """Ask once: a connection that is lost is the caller's to judge. Raises SessionLost too."""
        if self._connection is None:
            self._connection = self._connect()
        request_id = self._request_id() if is_write else ""
        return fields_of(self._connection.request(op, self._sparing(op, args), request_id=request_id))

    def wait(self, op: str, args: Arguments, on_item: Callable[[Answer], object] = lambda _: None) -> Answer:
        """Ask for a wait and return how it ended; its time limit counts from this call.

        `on_item` is given what the supervisor tells meanwhile.
        """
        begun = time.monotonic()
        waiting = ResumableWait(op, args)

        def take(item: Any) -> None:  # noqa: ANN401 - whatever JSON holds
            waiting.take(item)
            on_item(fields_of(item))

        def ask(connection: BlockingConnection) -> object:
            asked = self._sparing(op, waiting.put(time.monotonic() - begun))
            return connection.request(op, asked, on_push=take)

        answer = self._persist(op, ask)
        if TIMEOUT in answer:
            answer[TIMEOUT] = waiting.limit_told(answer[TIMEOUT])
        return answer

    def stream(self, op: str, args: Arguments, on_item: Callable[[Answer], object]) -> Answer:
        """Ask for a stream, hand each item to `on_item`, and return the answer behind the last."""
        ahead = args

        def take(item: Any) -> None:  # noqa: ANN401 - whatever JSON holds
            nonlocal ahead
            on_item(fields_of(item))
            ahead = after_item(op, ahead, item)

        return self._persist(op, lambda connection: connection.request(op, self._sparing(op, ahead), on_push=take))

    def _request_id(self) -> str:
        from compas.domain.ids import new_ulid  # most commands only read, and need not wait for this import

        return new_ulid(self._clock())

    def _persist(self, op: str, ask: Callable[[BlockingConnection], object]) -> Answer:
        losses = Losses(op)
        while True:
            if self._connection is None:
                self._connection = self._connect()
            opened = time.monotonic()
            try:
                return fields_of(ask(self._connection))
            except RequestFailed as failure:
                if failure.code in MISFITS:
                    message = self._with_versions(failure.message)
                    raise RequestFailed(failure.code, message, failure.details) from failure
                if failure.code != RESTARTING or self._await_end is None:
                    raise
                trouble = BEING_REPLACED
                self.close()
                self._await_end()
            except ReplyInvalid as error:
                raise ReplyInvalid(self._with_versions(str(error))) from error
            except SessionLost as loss:
                trouble = str(loss)
                self.close()
            losses.add(trouble, time.monotonic() - opened)
            self._notice(f"{trouble}; connecting again")

    def _with_versions(self, message: str) -> str:
        from compas.client.other_version import with_versions  # only who fails pays for it

        return with_versions(message, self._connection.welcome.get("server") if self._connection else None)
