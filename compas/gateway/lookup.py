"""Looks up what lists, completions and questions need; no supervisor is started for that, nor waited for long."""

from typing import Final, TypeVar

import msgspec
import trio

from actors.remote.errors import RequestFailed, WireError
from compas.api.operation import Operation
from compas.client.connection import Reach
from compas.errors import CompasError

Req = TypeVar("Req", bound=msgspec.Struct)
Res = TypeVar("Res", bound=msgspec.Struct)

PATIENCE_SECS: Final = 2.0
"""How long an editor that opens may be kept waiting for its lists."""


UNKNOWN: Final = frozenset({"unknown_thread", "unknown_batch", "ambiguous_name", "no_last_thread"})
"""The codes of what is refused because there is no such thread or batch, or not one alone."""


class NobodyKnowsError(CompasError):
    """There is no such thread or batch."""


class Lookup:
    """Asks the supervisor that runs. It hangs up each time: who only looks keeps no supervisor from ending."""

    def __init__(self, reach: Reach) -> None:
        """`reach` starts no supervisor."""
        self._reach = reach

    async def ask(self, operation: Operation[Req, Res], request: Req) -> Res | None:
        """Return the answer of a read, or None where there is none to be had now."""
        try:
            return await self.ask_about(operation, request)
        except NobodyKnowsError:
            return None

    async def ask_about(self, operation: Operation[Req, Res], request: Req) -> Res | None:
        """Return the answer of a read about a thread or batch, or None where there is none to be had now.

        Raises NobodyKnowsError.
        """
        with trio.move_on_after(PATIENCE_SECS):
            try:
                async with self._reach() as session:
                    return await session.request(operation.name, request, operation.response)
            except RequestFailed as error:
                if error.code in UNKNOWN:
                    raise NobodyKnowsError(error.message) from error
                return None
            except (WireError, CompasError):
                return None
        return None
