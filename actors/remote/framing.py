"""Cuts a stream of bytes into frames: four bytes of length, big-endian, then that many. Standard library only."""

import enum
import struct
from typing import Final

from actors.remote.errors import EncodingUnknown, FrameTooLarge

MAX_FRAME: Final = 16 * 1024 * 1024
"""Bytes one frame may have, unless a transport is given another limit."""

_HEADER: Final = struct.Struct(">I")


class Encoding(enum.Enum):
    """How values are written on a connection; the value is the first byte the client sends."""

    MSGPACK = b"M"
    JSON = b"J"

    @classmethod
    def from_first_byte(cls, first: bytes) -> "Encoding":
        """The encoding that byte chooses. Raises EncodingUnknown."""
        try:
            return cls(first)
        except ValueError:
            raise EncodingUnknown(
                f"a connection starts with b'M' (MessagePack) or b'J' (JSON), found {first!r}; "
                "something that does not speak this protocol connected"
            ) from None


def frame_header(payload: bytes, limit: int = MAX_FRAME) -> bytes:
    """The length that goes before `payload`. Raises FrameTooLarge when that is over `limit` bytes."""
    if len(payload) > limit:
        raise FrameTooLarge(len(payload), limit)
    return _HEADER.pack(len(payload))


class FrameSplitter:
    """Cuts a byte stream, fed piece by piece, into frame payloads."""

    def __init__(self, limit: int = MAX_FRAME) -> None:
        self._limit = limit
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Add what was received."""
        self._buffer += data

    def next_payload(self) -> bytes | None:
        """The next whole payload, or None while it is not there. Raises FrameTooLarge as soon as a length says so."""
        if len(self._buffer) < _HEADER.size:
            return None
        (size,) = _HEADER.unpack_from(self._buffer)
        if size > self._limit:
            raise FrameTooLarge(size, self._limit)
        end = _HEADER.size + size
        if len(self._buffer) < end:
            return None
        payload = bytes(memoryview(self._buffer)[_HEADER.size : end])
        del self._buffer[:end]
        return payload

    @property
    def is_inside_frame(self) -> bool:
        """Whether a frame has begun and is not whole, so that an end of the stream now loses something."""
        return bool(self._buffer)
