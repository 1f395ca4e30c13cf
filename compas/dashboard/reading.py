"""Reads an answer of the supervisor again whenever something may have changed it, one request at a time."""

from collections.abc import Callable
from typing import Generic

import trio

from actors.remote.errors import RequestFailed, WireError
from compas.api.operation import Operation
from compas.dashboard.feed import in_words
from compas.dashboard.lines import Line, one_line, plain
from compas.dashboard.source import Asks, Req, Res
from compas.errors import CompasError


class Reading(Generic[Req, Res]):
    """One answer. `answer` is the last one there was, `trouble` says why there is no newer one."""

    def __init__(self, asks: Asks, operation: Operation[Req, Res], request: Req, on_change: Callable[[], None]) -> None:
        self.answer: Res | None = None
        self.trouble = ""
        self._asks = asks
        self._operation = operation
        self._request = request
        self._on_change = on_change
        self._stale = trio.Event()
        self._stale.set()

    def outdate(self) -> None:
        """Read again: what changes while an answer is on its way is read after it."""
        self._stale.set()

    def instead(self) -> list[Line]:
        """Return what stands where the answer will: that it is being read, or why there is none."""
        return [plain(f"  {one_line(self.trouble)}" if self.trouble else "  reading …", "dim")]

    async def run(self) -> None:
        """Read whenever outdated, until cancelled."""
        while True:
            await self._stale.wait()
            self._stale = trio.Event()
            try:
                self.answer = await self._asks.ask(self._operation, self._request)
                self.trouble = ""
            except RequestFailed as error:
                self.answer, self.trouble = None, in_words(error)
            except (WireError, CompasError) as error:
                self.trouble = in_words(error)  # the next connection outdates this
            self._on_change()
