"""What tabs and pages ask the supervisor, and how the dashboard gets one; `Feed` is it."""

from typing import Protocol, TypeVar

import msgspec

from actors.remote.session import Session
from compas.api.operation import Operation
from compas.dashboard.needs import Need

Req = TypeVar("Req", bound=msgspec.Struct)
Res = TypeVar("Res", bound=msgspec.Struct)


class Asks(Protocol):
    """Puts requests to the supervisor, once there is a connection."""

    async def session(self) -> Session:
        """Return the connection's session, waiting until there is one."""
        ...

    async def ask(self, operation: Operation[Req, Res], request: Req) -> Res:
        """Ask for a read. Raises RequestFailed, SessionLost and other WireErrors."""
        ...


class Source(Asks, Protocol):
    """Also starts a supervisor."""

    @property
    def may_start(self) -> bool:
        """Whether a supervisor may be started."""
        ...

    def want(self, needs: tuple[Need, ...]) -> None:
        """Keep these read from now on, instead of those before; their answers come as updates."""
        ...

    def start_supervisor(self) -> None:
        """Connect again at once, and start a supervisor if there is none."""
        ...
