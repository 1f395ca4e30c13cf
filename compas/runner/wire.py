"""Frames on the runner's socket: four bytes of length, then MessagePack."""

import msgspec

from compas.errors import CompasError
from compas.runner.messages import FromRunner, ToRunner

MAX_FRAME_BYTES = 48 * 1024 * 1024
_LENGTH_BYTES = 4

_encoder = msgspec.msgpack.Encoder()
_to_runner: msgspec.msgpack.Decoder[ToRunner] = msgspec.msgpack.Decoder(ToRunner)
_from_runner: msgspec.msgpack.Decoder[FromRunner] = msgspec.msgpack.Decoder(FromRunner)


class WireError(CompasError):
    """The other end sent what is no message of this protocol."""


def encode(message: ToRunner | FromRunner) -> bytes:
    """Make one frame."""
    payload = _encoder.encode(message)
    return len(payload).to_bytes(_LENGTH_BYTES, "big") + payload


class FrameBuffer:
    """Collects received bytes and gives the payloads that are complete."""

    def __init__(self, limit: int = MAX_FRAME_BYTES) -> None:
        self._received = bytearray()
        self._limit = limit

    def feed(self, data: bytes) -> list[bytes]:
        """Add bytes; return the payloads completed by them, in order.

        Raises:
            WireError: A frame announces more bytes than the limit.
        """
        self._received += data
        payloads = []
        position = 0
        while len(self._received) - position >= _LENGTH_BYTES:
            size = int.from_bytes(self._received[position : position + _LENGTH_BYTES], "big")
            if size > self._limit:
                raise WireError(f"a frame of {size} bytes was announced, the limit is {self._limit}")
            end = position + _LENGTH_BYTES + size
            if len(self._received) < end:
                break
            payloads.append(bytes(self._received[position + _LENGTH_BYTES : end]))
            position = end
        del self._received[:position]
        return payloads


def decode_to_runner(payload: bytes) -> ToRunner:
    """Read a client's message.

    Raises:
        WireError: It is none.
    """
    try:
        return _to_runner.decode(payload)
    except msgspec.DecodeError as err:
        raise WireError(f"not a message to a runner: {err}") from err


def decode_from_runner(payload: bytes) -> FromRunner:
    """Read a runner's message.

    Raises:
        WireError: It is none.
    """
    try:
        return _from_runner.decode(payload)
    except msgspec.DecodeError as err:
        raise WireError(f"not a message from a runner: {err}") from err
