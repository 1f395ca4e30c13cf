"""The server's side of one request, as its handler sees it."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import msgspec
import trio

from actors.remote.codec import Codec
from actors.remote.errors import CallError
from actors.remote.frames import INVALID, Push, Request
from actors.remote.framing import Encoding
from actors.remote.outbox import Outbox

T = TypeVar("T")

_SHOWN: Final = 500


class Peer(msgspec.Struct, frozen=True, kw_only=True):
    """Who made the connection: what its greeting says, and what the operating system says of its socket."""

    client: str
    protocol: int
    meta: dict[str, str] = {}
    pid: int | None = None
    uid: int | None = None


class Call:
    """One request being served. The task that serves it is cancelled when the client cancels or is gone."""

    def __init__(self, request: Request, peer: Peer, codec: Codec, outbox: Outbox) -> None:
        self.peer = peer
        self._request = request
        self._codec = codec
        self._outbox = outbox
        self._scope = trio.CancelScope()
        self._credit = request.window
        self._more_credit = trio.lowlevel.ParkingLot()

    def __repr__(self) -> str:
        return f"<Call {self.id} of {self.op} from {self.peer.client}>"

    @property
    def id(self) -> int:
        """The request's number on its connection."""
        return self._request.id

    @property
    def op(self) -> str:
        """The operation asked for."""
        return self._request.op

    @property
    def args(self) -> msgspec.Raw:
        """The arguments, still in the connection's encoding; see `decode`."""
        return self._request.args

    @property
    def request_id(self) -> str:
        """What the client calls this request, the same when it repeats it; "" if it has no name."""
        return self._request.request_id

    @property
    def meta(self) -> dict[str, str]:
        """What the client says beside the arguments."""
        return self._request.meta

    @property
    def encoding(self) -> Encoding:
        """The connection's encoding, for handlers that keep encoded values and hand them out as `bytes`."""
        return self._codec.encoding

    @property
    def reads_items(self) -> bool:
        """Whether the client reads what is pushed; if not, `push` does nothing."""
        return self._request.progress

    def decode(self, args_type: type[T]) -> T:
        """The arguments as `args_type`. Raises CallError with the code "invalid", naming the place."""
        try:
            return self._codec.decode(self._request.args, args_type)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            found = str(error)
            shown = found if len(found) <= _SHOWN else f"{found[:_SHOWN]}…"  # it may repeat what was sent
            raise CallError(INVALID, f"the arguments of {self.op} are not valid: {shown}") from error

    async def push(self, item: object) -> None:
        """Send one item to the client, waiting while it is slow; `bytes` and `Raw` are taken as encoded already.

        If cancelled, the item was not sent. Raises FrameTooLarge (nothing was sent).
        """
        if not self._request.progress:
            await trio.lowlevel.checkpoint()
            return
        payload = self._codec.encode_frame(Push(id=self.id, item=self._codec.encode(item)))
        while self._request.window and self._credit <= 0:
            await self._more_credit.park()
        self._credit -= 1
        try:
            await self._outbox.put(payload)
        except BaseException:
            self.grant(1)
            raise

    def grant(self, n: int) -> None:
        """The client has read `n` more items."""
        self._credit += n
        self._more_credit.unpark_all()

    def cancel(self) -> None:
        """End the task that serves this call."""
        self._scope.cancel()

    async def run(self, handler: "CallHandler") -> tuple[object, bool]:
        """The handler's result, and whether it was cancelled by `cancel` instead of having one."""
        result: object = None
        with self._scope:
            result = await handler(self)
        return result, self._scope.cancelled_caught


CallHandler = Callable[[Call], Awaitable[object]]
"""Serves one request: returns the result (`bytes` and `Raw` are taken as encoded), raises CallError to fail it."""
