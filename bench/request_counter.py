"""Stands between a supervisor's socket and whoever connects to it meanwhile, and counts what is asked."""

import contextlib
import selectors
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from actors.remote.codec import Codec
from actors.remote.frames import Request
from actors.remote.framing import Encoding, FrameSplitter

CHUNK = 1 << 16


class _Line:
    """One connection: what is passed to the supervisor is looked at on its way."""

    def __init__(self, client: socket.socket, supervisor: socket.socket, asked: Counter[str]) -> None:
        self.client = client
        self.supervisor = supervisor
        self._asked = asked
        self._splitter = FrameSplitter()
        self._codec: Codec | None = None

    def pass_on(self, source: socket.socket) -> bool:
        """Pass on what has come; tell whether the connection goes on."""
        try:
            data = source.recv(CHUNK)
            if source is self.client:
                self._count(data)
            (self.supervisor if source is self.client else self.client).sendall(data)
        except OSError:
            return False
        return bool(data)

    def _count(self, data: bytes) -> None:
        if self._codec is None and data:
            self._codec, data = Codec(Encoding.from_first_byte(data[:1])), data[1:]
        self._splitter.feed(data)
        while self._codec is not None and (payload := self._splitter.next_payload()) is not None:
            frame = self._codec.decode_frame(payload)
            if isinstance(frame, Request):
                self._asked[frame.op] += 1


@contextlib.contextmanager
def counted_requests(path: Path) -> Iterator[Counter[str]]:
    """Count by operation what is asked over connections that are made to `path` within the block.

    The socket is moved aside meanwhile; connections from before are not touched.
    """
    asked: Counter[str] = Counter()
    aside = path.with_name(f"{path.name}.aside")
    path.rename(aside)
    with socket.socket(socket.AF_UNIX) as listener, contextlib.ExitStack() as stack:
        listener.bind(str(path))
        listener.listen(1024)
        ending, told = socket.socketpair()
        stack.enter_context(told)
        thread = threading.Thread(target=_serve, args=(listener, aside, ending, asked), name="bench-counter")
        thread.start()
        try:
            yield asked
        finally:
            told.close()
            thread.join()
            aside.rename(path)


def _serve(listener: socket.socket, aside: Path, ending: socket.socket, asked: Counter[str]) -> None:
    with selectors.DefaultSelector() as selector, ending, contextlib.ExitStack() as stack:
        selector.register(listener, selectors.EVENT_READ)
        selector.register(ending, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is ending:
                    return
                if key.fileobj is listener:
                    client, _ = listener.accept()
                    supervisor = socket.socket(socket.AF_UNIX)
                    supervisor.connect(str(aside))
                    line = _Line(stack.enter_context(client), stack.enter_context(supervisor), asked)
                    selector.register(client, selectors.EVENT_READ, line)
                    selector.register(supervisor, selectors.EVENT_READ, line)
                else:
                    source = key.fileobj
                    assert isinstance(source, socket.socket)
                    passing: _Line = key.data
                    if passing.client.fileno() >= 0 and not passing.pass_on(source):
                        for side in (passing.client, passing.supervisor):
                            selector.unregister(side)
                            side.close()
