import pytest
from hypothesis import given
from hypothesis import strategies as st

from compas.runner import wire
from compas.runner.messages import Ended, Exit, Hello, LogChunk, Refused, Stop

MESSAGES = [
    LogChunk(offset=0, next_offset=4, text="a\u2028\n"),
    Ended(exit=Exit(kind="exited", exit_code=0, ended_at=1.5)),
    Refused(reason="no"),
]


@given(st.lists(st.sampled_from(MESSAGES)), st.lists(st.integers(1, 50)))
def test_messages_arrive_however_the_bytes_are_cut(messages: list[LogChunk], cuts: list[int]) -> None:
    data = b"".join(map(wire.encode, messages))
    frames = wire.FrameBuffer()
    received = []
    for size in [*cuts, len(data)]:
        received += [wire.decode_from_runner(payload) for payload in frames.feed(data[:size])]
        data = data[size:]
    assert received == messages


def test_what_clients_say_is_read_back() -> None:
    for message in (Hello(offset=7, epoch=2), Stop(reason="enough", grace_secs=3.0)):
        (payload,) = wire.FrameBuffer().feed(wire.encode(message))
        assert wire.decode_to_runner(payload) == message


def test_unknown_fields_are_ignored_and_unknown_messages_refused() -> None:
    import msgspec

    newer = msgspec.msgpack.encode({"type": "hello", "offset": 1, "mood": "good"})
    assert wire.decode_to_runner(newer) == Hello(offset=1)
    for decode in (wire.decode_to_runner, wire.decode_from_runner):
        with pytest.raises(wire.WireError):
            decode(msgspec.msgpack.encode({"type": "dance"}))
        with pytest.raises(wire.WireError):
            decode(b"\xc1")


def test_a_frame_that_is_announced_too_long_is_refused_before_it_is_collected() -> None:
    with pytest.raises(wire.WireError, match="limit"):
        wire.FrameBuffer().feed(b"\xff\xff\xff\xff")
