"""What an execution prints, followed as it prints it."""

from collections import deque

import trio

from actors.remote.errors import SessionLost, WireError
from actors.remote.session import Session
from compas.api.history import LOG, LogChunkItem, LogRequest, LogResponse
from compas.dashboard.breaks import lines_of
from compas.dashboard.feed import in_words
from compas.dashboard.lines import Line, chop, clean_lines, one_line, plain
from compas.dashboard.pages.page import OnChange
from compas.dashboard.source import Asks

TAIL = 2000
KEPT = 10_000
"""Lines read at the beginning, and kept at most: what is older is in `compas log`."""
LONGEST = 4000
"""Characters of a line that are shown."""

_STYLES = (("[stderr] ", "warn"), ("[compas] ", "dim"))


class Printed:
    """The newest lines. Over a lost connection it goes on where it was; when the log is another one it begins again."""

    def __init__(self, asks: Asks, execution: str, on_change: OnChange) -> None:
        self.state = "reading …"
        self.is_over = False
        self._asks = asks
        self._execution = execution
        self._on_change = on_change
        self._text: deque[str] = deque(maxlen=KEPT)
        self._dropped = 0
        self._offset = 0
        self._is_half = False
        self._laid_out: tuple[int, deque[list[Line]]] = (0, deque(maxlen=KEPT))
        self._flat: list[Line] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was printed, as far as is known."""
        return not self._text

    @property
    def text(self) -> str:
        """The lines that are kept."""
        return "\n".join(self._text)

    def lines(self, width: int) -> list[Line]:
        """Return it in lines of at most `width` columns."""
        if self._laid_out[0] != width:
            self._laid_out = (width, deque((_laid_out(text, width) for text in self._text), maxlen=KEPT))
            self._flat = None
        if not self._text:
            return [plain("  it has printed nothing", "dim")] if self.state != "reading …" else []
        if self._flat is None:  # the same list while nothing comes: what is looked for is not looked for again then
            gone = [plain(f"  … {self._dropped} lines before this are not kept here", "dim")] if self._dropped else []
            self._flat = gone + [line for block in self._laid_out[1] for line in block]
        return self._flat

    async def run(self) -> None:
        """Read it until it has ended, or cannot be read."""
        is_begun = False
        while True:
            try:
                session = await self._asks.session()
                if not is_begun:
                    request = LogRequest(execution_id=self._execution, tail=TAIL)
                    self._offset, is_begun = (await self._read(session, request)).next_offset, True
                self._say("following")
                request = LogRequest(execution_id=self._execution, offset=self._offset, follow=True)
                async with session.open_stream(LOG.name, request, LogChunkItem) as chunks:
                    async for chunk in chunks:
                        self._follow(chunk)
                self._end("at its end")
                return
            except SessionLost:
                self._say("interrupted")  # the line below tells of the connection
                await trio.lowlevel.checkpoint()
            except WireError as error:
                self._end(one_line(in_words(error)))
                return

    async def _read(self, session: Session, request: LogRequest) -> LogResponse:
        def take(raw: object) -> None:
            self._take(session.decode(raw, LogChunkItem))  # type: ignore[arg-type]

        return await session.request(LOG.name, request, LogResponse, on_push=take)

    def _follow(self, chunk: LogChunkItem) -> None:
        """Take a piece that follows; one from before what was read means that the log was cut or replaced."""
        if chunk.offset < self._offset:
            self._text.clear()
            self._dropped, self._is_half = 0, False
            self._laid_out[1].clear()
        self._take(chunk)
        self._offset = chunk.next_offset

    def _take(self, chunk: LogChunkItem) -> None:
        width, laid_out = self._laid_out
        self._flat = None
        begun = ""
        if self._is_half and self._text:  # its last line was caught while it was being written
            begun = self._text.pop()
            if laid_out:
                laid_out.pop()
        self._is_half = not chunk.text.endswith("\n")
        for text in clean_lines(begun + chunk.text.removesuffix("\n")):
            self._dropped += len(self._text) == KEPT
            self._text.append(text[: LONGEST + 1] if len(text) > LONGEST else text)
            laid_out.append(_laid_out(text, width))
        self._on_change()

    def _end(self, text: str) -> None:
        self.is_over = True
        self._say(text)

    def _say(self, text: str) -> None:
        self.state = text
        self._on_change()


def _laid_out(text: str, width: int) -> list[Line]:
    if width < 1:
        return []
    style = next((style for start, style in _STYLES if text.startswith(start)), "")
    shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}… (the line goes on)"
    return lines_of(shown, chop(shown, width), style)
