"""Keeps the requests that the gateway has not answered yet, so that the next one can be given them again."""

from collections.abc import Iterator

from compas.relay.link import Issue, issued
from compas.relay.menus import EMPTY
from compas.relay.message import Id, Request

MOST_OPEN = 1000
MOST_OPEN_BYTES = 64 * 1024 * 1024
MOST_LOSSES = 3
"""Gateways that may go away over one request, one soon after another: one that kills each is not brought for ever."""
STEADY_SECONDS = 60.0
"""A gateway that went on for so long with a request was not killed by it, nor made to hang."""


class OpenCall:
    """One request: `since` is when it came first, `brought` when the gateway of the moment got it."""

    def __init__(self, request: Request, name: str, since: float) -> None:
        self.request = request
        self.since = since
        self.brought: float | None = None
        self.losses = 0
        self._name = name

    @property
    def is_menu(self) -> bool:
        """Whether it can be answered where no supervisor runs."""
        return self.request.method in EMPTY

    def bring(self, now: float) -> bytes:
        """Return the line that brings it to the gateway."""
        self.brought = now
        return issued(Issue(self._name, int(now - self.since)), self.request.line)

    def is_named(self, name: str) -> bool:
        """Tell whether it was brought under this name."""
        return self._name == name

    def lose(self, heard_at: float) -> bool:
        """Note that the gateway is gone, which was last heard of then; tell whether that has happened too often."""
        if self.brought is None:
            return False
        self.losses = 1 if heard_at - self.brought >= STEADY_SECONDS else self.losses + 1
        self.brought = None
        return self.losses > MOST_LOSSES


class OpenCalls:
    """All of them, by the ids that the editor gave them. `prefix` begins the names that this relay makes."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._count = 0
        self._bytes = 0
        self._calls: dict[Id, OpenCall] = {}

    def __bool__(self) -> bool:
        return bool(self._calls)

    def __contains__(self, found: Id) -> bool:
        return found in self._calls

    @property
    def is_full(self) -> bool:
        """Whether no more may be kept."""
        return len(self._calls) >= MOST_OPEN or self._bytes >= MOST_OPEN_BYTES

    def add(self, request: Request, now: float) -> OpenCall:
        """Keep a request. Its name is a request id of the supervisor, so that what it changes is changed once."""
        self._count += 1
        self._bytes += len(request.line)
        call = OpenCall(request, f"{self._prefix}-{self._count}", now)
        self._calls[request.id] = call
        return call

    def end(self, found: object) -> OpenCall | None:
        """Forget the request of this id, and return it if there was one. "7" ends 7, as it does for the SDK."""
        for key in _meant(found):
            if (call := self._calls.pop(key, None)) is not None:
                self._bytes -= len(call.request.line)
                return call
        return None

    def end_named(self, name: str) -> OpenCall | None:
        """Forget the request of this name, and return it if there was one."""
        found = [key for key, call in self._calls.items() if call.is_named(name)]
        return self.end(found[0]) if found else None

    @property
    def are_menus(self) -> bool:
        """Whether there are requests, all of which are answered where no supervisor runs."""
        return bool(self) and all(call.is_menu for call in self._calls.values())

    def end_menus(self) -> list[OpenCall]:
        """Forget the requests that are answered where no supervisor runs, and return them."""
        menus = [key for key, call in self._calls.items() if call.is_menu]
        return [call for key in menus if (call := self.end(key)) is not None]

    def end_all(self) -> list[OpenCall]:
        """Forget all requests and return them."""
        calls = list(self._calls.values())
        self._calls.clear()
        self._bytes = 0
        return calls

    def bring_all(self, now: float) -> Iterator[bytes]:
        """Yield the lines that bring all of them, in the order in which they came."""
        return (call.bring(now) for call in self._calls.values())

    def lose(self, heard_at: float) -> list[OpenCall]:
        """Note that the gateway is gone, which was last heard of then. Return what has lost too many, and forget it."""
        lost = [key for key, call in self._calls.items() if call.lose(heard_at)]
        return [call for key in lost if (call := self.end(key)) is not None]


def _meant(found: object) -> Iterator[Id]:
    if isinstance(found, bool) or not isinstance(found, int | str):
        return
    yield found
    if isinstance(found, int):
        yield str(found)
    elif found.isascii() and found.lstrip("-").isdigit() and len(found) < 19:
        yield int(found)
