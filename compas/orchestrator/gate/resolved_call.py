"""A client's request as its handler gets it: checked, its caller known, and no repeat of an earlier one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from compas.domain.callers import Caller
from compas.domain.requests import RequestId

Req = TypeVar("Req", bound=msgspec.Struct)


@dataclass(frozen=True, kw_only=True)
class ResolvedCall:
    """What the gate has found out about a call, once.

    `stands_in` is the directory in which the client says that it stands, None where it does not say so.
    `caller` is the execution that calls, None for the operator; only operations that change something or wait ask for
    it. `origin` names the terminal or the editor that the operator calls from, empty where that is not known. What the
    request changes is recorded under `request_id`. `push` sends an item to the client, waiting while it is slow.
    """

    arguments: msgspec.Struct
    caller: Caller | None
    stands_in: str | None = None
    request_id: RequestId
    origin: str
    push: Callable[[object], Awaitable[None]]

    def decode(self, request: type[Req]) -> Req:
        """Return the arguments, which the gate has decoded as the operation's own request type."""
        assert isinstance(self.arguments, request)
        return self.arguments
