"""The client's end of a connection: many requests in flight, answered by id, cancelled with the task that waits."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final, TypeVar

import msgspec
import trio

from actors.remote.background import open_background
from actors.remote.codec import Codec
from actors.remote.errors import (
    FrameInvalid,
    PeerRefused,
    ReplyInvalid,
    SessionLost,
    TransportClosed,
    WireError,
)
from actors.remote.exchange import PUSH_WINDOW, Exchange
from actors.remote.frames import Cancel, Credit, Failure, Frame, Goodbye, Hello, Push, Reply, Request, Welcome
from actors.remote.handshake import greet, take_answer
from actors.remote.outbox import Outbox
from actors.remote.transport import Transport
from actors.remote.versions import FIRST_VERSION, Versions

R = TypeVar("R")

OnPush = Callable[[msgspec.Raw], Awaitable[None] | None]

_LAST_WORDS_SECONDS: Final = 1.0
"""How long the reader may look for the peer's reason once writing has failed, and a goodbye may take to go out."""


class Stream(AsyncIterator[R]):
    """The items pushed for one request, decoded; ends with the reply, raises RequestFailed or SessionLost."""

    def __init__(self, session: "Session", exchange: Exchange, item_type: type[R]) -> None:
        self._session = session
        self._exchange = exchange
        self._item_type = item_type

    async def __anext__(self) -> R:
        item = await self._session._next_item(self._exchange)
        if item is None:
            raise StopAsyncIteration
        return self._session.decode(item, self._item_type)

    def result(self, response_type: type[R]) -> R:
        """The reply; to be asked when the iteration has ended."""
        return self._session.decode(self._exchange.result(), response_type)


class Session:
    """A greeted connection. Made by `open_session`; usable from many tasks of one trio run."""

    def __init__(self, transport: Transport, codec: Codec, welcome: Welcome) -> None:
        self.welcome = welcome
        self._transport = transport
        self._codec = codec
        self._outbox = Outbox(transport)
        self._exchanges: dict[int, Exchange] = {}
        self._last_id = 0
        self._loss: SessionLost | None = None
        self._is_lost = trio.Event()
        self._reading = trio.CancelScope()
        self._expected_end: str | None = None

    def __repr__(self) -> str:
        state = f"lost: {self._loss.reason}" if self._loss else f"{len(self._exchanges)} in flight"
        return f"<Session with {self.welcome.server} ({state})>"

    async def request(
        self,
        op: str,
        args: object,
        response_type: type[R],
        *,
        request_id: str = "",
        meta: Mapping[str, str] | None = None,
        on_push: OnPush | None = None,
    ) -> R:
        """Ask for `op` and wait for its result.

        `args` is encoded, unless it is `bytes` or `Raw`. `on_push` is called, or awaited, with each item in order, in
        this task: a slow one holds up this request alone, and what it raises ends the request.
        If cancelled, the server is told and ends the task that serves it; the request may have taken effect.

        Raises RequestFailed, SessionLost, FrameTooLarge (nothing was sent), ReplyInvalid.
        """
        async with self._open_exchange(op, args, request_id, meta, reads_items=on_push is not None) as exchange:
            while (item := await self._next_item(exchange)) is not None:
                handled = on_push(item) if on_push is not None else None
                if inspect.isawaitable(handled):
                    await handled
            return self.decode(exchange.result(), response_type)

    @asynccontextmanager
    async def open_stream(
        self, op: str, args: object, item_type: type[R], *, meta: Mapping[str, str] | None = None
    ) -> AsyncIterator[Stream[R]]:
        """Ask for `op` and read what it pushes; leaving the block cancels it.

        The server may be `PUSH_WINDOW` items ahead of the reader. Raises FrameTooLarge or SessionLost.
        """
        async with self._open_exchange(op, args, "", meta, reads_items=True) as exchange:
            yield Stream(self, exchange, item_type)

    def decode(self, raw: msgspec.Raw, type_: type[R]) -> R:
        """The value in `raw`, which came over this connection. Raises ReplyInvalid."""
        try:
            return self._codec.decode(raw, type_)
        except msgspec.DecodeError as error:
            raise ReplyInvalid(
                f"{self.welcome.server} answered with something that is no {type_!r}: {error}; "
                "client and server may be of versions that do not fit"
            ) from error

    async def wait_lost(self) -> SessionLost:
        """Wait until the connection has ended from the other side, and say why; returns the error, does not raise."""
        await self._is_lost.wait()
        assert self._loss is not None
        return self._loss

    def expect_end(self, reason: str) -> None:
        """The peer is known to be gone: what has arrived is still read, then, very soon, the session is lost."""
        if self._expected_end is None:
            self._expected_end = reason
            self._reading.deadline = trio.current_time() + _LAST_WORDS_SECONDS

    @asynccontextmanager
    async def _open_exchange(
        self, op: str, args: object, request_id: str, meta: Mapping[str, str] | None, *, reads_items: bool
    ) -> AsyncIterator[Exchange]:
        if self._loss is not None:
            raise SessionLost(self._loss.reason)
        self._last_id += 1
        exchange = Exchange(self._last_id, PUSH_WINDOW if reads_items else 0)
        request = Request(
            id=exchange.id,
            op=op,
            args=self._codec.encode(args),
            request_id=request_id,
            meta=dict(meta or {}),
            progress=reads_items,
            window=PUSH_WINDOW if reads_items else 0,
        )
        payload = self._codec.encode_frame(request)
        self._exchanges[exchange.id] = exchange
        try:
            await self._queue(payload)
            try:
                yield exchange
            finally:
                if not exchange.is_ended:
                    self._tell(Cancel(id=exchange.id))
        finally:
            del self._exchanges[exchange.id]

    async def _queue(self, payload: bytes) -> None:
        try:
            await self._outbox.put(payload)
        except TransportClosed as error:
            raise SessionLost(self._loss.reason if self._loss else "it cannot be written to any more") from error

    def _tell(self, frame: Cancel | Credit | Goodbye) -> None:
        """Queue a control frame; a connection that is over needs none."""
        with suppress(TransportClosed):
            self._outbox.put_nowait(self._codec.encode_frame(frame))

    async def _next_item(self, exchange: Exchange) -> msgspec.Raw | None:
        item = await exchange.next_item()
        if (n := exchange.take_credit()) and not exchange.is_ended:
            self._tell(Credit(id=exchange.id, n=n))
        return item

    async def _write(self) -> None:
        """Send what is queued; a failure is left to the reader, who may still find the peer's reason."""
        try:
            await self._outbox.run()
        except WireError as error:
            self.expect_end(str(error))

    async def _read(self) -> None:
        """Hand what arrives to the requests until the connection ends, then fail them all."""
        reason = "the reader was cancelled"
        try:
            with self._reading:
                while True:
                    self._take(self._codec.decode_frame(await self._transport.receive_frame()))
            reason = self._expected_end or reason
        except SessionLost as error:
            reason = error.reason
        except WireError as error:
            reason = self._expected_end or str(error)
        finally:
            self._lose(SessionLost(reason))

    def _take(self, frame: Frame) -> None:
        match frame:
            case Reply() | Failure():
                if (exchange := self._exchanges.get(frame.id)) is not None:
                    exchange.end(frame)
            case Push():
                if (exchange := self._exchanges.get(frame.id)) is not None:
                    exchange.add(frame.item)
            case Goodbye(reason=reason):
                raise SessionLost(reason)
            case _:
                raise FrameInvalid(f"the server sent a {type(frame).__name__} frame, which only clients may")

    def _lose(self, loss: SessionLost) -> None:
        self._loss = loss
        self._outbox.close()
        for exchange in self._exchanges.values():
            exchange.end(loss)
        self._is_lost.set()

    def _say_goodbye(self) -> None:
        """Let what is queued go out, a goodbye last."""
        self._tell(Goodbye(reason="the client is done"))
        self._outbox.close()


@asynccontextmanager
async def open_session(
    transport: Transport,
    *,
    client: str,
    versions: Versions = FIRST_VERSION,
    meta: Mapping[str, str] | None = None,
    handshake_seconds: float = 10.0,
) -> AsyncIterator[Session]:
    """Greet the server on `transport` and give the session; closes the transport at the end, whatever happens.

    Requests that are still in flight when the block ends are cancelled. Losing the connection does not end the block:
    requests raise SessionLost, and `wait_lost` returns.
    Raises VersionRefused, PeerRefused, SessionLost (no welcome within `handshake_seconds`).
    """
    codec = Codec(transport.encoding)
    try:
        hello = greet(client, versions, dict(meta or {}))
        session = Session(transport, codec, await _greet(transport, codec, hello, handshake_seconds))
        async with open_background() as helpers:
            helpers.start_soon(session._read)
            writer_done = trio.Event()

            async def write() -> None:
                await session._write()
                writer_done.set()

            helpers.start_soon(write)
            yield session
            session._say_goodbye()
            with trio.move_on_after(_LAST_WORDS_SECONDS):
                await writer_done.wait()
    finally:
        with trio.move_on_after(_LAST_WORDS_SECONDS, shield=True):
            await transport.aclose()


async def _greet(transport: Transport, codec: Codec, hello: Hello, seconds: float) -> Welcome:
    try:
        with trio.fail_after(seconds):
            await transport.send_frame(codec.encode_frame(hello))
            return take_answer(codec.decode_frame(await transport.receive_frame()), hello)
    except trio.TooSlowError as error:
        raise SessionLost(
            f"no answer to the greeting within {seconds:g} s; the server hangs or is overloaded"
        ) from error
    except (SessionLost, PeerRefused):
        raise
    except WireError as error:
        raise SessionLost(f"{error} (during the greeting)") from error
