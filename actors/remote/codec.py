"""Encodes and decodes values and frames with msgspec, in either encoding; no input or output of its own."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from actors.remote.errors import FrameInvalid
from actors.remote.frames import Frame
from actors.remote.framing import Encoding

T = TypeVar("T")


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
