"""Asks the supervisor for operations from a trio program that runs for hours: many at once, over any number of losses.

What `Caller` is to a command: the same rules for starting a supervisor and for putting a request again.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

import msgspec
import trio

from actors.remote.background import open_background
from actors.remote.errors import ReplyInvalid, RequestFailed, SessionLost, SocketAbsent, SocketRefused
from actors.remote.session import Session, open_session
from actors.remote.sockets import connect_unix
from compas.api.advice import SENTENCES_AS_DATA
from compas.api.operation import Operation, arguments
from compas.client.blocking import connect
from compas.client.errors import UnreachableError
from compas.client.other_version import with_versions
from compas.client.place import Place
from compas.client.reach import PATIENCE_SECONDS, Start, reach_or_start
from compas.client.refused import RefusedError
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
from compas.client.standing import standing
from compas.client.waiting_locks import wait_until_free_for
from compas.clock import Clock, wall_clock
from compas.domain.advice import Sentence
from compas.domain.ids import new_ulid

Req = TypeVar("Req", bound=msgspec.Struct)
Res = TypeVar("Res", bound=msgspec.Struct)

Reach = Callable[[], AbstractAsyncContextManager[Session]]
"""Opens a session with the supervisor, starting it where that is allowed; see `reach`."""

_REACHES = 3


async def _nothing() -> None:
    """Nobody has to be waited for."""
    await trio.lowlevel.checkpoint()


class Connection:
    """A client's connection to the supervisor, for any number of tasks; made by `open_connection`.

    It connects when it is first asked something. When the connection is lost, or the supervisor makes way for the next
    one, requests are put again: a write under the same request id, a wait with the time that is left, a stream from
    behind its last item. Cancelling a request ends it at the supervisor at once; a write may have taken effect.
    All methods raise RequestFailed (RefusedError where it says what to do), other WireErrors and CompasError, and
    UnreachableError when connections are lost again and again.
    """

    def __init__(
        self,
        reach: Reach,
        helpers: trio.Nursery,
        await_end: Callable[[], Awaitable[object]],
        notice: Callable[[str], None],
        clock: Clock,
    ) -> None:
        """For `open_connection`, which says what the parameters are; `helpers` runs the sessions."""
        self._reach = reach
        self._helpers = helpers
        self._await_end = await_end
        self._notice = notice
        self._clock = clock
        self._session: Session | None = None
        self._holding = trio.CancelScope()
        self._connecting = trio.Lock()

    async def call(self, operation: Operation[Req, Res], request: Req, *, request_id: str = "") -> Res:
        """Ask for a read or a write and return its answer; a write may have a `request_id` of the caller's."""
        request_id = (request_id or new_ulid(self._clock())) if operation.kind == "write" else ""

        async def ask(session: Session) -> Res:
            return await session.request(
                operation.name, request, operation.response, request_id=request_id, meta=SENTENCES_AS_DATA
            )

        return await self._persist(operation.name, ask)

    async def wait(self, operation: Operation[Req, Res], request: Req, *, elapsed: float = 0.0) -> Res:
        """Ask for a wait and return how it ended; its time limit counts from `elapsed` seconds before this call."""
        begun = trio.current_time() - elapsed
        waiting = ResumableWait(operation.name, arguments(request))

        async def ask(session: Session) -> Res:
            def take(raw: msgspec.Raw) -> None:
                waiting.take(session.decode(raw, dict[str, Any]))

            asked = waiting.put(trio.current_time() - begun)
            on_push = take if operation.item is not None else None
            return await session.request(
                operation.name,
                msgspec.convert(asked, operation.request),
                operation.response,
                meta=SENTENCES_AS_DATA,
                on_push=on_push,
            )

        response = await self._persist(operation.name, ask)
        told = getattr(response, TIMEOUT, None)
        limit = waiting.limit_told(told)
        return response if limit == told else msgspec.structs.replace(response, **{TIMEOUT: limit})

    async def stream(self, operation: Operation[Req, Res], request: Req, on_item: Callable[[Any], object]) -> Res:
        """Ask for a stream, hand each item to `on_item`, decoded, and return the answer behind the last.

        What `on_item` raises ends the stream and is raised here.
        """
        item_type = operation.item
        assert item_type is not None, "an operation of kind stream declares its items"
        ahead: Arguments = arguments(request)

        async def ask(session: Session) -> Res:
            def take(raw: msgspec.Raw) -> None:
                nonlocal ahead
                item = session.decode(raw, item_type)
                on_item(item)
                ahead = after_item(operation.name, ahead, msgspec.to_builtins(item))

            left = msgspec.convert(ahead, operation.request)
            return await session.request(operation.name, left, operation.response, on_push=take)

        return await self._persist(operation.name, ask)

    async def _persist(self, op: str, ask: Callable[[Session], Awaitable[Res]]) -> Res:
        losses = Losses(op)
        while True:
            session = await self._connected()
            opened = trio.current_time()
            try:
                return await ask(session)
            except RequestFailed as failure:
                if failure.code != RESTARTING:
                    if failure.details is None:
                        if failure.code in MISFITS:
                            raise _told(failure, session) from failure
                        raise
                    raise RefusedError(failure, session.decode(failure.details, Sentence)) from failure
                trouble = BEING_REPLACED
                self._leave(session)
                await self._await_end()
            except ReplyInvalid as error:
                raise ReplyInvalid(with_versions(str(error), session.welcome.server)) from error
            except SessionLost as loss:
                trouble = str(loss)
                self._leave(session)
            losses.add(trouble, trio.current_time() - opened)
            self._notice(f"{trouble}; connecting again")

    async def _connected(self) -> Session:
        """Return the session there is, or open one; of several tasks that find none, one opens it for all."""
        async with self._connecting:
            if self._session is None:
                self._session = await self._helpers.start(self._hold)
            return self._session

    async def _hold(self, *, task_status: trio.TaskStatus[Session]) -> None:
        """Keep a session in a task of its own until it is lost: it outlives the request that it was opened for."""
        async with self._reach() as session:
            with trio.CancelScope() as self._holding:
                task_status.started(session)
                await session.wait_lost()
            self._leave(session)

    def _leave(self, session: Session) -> None:
        """Hang up; what else is under way in this session is put again in the next."""
        if self._session is session:
            self._session = None
            self._holding.cancel()


