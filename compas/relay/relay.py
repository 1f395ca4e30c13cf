"""Brings lines from the editor to the gateway and back, in one loop that waits for everything at once."""

import select
import socket
import time

from compas.relay.conversation import Conversation
from compas.relay.descriptors import Outlet, read_some
from compas.relay.dialing import Dialer
from compas.relay.lines import MOST_LINE_BYTES, LineSplitter
from compas.relay.link import LONGEST_ANSWER_BYTES
from compas.relay.message import read_long_message
from compas.relay.silence import PATIENCE_SECONDS, Silence

IDLE_SECONDS = 60.0
"""How long a connection is kept that nothing is asked over: an idle editor keeps no gateway alive."""
LAST_WORDS_SECONDS = 0.5
"""How long the last answers may take to go out once the editor has hung up."""

_READ, _WRITE = select.POLLIN, select.POLLOUT
_ONLY_ITS_END = 0
"""Waits for nothing that a descriptor may give or take; that its other side is gone is told all the same."""


class Link:
    """A connection to the gateway. `heard_at` is when it last said something, `busy_at` when either side did."""

    def __init__(self, sock: socket.socket, since: float, patience: float) -> None:
        self.sock = sock
        self.outlet = Outlet(sock.fileno())
        self.lines = LineSplitter(LONGEST_ANSWER_BYTES)
        self.silence = Silence(patience, since)
        self.heard_at = since
        self.busy_at = since


class Relay:
    """One editor's relay. It ends when the editor hangs up or reads no more, or when one of `ends` is readable."""

    def __init__(
        self,
        conversation: Conversation,
        dialer: Dialer,
        introduction: bytes,
        stdio: tuple[int, int],
        idle_seconds: float = IDLE_SECONDS,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """`introduction` opens each connection; `stdio` are the descriptors that the editor writes to and reads from.

        A connection over which nothing is asked for `idle_seconds` is given up. A gateway that owes an answer and says
        nothing for `patience` seconds is asked whether it lives, and given up after as long again.
        """
        self._conversation = conversation
        self._dialer = dialer
        self._introduction = introduction
        self._reading, self._writing = stdio
        self._outlet = Outlet(self._writing)
        self._lines = LineSplitter(on_dropped=self._take_beginning)
        self._link: Link | None = None
        self._idle_seconds = idle_seconds
        self._patience = patience
        self._may_start = True

    def run(self, ends: list[int]) -> None:
        """Relay until the end."""
        try:
            while self._turn(ends):
                pass
            self._say_last_words()
        except OSError:
            pass  # the editor reads no more
        finally:
            self._hang_up()  # which cancels what is under way

    def _turn(self, ends: list[int]) -> bool:
        """Wait for something and act on it; tell whether to go on. Raises OSError when the editor reads no more."""
        ready = self._wait(ends)
        if self._link is not None and (self._outlet.is_full or not self._conversation.needs_gateway):
            self._link.silence.break_off(time.monotonic())  # we did not listen, or had asked nothing
        if ready.keys() & set(ends):
            return False
        if ready.get(self._writing):
            self._outlet.write()
            if ready[self._writing] & ~_WRITE:
                return False
        if ready.get(self._dialer.fileno()):
            self._take_outcome()
        if self._link is not None and (events := ready.get(self._link.sock.fileno())):
            self._serve_link(self._link, events)
        if ready.get(self._reading) and not self._read_editor():
            return False
        if self._link is not None and self._seconds_left() == 0:
            self._end_silence(self._link)
        if self._conversation.needs_gateway and self._link is None and not self._dialer.is_dialing:
            self._may_start = self._conversation.may_start
            self._dialer.dial(may_start=self._may_start)
        return True

    def _wait(self, ends: list[int]) -> dict[int, int]:
        """Return what has happened, by descriptor. From a side whose other side is too far behind nothing is taken."""
        poll = select.poll()
        for end in (*ends, self._dialer.fileno()):
            poll.register(end, _READ)
        poll.register(self._writing, _WRITE if self._outlet else _ONLY_ITS_END)
        link = self._link
        if not self._outlet.is_full and not (link is not None and link.outlet.is_full):
            poll.register(self._reading, _READ)
        if link is not None:
            reads = _ONLY_ITS_END if self._outlet.is_full else _READ
            poll.register(link.sock, reads | (_WRITE if link.outlet else 0))
        left = self._seconds_left()
        return dict(poll.poll(None if left is None else left * 1000))

    def _seconds_left(self) -> float | None:
        """Return how long the connection is left as it is when nothing happens; None while there is none."""
        if self._link is None:
            return None
        if self._conversation.needs_gateway:
            return self._link.silence.seconds_left(time.monotonic())
        return max(0.0, self._link.busy_at + self._idle_seconds - time.monotonic())

    def _end_silence(self, link: Link) -> None:
        """Ask a gateway that owes an answer whether it lives, once; let go of it then, or where it owes none.

        Who comes again to a gateway that hangs makes the supervisor look at it.
        """
        if self._conversation.needs_gateway and link.silence.ask(time.monotonic()):
            self._conversation.ask_for_life()
            self._send()
        else:
            self._lose()

    def _read_editor(self) -> bool:
        data = read_some(self._reading)
        for line in self._lines.feed(data or b""):
            if line.strip():
                self._conversation.take(line, time.monotonic())
        self._send()
        return data != b""

    def _take_beginning(self, beginning: bytes) -> None:
        self._conversation.take_broken(read_long_message(beginning, MOST_LINE_BYTES))

    def _take_outcome(self) -> None:
        outcome = self._dialer.take()
        if isinstance(outcome, str) and not self._may_start:
            self._conversation.fail_menus()  # what came meanwhile may be worth a start
        elif isinstance(outcome, str):
            self._conversation.fail(outcome)
        else:
            self._link = Link(outcome, time.monotonic(), self._patience)
            self._conversation.to_gateway.append(self._introduction)
        self._send()

    def _serve_link(self, link: Link, events: int) -> None:
        try:
            if events & _WRITE:
                link.outlet.write()
            if events & ~_WRITE:
                self._read_gateway(link)
        except (OSError, ValueError, TypeError):
            self._lose()
        self._send()

    def _read_gateway(self, link: Link) -> None:
        """Take what the gateway says. Raises ValueError or TypeError when it is over or makes no sense."""
        data = read_some(link.sock.fileno())
        if data:
            link.busy_at = link.heard_at = time.monotonic()
            link.silence.break_off(link.heard_at)
        for line in link.lines.feed(data or b""):
            self._conversation.hear(line, link.heard_at)
        if data == b"" or link.lines.dropped:
            raise ValueError("the gateway is gone")

    def _send(self) -> None:
        """Write what there is to say. Raises OSError when the editor reads no more."""
        if self._link is not None and self._conversation.to_gateway:
            self._link.busy_at = time.monotonic()
            try:
                self._link.outlet.put(self._conversation.to_gateway)
            except OSError:
                self._lose()
        self._outlet.put(self._conversation.to_editor)

    def _lose(self) -> None:
        heard_at = time.monotonic() if self._link is None else self._link.heard_at
        self._hang_up()
        self._conversation.lose(heard_at)

    def _hang_up(self) -> None:
        if self._link is not None:
            self._link.sock.close()
            self._link = None

    def _say_last_words(self) -> None:
        poll = select.poll()
        poll.register(self._writing, _WRITE)
        deadline = time.monotonic() + LAST_WORDS_SECONDS
        while self._outlet and (left := deadline - time.monotonic()) > 0 and poll.poll(left * 1000):
            self._outlet.write()
