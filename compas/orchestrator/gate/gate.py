"""The supervisor's door: listens from the first moment, and holds requests until there is somebody to serve them."""

import logging

import msgspec
import trio

from actors.errors import ActorError
from actors.remote.call import Call
from actors.remote.errors import CallError
from compas.api.advice import all_in_words, as_command, wants_data
from compas.api.catalogue import BY_NAME
from compas.domain.advice import advise, say
from compas.domain.bringing import WANTED
from compas.domain.ids import shown
from compas.errors import CompasError
from compas.orchestrator.gate.bringing import take_brought
from compas.orchestrator.gate.handlers import HANDLERS
from compas.orchestrator.gate.named_locks import NamedLocks
from compas.orchestrator.gate.naming import with_nearest
from compas.orchestrator.gate.places import refuse_elsewhere
from compas.orchestrator.gate.resolving import first_answer, resolve
from compas.orchestrator.handler_context import Handler, HandlerContext, Mode
from compas.orchestrator.process.activity import Activity
from compas.orchestrator.refused import call_error
from compas.store.errors import StoreClosed, StoreUnavailable

log = logging.getLogger("compas.gate")


class Gate:
    """Passes calls to their handlers, once `open` was called; fails them with the reason once `fail` was."""

    def __init__(self, activity: Activity) -> None:
        self._activity = activity
        self._context: HandlerContext | None = None
        self._failure: CompasError | None = None
        self._decided = trio.Event()
        self._locks = NamedLocks()

    @property
    def state(self) -> str:
        """What a client is told when it connects."""
        return "ready" if self._context is not None else "recovering"

    def wanted(self) -> dict[str, str]:
        """What of its shell's variables a client is asked to bring along; nothing before it is known."""
        if self._context is None or not self._context.services.environ.takes:
            return {}
        return {WANTED: " ".join(self._context.services.wanted_variables().names)}

    def open(self, context: HandlerContext) -> None:
        """Begin to serve."""
        self._context = context
        self._decided.set()

    def fail(self, error: CompasError) -> None:
        """Say to whoever asked why there will be no service."""
        self._failure = error
        self._decided.set()

    async def serve(self, call: Call) -> object:
        """Serve one call; every refusal reaches the client as a code and a sentence."""
        with self._activity.client():
            await self._decided.wait()
            if self._failure is not None:
                raise self._why_not(self._failure)
            assert self._context is not None
            refuse_elsewhere(self._context.services, call.peer.meta)
            handler = HANDLERS.get(call.op)
            if handler is None:
                known = ", ".join(BY_NAME)
                raise CallError("unknown_operation", f"there is no operation {shown(call.op)}; there are: {known}")
            self._context.supervision.clients = self._activity.clients
            try:
                return await self._serve(self._context, handler, call)
            except StoreUnavailable as err:
                raise CallError("store_unavailable", str(err)) from err
            except (ActorError, StoreClosed) as err:
                if self._failure is not None:
                    raise self._why_not(self._failure) from err
                if self._context.supervision.ending is not None:
                    raise _ended(self._context.supervision.ending) from err
                log.warning("%s failed: %s", call.op, err, extra={"action": "call_failed"})
                raise CallError("unavailable", f"{call.op} could not be served now: {err}; try again") from err
            except CompasError as err:
                raise CallError("failed", str(err)) from err

    def _why_not(self, failure: CompasError) -> CallError:
        return CallError("start_failed" if self._context is None else "ended", str(failure))

    async def _serve(self, context: HandlerContext, handler: Handler, call: Call) -> msgspec.Struct:
        """Find out once whose call it is; answer a repeat as the first time, also while the first is under way."""
        operation = BY_NAME[call.op]
        await take_brought(context, call)
        resolved = await resolve(context, operation, call)
        if operation.kind != "write":
            return _as_read(call, await handler(context, resolved))
        try:
            async with self._locks.take(resolved.request_id.name):
                first = await first_answer(context, operation, resolved.request_id)
                return _as_read(call, first if first is not None else await handler(context, resolved))
        except CallError as error:
            raise await with_nearest(context, operation, resolved.arguments, error) from error


def _as_read(call: Call, answer: msgspec.Struct) -> msgspec.Struct:
    """Return an answer as its client reads it: with advice as data, or as commands where it does not ask for that."""
    written: msgspec.Struct = answer if wants_data(call.meta) else all_in_words(answer, as_command)
    return written


def _ended(mode: Mode) -> CallError:
    """Say that the supervisor went away in good order; after `restarting` a client goes on with the next one."""
    if mode == "restart":
        return CallError("restarting", "the supervisor is being replaced; repeat the request")
    sentence = say("the supervisor was stopped while this was under way; `", advise("status"), "` shows what there is")
    return call_error("stopped", sentence)