def _told(failure: RequestFailed, session: Session) -> RequestFailed:
    """Return a failure that may come of two versions with both of them named, where there are two."""
    return RequestFailed(failure.code, with_versions(failure.message, session.welcome.server), failure.details)


@asynccontextmanager
async def open_connection(
    reach: Reach,
    *,
    await_end: Callable[[], Awaitable[object]] = _nothing,
    notice: Callable[[str], None] = lambda _: None,
    clock: Clock = wall_clock,
) -> AsyncIterator[Connection]:
    """Give a connection that opens sessions with `reach`, and hang up at the end of the block.

    `await_end` returns once a supervisor that makes way is gone; `notice` is told in words when a session was lost;
    `clock` stamps request ids.
    """
    async with open_background() as helpers:
        yield Connection(reach, helpers, await_end, notice, clock)


@asynccontextmanager
async def reach(
    place: Place, start: Start, *, client: str, meta: Mapping[str, str] | None = None
) -> AsyncIterator[Session]:
    """Open a session with the supervisor of this place, by the same rules as `connect_or_start`.

    Those are blocking and run in a worker thread, only while nobody answers; cancelling leaves that thread behind, and
    a supervisor that it is starting goes on. Raises CompasError and WireError.
    """

    said = {**place.meta(), **(meta or {})}

    def greet(there: Place) -> Place:
        connect(there.socket, client=client, meta=said).close()
        return there

    there = place
    async with AsyncExitStack() as stack:
        for _ in range(_REACHES):
            try:
                transport = await connect_unix(there.socket)
                session = await stack.enter_async_context(open_session(transport, client=client, meta=said))
                break
            except (SocketAbsent, SocketRefused, SessionLost):
                there = await trio.to_thread.run_sync(reach_or_start, place, greet, start, abandon_on_cancel=True)
        else:
            raise UnreachableError(
                f"the supervisor of {place.config} answered and was gone again, {_REACHES} times; look at its log"
            )
        yield session


async def await_replaced(place: Place) -> None:
    """Return once the supervisor of this place has ended, or after `PATIENCE_SECONDS`."""

    def wait() -> None:
        wait_until_free_for(standing(place).lock, PATIENCE_SECONDS)

    await trio.to_thread.run_sync(wait, abandon_on_cancel=True)
