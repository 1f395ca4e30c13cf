"""Reaches the gateway process in a thread, which may take as long as a supervisor takes to start."""

import os
import socket
import struct
import threading
from collections.abc import Callable, Mapping

from actors.remote.connecting import explained_connect
from actors.remote.errors import WireError
from compas.client.place import Place
from compas.client.reach import reach_or_start, start_rule
from compas.errors import CompasError

CONNECT_SECONDS = 10

FindPlace = Callable[[], Place]


class Dialer:
    """Dials one at a time. `fileno` is readable when the last one is done."""

    def __init__(self, find_place: FindPlace, environ: Mapping[str, str], *, may_start: bool) -> None:
        self._find_place = find_place
        self._environ = environ
        self._may_start = may_start
        self._done, self._telling = os.pipe()
        self._outcome: socket.socket | str | None = None
        self.is_dialing = False

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._done

    def dial(self, *, may_start: bool = True) -> None:
        """Begin to reach the gateway, starting its supervisor where that is allowed, needed and wanted now."""
        self.is_dialing = True
        threading.Thread(
            target=self._dial, args=(self._may_start and may_start,), name="compas-dial", daemon=True
        ).start()

    def take(self) -> socket.socket | str:
        """Return the connection, or why there is none, once there is an outcome."""
        os.read(self._done, 1)
        self.is_dialing = False
        outcome, self._outcome = self._outcome, None
        assert outcome is not None, "it is told of after it is there"
        return outcome

    def _dial(self, may_start: bool) -> None:
        try:
            self._outcome = self._reach(may_start)
        except (CompasError, WireError, OSError) as error:
            self._outcome = str(error)
        except Exception as error:
            self._outcome = (
                f"the relay of compas crashed while it reached the gateway ({type(error).__name__}: {error})"
            )
        finally:
            os.write(self._telling, b".")

    def _reach(self, may_start: bool) -> socket.socket:
        place = self._find_place()
        start = start_rule(place, self._environ, is_allowed=may_start)
        return reach_or_start(place, _connected, start)


def _connected(place: Place) -> socket.socket:
    """Return a connection to the gateway's socket, which its supervisor holds. Raises WireError."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # Python's own timeout makes the socket non-blocking, which turns a busy listener into an error at once.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", CONNECT_SECONDS, 0))
        with explained_connect(place.gateway):
            sock.connect(os.fspath(place.gateway))
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock
