"""Turns frames into bytes and a byte stream, however it is cut, back into frames; no input or output of its own."""

import enum
import struct
from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from actors.remote.errors import EncodingUnknown, FrameInvalid, FrameTooLarge
from actors.remote.frames import MAX_FRAME, Frame

T = TypeVar("T")

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


class Codec:
    """Encodes and decodes values and frames in one encoding."""

    def __init__(self, encoding: Encoding) -> None:
        self.encoding = encoding
        is_json = encoding is Encoding.JSON
        self._encode = msgspec.json.Encoder().encode if is_json else msgspec.msgpack.Encoder().encode
        frames: msgspec.json.Decoder[Frame] | msgspec.msgpack.Decoder[Frame]
        frames = msgspec.json.Decoder(Frame) if is_json else msgspec.msgpack.Decoder(Frame)
        self._decode_frame: Callable[[bytes], Frame] = frames.decode

    def encode(self, value: object) -> msgspec.Raw:
        """`value` encoded; `bytes` and `Raw` are taken as being encoded already.

        Raises TypeError where msgspec knows no encoding for the value's type.
        """
        if isinstance(value, msgspec.Raw):
            return value
        return msgspec.Raw(value if isinstance(value, bytes) else self._encode(value))

    def decode(self, raw: bytes | msgspec.Raw, type_: type[T]) -> T:
        """The value of type `type_` in `raw`. Raises msgspec.DecodeError (msgspec.ValidationError names the path)."""
        if self.encoding is Encoding.JSON:
            return msgspec.json.decode(raw, type=type_)
        return msgspec.msgpack.decode(raw, type=type_)

    def encode_frame(self, frame: Frame) -> bytes:
        """The payload of `frame`, without its length."""
        return self._encode(frame)

    def decode_frame(self, payload: bytes) -> Frame:
        """The frame in `payload`. Raises FrameInvalid."""
        try:
            return self._decode_frame(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise FrameInvalid(
                f"the peer sent {len(payload)} bytes that are no frame of this protocol ({error}); "
                "one side is broken or speaks something else"
            ) from error


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
