"""Messages between relay and server: cut anywhere, ended by either side, and never stuck in a thread."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from mcp.shared.memory import MessageStream
from mcp.shared.message import SessionMessage

from compas.gateway.streams import LineWire, open_streams
from compas.relay.lines import LineSplitter
from compas.relay.link import Issue, unreadable
from tests.kit.ceiling import CEILING

PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
BROUGHT = b"R-1 3 " + PING


@given(st.lists(st.binary(max_size=6)), st.integers(1, 5))
def test_lines_come_out_as_they_went_in_however_they_are_cut(pieces: list[bytes], limit: int) -> None:
    splitter = LineSplitter(limit)
    got = [line for piece in pieces for line in splitter.feed(piece)]
    whole = b"".join(pieces).split(b"\n")[:-1]
    assert got == [line for line in whole if len(line) <= limit]
    assert splitter.dropped == len(whole) - len(got)


@asynccontextmanager
async def served_over(reading: int, writing: int) -> AsyncIterator[MessageStream]:
    """Give the streams of a server over two descriptors, which are owned here."""
    async with (
        trio.lowlevel.FdStream(reading) as source,
        trio.lowlevel.FdStream(writing) as sink,
        open_streams(LineWire(source), LineWire(sink).tell) as streams,
    ):
        yield streams


@pytest.fixture
def pipes() -> tuple[int, int, int, int]:
    """Return what the gateway reads, what the editor writes, what the editor reads, what the gateway writes."""
    return os.pipe() + os.pipe()


async def test_messages_go_both_ways_and_the_end_of_input_ends_the_stream(pipes: tuple[int, int, int, int]) -> None:
    reading, to_it, from_it, writing = pipes
    with trio.fail_after(CEILING):
        async with served_over(reading, writing) as (incoming, outgoing):
            os.write(to_it, BROUGHT[:10])
            os.write(to_it, BROUGHT[10:] + b"\n\n  \n")
            got = await incoming.receive()
            assert isinstance(got, SessionMessage)
            assert got.message.method == "ping"
            assert got.metadata.request_context == Issue("R-1", 3)
            await outgoing.send(got)
            await trio.lowlevel.wait_readable(from_it)
            said = os.read(from_it, 100)
            assert (json.loads(said), said[-1:]) == (json.loads(PING), b"\n")
            os.close(to_it)
            assert [item async for item in incoming] == []
            await outgoing.aclose()
    assert os.read(from_it, 1) == b""
    os.close(from_it)


async def test_a_line_that_is_no_message_is_passed_over_and_its_relay_told(pipes: tuple[int, int, int, int]) -> None:
    reading, to_it, from_it, writing = pipes
    with trio.fail_after(CEILING):
        async with served_over(reading, writing) as (incoming, outgoing):
            os.write(to_it, b"hello\nR-0 0 hello\n" + BROUGHT + b"\n")
            assert isinstance(await incoming.receive(), SessionMessage)
            assert os.read(from_it, 100) == unreadable(Issue("R-0", 0)) + b"\n"
            await outgoing.aclose()
    os.close(to_it)
    os.close(from_it)


async def test_an_editor_that_reads_no_more_ends_the_block(pipes: tuple[int, int, int, int]) -> None:
    reading, to_it, from_it, writing = pipes
    with trio.fail_after(CEILING):
        async with served_over(reading, writing) as (incoming, outgoing):
            os.write(to_it, BROUGHT + b"\n")
            got = await incoming.receive()
            os.close(from_it)
            await outgoing.send(got)
            await trio.sleep_forever()
    os.close(to_it)


async def test_cancelling_ends_it_while_nobody_writes_and_nobody_reads(pipes: tuple[int, int, int, int]) -> None:
    reading, to_it, from_it, writing = pipes
    with trio.fail_after(CEILING), trio.CancelScope() as scope:
        async with served_over(reading, writing) as (incoming, outgoing):
            os.write(to_it, BROUGHT + b"\n")
            got = await incoming.receive()
            with trio.move_on_after(0.1):
                while True:  # until the pipe is full
                    await outgoing.send(got)
            scope.cancel()
            await trio.sleep_forever()
    assert scope.cancelled_caught
    os.close(to_it)
    os.close(from_it)
