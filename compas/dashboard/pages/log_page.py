"""The page with what an execution prints, as it prints it."""

from collections import deque
from typing import ClassVar

import trio

from actors.remote.errors import SessionLost, WireError
from actors.remote.session import Session
from compas.api.history import LOG, LogChunkItem, LogRequest, LogResponse
from compas.dashboard.feed import in_words
from compas.dashboard.keymap import Context
from compas.dashboard.lines import Line, chop, clean_lines, one_line, plain
from compas.dashboard.pages.page import NO_ROW, OnChange, Subject
from compas.dashboard.source import Asks
from compas.dashboard.state import Update
from compas.dashboard.widgets.pager import Pager

TAIL = 2000
KEPT = 10_000
"""Lines read at the beginning, and kept at most: what is older is in `compas log`."""
LONGEST = 4000
"""Characters of a line that are shown."""

_STYLES = (("[stderr] ", "warn"), ("[compas] ", "dim"))


class LogPage:
    """Begins at the end and follows the execution until that ends; over a lost connection it goes on where it was."""

    kind: ClassVar[str] = "log"
    context: Context = "page"

    def __init__(self, asks: Asks, thread: str, execution: str, on_change: OnChange) -> None:
        self.thread = thread
        self.pager = Pager(is_following=True)
        self._asks = asks
        self._execution = execution
        self._on_change = on_change
        self._text: deque[str] = deque(maxlen=KEPT)
        self._dropped = 0
        self._said = "reading …"
        self._laid_out: tuple[int, deque[list[Line]]] = (0, deque(maxlen=KEPT))

    @classmethod
    def open(cls, asks: Asks, subject: Subject | None, on_change: OnChange) -> "LogPage | str":
        """See PageKind."""
        if subject is None:
            return NO_ROW
        if subject.execution is None:
            return "nothing has been started in this thread, so there is no log"
        return cls(asks, subject.thread, subject.execution, on_change)

    def heading(self) -> Line:
        """See Page."""
        name = f"{one_line(self.thread)}  log of {one_line(self._execution)}"
        return Line((("head", name), ("dim", f"  {self._said}")))

    def lines(self, width: int, now: float) -> list[Line]:
        """See Page."""
        if self._laid_out[0] != width:
            self._laid_out = (width, deque((_laid_out(text, width) for text in self._text), maxlen=KEPT))
        if not self._text:
            return [plain("  it has printed nothing", "dim")] if self._said != "reading …" else []
        gone = [plain(f"  … {self._dropped} lines before this are not kept here", "dim")] if self._dropped else []
        return gone + [line for block in self._laid_out[1] for line in block]

    def is_ticking(self) -> bool:
        """See Page."""
        return False

    def hear(self, update: Update) -> None:
        """See Page: the log has a stream of its own."""

    async def run(self) -> None:
        """See Page."""
        offset, is_begun = 0, False
        while True:
            try:
                session = await self._asks.session()
                if not is_begun:
                    request = LogRequest(execution_id=self._execution, tail=TAIL)
                    offset, is_begun = (await self._read(session, request)).next_offset, True
                self._say("following")
                request = LogRequest(execution_id=self._execution, offset=offset, follow=True)
                async with session.open_stream(LOG.name, request, LogChunkItem) as chunks:
                    async for chunk in chunks:
                        self._take(chunk)
                        offset = chunk.next_offset
                self._say("at its end")
                return
            except SessionLost:
                self._say("interrupted")  # the line below tells of the connection
                await trio.lowlevel.checkpoint()
            except WireError as error:
                self._say(one_line(in_words(error)))
                return

    async def _read(self, session: Session, request: LogRequest) -> LogResponse:
        def take(raw: object) -> None:
            self._take(session.decode(raw, LogChunkItem))  # type: ignore[arg-type]

        return await session.request(LOG.name, request, LogResponse, on_push=take)

    def _take(self, chunk: LogChunkItem) -> None:
        width, laid_out = self._laid_out
        for text in clean_lines(chunk.text.removesuffix("\n")):
            self._dropped += len(self._text) == KEPT
            self._text.append(text)
            laid_out.append(_laid_out(text, width))
        self._on_change()

    def _say(self, text: str) -> None:
        self._said = text
        self._on_change()


def _laid_out(text: str, width: int) -> list[Line]:
    if width < 1:
        return []
    style = next((style for start, style in _STYLES if text.startswith(start)), "")
    shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"
    return [plain(part, style) for part in chop(shown, width)]
