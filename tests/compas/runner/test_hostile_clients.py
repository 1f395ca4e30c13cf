"""Whoever connects to a runner's socket and means harm: its supervisor is served as before."""

import contextlib
import os
import random
import socket
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import trio

from compas.runner import wire
from compas.runner.attachment import AttachmentRefused, open_attachment
from compas.runner.epochs import record_epoch
from compas.runner.messages import Hello, Stop
from compas.runner.serve import MOST_CLIENTS
from tests.kit.ceiling import CEILING
from tests.kit.runner.runner_stage import Stage

pytestmark = pytest.mark.system

WAITS = "import signal\nprint('ready', flush=True)\nsignal.pause()"


def frame(value: object) -> bytes:
    """Frame what need not be a message."""
    payload = msgspec.msgpack.encode(value)
    return len(payload).to_bytes(4, "big") + payload


def hello(**fields: object) -> bytes:
    return frame({"type": "hello", "offset": 0, **fields})


STOP = wire.encode(Stop(reason="an agent says so"))


@pytest.fixture
async def directory(stage: Stage) -> Path:
    """Return an execution that waits, and belongs to epoch 1."""
    record_epoch(stage.base, 1)
    return await stage.start(WAITS)


async def send(directory: Path, content: bytes) -> trio.SocketStream:
    """Connect, waiting for a runner that has more to do, and say this; it may be thrown out before."""
    client = socket.socket(socket.AF_UNIX)
    await trio.to_thread.run_sync(client.connect, str(directory / "runner.sock"))
    stream = trio.SocketStream(trio.socket.from_stdlib_socket(client))
    with contextlib.suppress(trio.BrokenResourceError):
        await stream.send_all(content)
    return stream


async def check_own_supervisor_is_served(directory: Path) -> None:
    """Its supervisor reads the log, and the agent has not ended; then stop it."""
    with trio.fail_after(CEILING):
        async with open_attachment(directory, epoch=1) as attachment:
            assert (await anext(attachment)).text == "ready\n"
            await attachment.stop("end of the test")
            assert [chunk async for chunk in attachment] == []
    assert attachment.exit is not None
    assert (attachment.exit.kind, attachment.exit.reason) == ("stopped", "end of the test")


@pytest.mark.parametrize("epoch", [2, 2**31, 2**62, 2**63 - 1, 2**64 - 1, 0, -1, -(2**63)])
async def test_a_forged_epoch_locks_nobody_out_and_stops_nothing(directory: Path, epoch: int) -> None:
    with trio.fail_after(CEILING):
        async with open_attachment(directory, epoch=epoch) as forged:
            await forged.stop("forged")
            with pytest.raises(AttachmentRefused, match=str(epoch)):
                await anext(forged)
    await check_own_supervisor_is_served(directory)


@pytest.mark.parametrize(
    "content",
    [
        hello(epoch="1") + STOP,
        hello(epoch=1.5) + STOP,
        hello(epoch=[2**62]) + STOP,
        hello(epoch={"epoch": 1}) + STOP,
        hello(version=99, epoch=1) + STOP,
        hello(epoch=2**62) + hello(epoch=1)[:-1] + STOP,
        hello(epoch=2**62) + STOP + hello(epoch=None) + STOP,
        frame({"type": "stop"}) + STOP,
        frame(None) + STOP,
        frame({"type": "started"}) + STOP,
        b"\xff\xff\xff\xff" + STOP,
        (48 * 1024 * 1024).to_bytes(4, "big") + bytes(1000) + STOP,
    ],
)
async def test_what_is_no_message_of_a_supervisor_does_nothing(directory: Path, content: bytes) -> None:
    with trio.fail_after(CEILING):
        async with await send(directory, content) as stream:
            with contextlib.suppress(trio.BrokenResourceError):
                while await stream.receive_some():
                    pass
    await check_own_supervisor_is_served(directory)


async def test_a_reader_from_anywhere_gets_what_there_is_from_there(directory: Path) -> None:
    with trio.fail_after(CEILING):
        for offset in (-1, -(2**63)):
            async with open_attachment(directory, offset) as onlooker:
                assert (await anext(onlooker)).text == "ready\n"
        async with open_attachment(directory, 2**64 - 1):
            pass
    await check_own_supervisor_is_served(directory)


@pytest.mark.parametrize(
    "content",
    [b"", b"\0", hello(epoch=1)[:-1], hello(), hello(epoch=1), hello(epoch=2**62)],
    ids=["silent", "half a length", "half a message", "onlookers", "with the right epoch", "with a forged one"],
)
async def test_holding_connections_keeps_nobody_out(directory: Path, content: bytes) -> None:
    with trio.fail_after(CEILING):
        held = [await send(directory, content) for _ in range(2 * MOST_CLIENTS)]
        await check_own_supervisor_is_served(directory)
        for stream in held:
            await stream.aclose()


def garbage(source: random.Random) -> bytes:
    return source.randbytes(source.randrange(1, 2000))


def torn(source: random.Random) -> bytes:
    whole = wire.encode(Hello(offset=source.randrange(100), epoch=source.choice([None, 1, 2**62])))
    return whole[: source.randrange(len(whole))]


@pytest.mark.parametrize("make", [garbage, torn])
async def test_a_flood_of_broken_clients_is_survived(directory: Path, make: Callable[[random.Random], bytes]) -> None:
    source = random.Random(os.environ.get("PYTEST_SEED", "7"))
    with trio.fail_after(CEILING):
        for _ in range(300):
            stream = await send(directory, make(source))
            await stream.aclose()
    await check_own_supervisor_is_served(directory)
