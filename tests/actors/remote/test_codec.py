import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.remote.codec import Codec
from actors.remote.errors import EncodingUnknown, FrameInvalid, FrameTooLarge
from actors.remote.frames import (
    Cancel,
    Credit,
    Failure,
    Frame,
    Goodbye,
    Hello,
    Push,
    Refused,
    Reply,
    Request,
    Welcome,
)
from actors.remote.framing import Encoding, FrameSplitter, frame_header

_ENCODINGS = st.sampled_from(list(Encoding))
_NUMBERS = st.integers(min_value=0, max_value=2**53)
_META = st.dictionaries(st.text(), st.text(), max_size=3)
_VALUES = st.recursive(
    st.none() | st.booleans() | _NUMBERS | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def _frames(codec: Codec) -> st.SearchStrategy[Frame]:
    raw = _VALUES.map(codec.encode)
    return st.one_of(
        st.builds(Hello, protocol=_NUMBERS, oldest=_NUMBERS, client=st.text(), meta=_META),
        st.builds(Welcome, protocol=_NUMBERS, server=st.text(), state=st.text(), epoch=_NUMBERS),
        st.builds(Refused, code=st.text(), message=st.text()),
        st.builds(
            Request,
            id=_NUMBERS,
            op=st.text(),
            args=raw,
            request_id=st.text(),
            meta=_META,
            progress=st.booleans(),
            window=_NUMBERS,
        ),
        st.builds(Reply, id=_NUMBERS, result=raw),
        st.builds(Failure, id=_NUMBERS, code=st.text(), message=st.text(), details=raw),
        st.builds(Cancel, id=_NUMBERS),
        st.builds(Push, id=_NUMBERS, item=raw),
        st.builds(Credit, id=_NUMBERS, n=_NUMBERS),
        st.builds(Goodbye, reason=st.text()),
    )


def _plain(frame: Frame) -> dict[str, object]:
    """The frame with its Raw fields as bytes, which compare."""
    fields = {name: getattr(frame, name) for name in frame.__struct_fields__}
    return {"": type(frame).__name__} | {k: bytes(v) if isinstance(v, msgspec.Raw) else v for k, v in fields.items()}


@given(st.data(), _ENCODINGS)
def test_a_frame_comes_out_as_it_went_in(data: st.DataObject, encoding: Encoding) -> None:
    codec = Codec(encoding)
    frame = data.draw(_frames(codec))
    assert _plain(codec.decode_frame(codec.encode_frame(frame))) == _plain(frame)


@given(st.lists(st.binary(max_size=40), max_size=8), st.data())
def test_payloads_survive_any_cutting_of_the_stream(payloads: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(frame_header(payload) + payload for payload in payloads)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    splitter = FrameSplitter()
    found = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        splitter.feed(stream[start:end])
        while (payload := splitter.next_payload()) is not None:
            found.append(payload)
    assert found == payloads
    assert not splitter.is_inside_frame


@given(st.binary(min_size=1, max_size=40), st.data())
def test_a_stream_that_stops_short_is_known_to_be_inside_a_frame(payload: bytes, data: st.DataObject) -> None:
    stream = frame_header(payload) + payload
    splitter = FrameSplitter()
    splitter.feed(stream[: data.draw(st.integers(1, len(stream) - 1))])
    assert splitter.next_payload() is None
    assert splitter.is_inside_frame


@given(_ENCODINGS, st.binary(max_size=60))
def test_arbitrary_bytes_are_a_frame_or_said_to_be_none(encoding: Encoding, payload: bytes) -> None:
    try:
        frame = Codec(encoding).decode_frame(payload)
    except FrameInvalid:
        return
    assert isinstance(frame, Frame)


def test_a_length_over_the_limit_is_refused_before_its_payload_has_come() -> None:
    splitter = FrameSplitter(limit=10)
    splitter.feed(b"\0\0\0\x0b")
    with pytest.raises(FrameTooLarge, match="11 bytes is over the limit of 10"):
        splitter.next_payload()
    with pytest.raises(FrameTooLarge):
        frame_header(b"x" * 11, limit=10)


def test_fields_of_a_newer_version_are_ignored(encoding: Encoding) -> None:
    codec = Codec(encoding)
    newer = codec.encode({"t": "cancel", "id": 3, "urgency": "high"})
    assert codec.decode_frame(bytes(newer)) == Cancel(id=3)


def test_fields_an_older_version_leaves_out_have_their_defaults(encoding: Encoding) -> None:
    codec = Codec(encoding)
    older = codec.encode({"t": "req", "id": 3, "op": "wait", "args": None})
    frame = codec.decode_frame(bytes(older))
    assert isinstance(frame, Request)
    assert (frame.request_id, frame.meta, frame.progress, frame.window) == ("", {}, False, 0)


def test_an_unknown_kind_of_frame_is_named(encoding: Encoding) -> None:
    codec = Codec(encoding)
    with pytest.raises(FrameInvalid, match="'teleport'"):
        codec.decode_frame(bytes(codec.encode({"t": "teleport"})))


def test_the_first_byte_chooses_the_encoding() -> None:
    assert Encoding.from_first_byte(b"M") is Encoding.MSGPACK
    assert Encoding.from_first_byte(b"J") is Encoding.JSON
    with pytest.raises(EncodingUnknown, match=r"found b'G'"):
        Encoding.from_first_byte(b"G")
