"""Who is at the other end of a Unix socket, as the operating system says; what differs by system is here."""

import ctypes
import os
import socket
import struct
import sys
from typing import Final

import msgspec
import trio

# From <sys/un.h> of macOS; Python's socket module does not name them.
_SOL_LOCAL: Final = 0
_LOCAL_PEERPID: Final = 2


class PeerCredentials(msgspec.Struct, frozen=True):
    """The peer's user, and its process at the time it connected, where the system says."""

    uid: int
    pid: int | None


def peer_credentials(connection: socket.socket | trio.socket.SocketType) -> PeerCredentials:
    """The credentials of the process that connected. Raises OSError."""
    if sys.platform == "darwin":
        return _from_getpeereid(connection)
    size = struct.calcsize("3i")
    pid, uid, _gid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return PeerCredentials(uid=uid, pid=pid or None)


def _from_getpeereid(connection: socket.socket | trio.socket.SocketType) -> PeerCredentials:
    """By getpeereid(3) for the user and LOCAL_PEERPID (unix(4)) for the process."""
    uid, gid = ctypes.c_uint32(), ctypes.c_uint32()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.getpeereid(connection.fileno(), ctypes.byref(uid), ctypes.byref(gid)) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    size = struct.calcsize("i")
    (pid,) = struct.unpack("i", connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID, size))
    return PeerCredentials(uid=uid.value, pid=pid or None)
