"""The server's end of a connection: every request in a task of its own, until the connection ends."""

import logging
from collections.abc import Callable

import msgspec
import trio

from actors.remote.background import open_background
from actors.remote.call import Call, CallHandler, Peer
from actors.remote.codec import Codec
from actors.remote.errors import (
    CallError,
    FrameInvalid,
    FrameTooLarge,
    TransportClosed,
    TransportEnded,
    WireError,
)
from actors.remote.frames import (
    BUSY,
    CANCELLED,
    INTERNAL,
    NO_DETAILS,
    TOO_LARGE,
    Cancel,
    Credit,
    Failure,
    Frame,
    Goodbye,
    Hello,
    Refused,
    Reply,
    Request,
)
from actors.remote.handshake import WelcomeInfo, answer_hello
from actors.remote.outbox import Outbox
from actors.remote.transport import Transport
from actors.remote.versions import Versions

log = logging.getLogger("actors.remote")

Welcomer = WelcomeInfo | Callable[[Hello], WelcomeInfo]


class ServerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a server is to all its connections: who it is, what it speaks, and its bounds."""

    welcome: Welcomer
    versions: Versions = Versions()
    max_in_flight: int = 64
    hello_seconds: float = 10.0
    last_words_seconds: float = 1.0

    def info_for(self, hello: Hello) -> WelcomeInfo:
        """What to say of oneself to that client now."""
        return self.welcome if isinstance(self.welcome, WelcomeInfo) else self.welcome(hello)


def _nothing() -> None:
    """Nobody wants to know."""


async def serve_connection(
    transport: Transport,
    handler: CallHandler,
    settings: ServerSettings,
    *,
    pid: int | None = None,
    uid: int | None = None,
    on_end: Callable[[], None] = _nothing,
) -> None:
    """Serve one client until it leaves, then cancel what is still in flight; closes the transport.

    Trouble with the client or in a handler is logged and ends here; only cancellation leaves. `pid` and `uid` are what
    the operating system says of the client. `on_end` is called once the client is gone, before handlers that a cancel
    does not reach, such as a worker thread, have ended.
    """
    codec = Codec(transport.encoding)
    try:
        peer = await _greet(transport, codec, settings, pid, uid)
        if peer is not None:
            await _Connection(transport, codec, handler, peer, settings).serve(on_end)
    except WireError as error:
        log.info("A connection ended: %s.", error, extra={"action": "connection_ended"})
    except Exception:
        log.exception("A connection crashed and was closed.", extra={"action": "connection_crashed"})
    finally:
        with trio.move_on_after(settings.last_words_seconds, shield=True):
            await transport.aclose()


async def _greet(
    transport: Transport, codec: Codec, settings: ServerSettings, pid: int | None, uid: int | None
) -> Peer | None:
    with trio.move_on_after(settings.hello_seconds):
        hello = codec.decode_frame(await transport.receive_frame())
        if not isinstance(hello, Hello):
            raise FrameInvalid(f"expected the client's hello, got a {type(hello).__name__} frame")
        answer = answer_hello(hello, settings.versions, settings.info_for(hello))
        await transport.send_frame(codec.encode_frame(answer))
        if isinstance(answer, Refused):
            log.warning("Refused a client: %s.", answer.message, extra={"action": "client_refused"})
            return None
        return Peer(client=hello.client, protocol=answer.protocol, meta=hello.meta, pid=pid, uid=uid)
    log.info("A client that said no hello was cut off.", extra={"action": "no_hello"})
    return None


class _Connection:
    """One greeted client and its calls in flight."""

    def __init__(
        self, transport: Transport, codec: Codec, handler: CallHandler, peer: Peer, settings: ServerSettings
    ) -> None:
        self._transport = transport
        self._codec = codec
        self._handler = handler
        self._peer = peer
        self._settings = settings
        self._outbox = Outbox(transport)
        self._calls: dict[int, Call] = {}

    async def serve(self, on_end: Callable[[], None]) -> None:
        """Read requests until the client leaves or breaks the rules; says why in the second case."""
        async with open_background() as helpers:
            written = trio.Event()
            helpers.start_soon(self._write, written)
            async with open_background() as serving:
                try:
                    await self._read(serving)
                except (TransportEnded, TransportClosed):
                    pass  # the client is gone, which it may
                except WireError as error:
                    who = self._peer.client
                    log.warning("Ended the connection of %s: %s.", who, error, extra={"action": "client_dropped"})
                    await self._say_goodbye(str(error), written)
                finally:
                    on_end()

    async def _read(self, serving: trio.Nursery) -> None:
        while not isinstance(frame := await self._receive(), Goodbye):
            self._take(frame, serving)

    async def _receive(self) -> Frame:
        return self._codec.decode_frame(await self._transport.receive_frame())

    async def _write(self, written: trio.Event) -> None:
        try:
            await self._outbox.run()
        except WireError:
            await self._transport.aclose()  # ends the reader, and so the connection
        finally:
            written.set()

    async def _say_goodbye(self, reason: str, written: trio.Event) -> None:
        try:
            self._outbox.put_nowait(self._codec.encode_frame(Goodbye(reason=reason)))
        except TransportClosed:
            return
        self._outbox.close()
        with trio.move_on_after(self._settings.last_words_seconds):
            await written.wait()

    def _take(self, frame: Frame, serving: trio.Nursery) -> None:
        match frame:
            case Request():
                self._start(frame, serving)
            case Cancel(id=id_):
                if (call := self._calls.get(id_)) is not None:
                    call.cancel()
            case Credit(id=id_, n=n):
                if (call := self._calls.get(id_)) is not None:
                    call.grant(n)
            case _:
                raise FrameInvalid(f"the client sent a {type(frame).__name__} frame, which has no place here")

    def _start(self, request: Request, serving: trio.Nursery) -> None:
        if request.id in self._calls:
            raise FrameInvalid(f"the client used the id {request.id} for two requests at once")
        limit = self._settings.max_in_flight
        if len(self._calls) >= limit:
            message = f"{limit} requests of this connection are in flight already; wait for one of them to end"
            self._outbox.put_nowait(self._codec.encode_frame(Failure(id=request.id, code=BUSY, message=message)))
            return
        call = Call(request, self._peer, self._codec, self._outbox)
        self._calls[call.id] = call
        serving.start_soon(self._serve, call)

    async def _serve(self, call: Call) -> None:
        try:
            payload = await self._answer(call)
            del self._calls[call.id]
            await self._outbox.put(payload)
        except TransportClosed:
            pass  # the client is gone, and with it whoever wanted the answer
        finally:
            self._calls.pop(call.id, None)

    async def _answer(self, call: Call) -> bytes:
        """The frame that ends the call, small enough to be sent."""
        try:
            result, is_cancelled = await call.run(self._handler)
            if is_cancelled:
                return self._failure(call, CANCELLED, f"{call.op} was cancelled by the client")
            payload = self._codec.encode_frame(Reply(id=call.id, result=self._codec.encode(result)))
            self._outbox.check_size(payload)
            return payload
        except FrameTooLarge as error:
            return self._failure(call, TOO_LARGE, f"the answer to {call.op} cannot be sent: {error}")
        except Exception as error:
            return self._failure_of(call, error)
        except BaseExceptionGroup as group:
            cancelled, rest = group.split(trio.Cancelled)
            if cancelled is None or not (rest is None or isinstance(rest, Exception)):
                raise
            if isinstance(rest, Exception):  # else several tasks of the handler were cancelled, and all went well
                log.error("%r crashed while it was cancelled.", call, exc_info=rest, extra={"action": "call_crashed"})
            raise cancelled from None

    def _failure_of(self, call: Call, error: Exception) -> bytes:
        known = _only_leaf(error)
        if isinstance(known, CallError):
            return self._failure(call, known.code, known.message, known.details)
        if not (isinstance(known, TransportClosed) and self._outbox.is_closed):  # else nobody is left to push to
            log.error("%r crashed.", call, exc_info=error, extra={"action": "call_crashed"})
        message = f"{call.op} crashed in the server ({type(known).__name__}: {known}); its log has the details"
        return self._failure(call, INTERNAL, message)

    def _failure(self, call: Call, code: str, message: str, details: object = None) -> bytes:
        raw = NO_DETAILS if details is None else self._codec.encode(details)
        payload = self._codec.encode_frame(Failure(id=call.id, code=code, message=message, details=raw))
        if len(payload) <= self._transport.max_frame:
            return payload
        message = f"{call.op} failed with {code}, and the explanation is too large to be sent"
        return self._codec.encode_frame(Failure(id=call.id, code=TOO_LARGE, message=message))


def _only_leaf(error: Exception) -> Exception:
    """The one error inside nested groups of one; groups of several stay as they are."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error
