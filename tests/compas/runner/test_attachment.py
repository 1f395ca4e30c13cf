import os
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trio

from compas.runner import wire
from compas.runner.attachment import AttachmentRefused, open_attachment
from compas.runner.epochs import record_epoch
from compas.runner.launcher import open_fork_server
from compas.runner.messages import Hello, Refused
from compas.runner.reading import read_log
from tests.kit.ceiling import CEILING
from tests.kit.runner.runner_stage import Stage

pytestmark = pytest.mark.system

GATED = """
import sys
print('first\\nsecond', flush=True)
open('gate').read()
for number in range(5000): print('line', number)
"""
ALL_LINES = "first\nsecond\n" + "".join(f"line {number}\n" for number in range(5000))


Gate = Callable[[], Awaitable[None]]


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """A fifo on which a GATED agent waits; calling this lets it go on."""
    os.mkfifo(tmp_path / "gate")

    async def release() -> None:
        await trio.to_thread.run_sync((tmp_path / "gate").write_text, "go")

    return release


async def read_until(directory: Path, words: str) -> tuple[str, int]:
    text = ""
    async with open_attachment(directory) as attachment:
        async for chunk in attachment:
            text += chunk.text
            if words in text:
                return text, attachment.offset
    raise AssertionError(f"never came: {words}")


async def test_another_supervisor_adopts_a_running_execution_without_losing_or_repeating_a_line(
    stage: Stage, gate: Gate
) -> None:
    directory = stage.prepare(GATED)
    with trio.fail_after(CEILING):
        async with open_fork_server() as launcher:
            await launcher.launch(directory)
            seen, offset = await read_until(directory, "second\n")
        # That supervisor and its fork server are gone now; the runner is not.
        async with open_attachment(directory, offset) as attachment:
            await gate()
            async for chunk in attachment:
                seen += chunk.text
    assert seen == ALL_LINES
    assert attachment.exit.kind == "exited"


async def test_every_chunk_s_offset_continues_live_and_after_the_end(stage: Stage, gate: Gate) -> None:
    directory = await stage.start(GATED)
    with trio.fail_after(CEILING):
        async with open_attachment(directory) as attachment:
            await gate()
            offsets = [chunk.offset async for chunk in attachment]
    for offset in random.Random(3).sample(offsets, min(10, len(offsets))):
        text, ended = await stage.finish(directory, offset)
        assert (text, ended) == (ALL_LINES[offset:], attachment.exit)


async def test_several_clients_are_served_at_once_each_from_its_own_offset(stage: Stage, gate: Gate) -> None:
    directory = await stage.start(GATED)
    texts = {}

    async def follow(offset: int) -> None:
        texts[offset] = (await stage.finish(directory, offset))[0]

    async with trio.open_nursery() as nursery:
        for offset in (0, 6, 13):
            nursery.start_soon(follow, offset)
        await trio.testing.wait_all_tasks_blocked()
        await gate()
    assert texts == {offset: ALL_LINES[offset:] for offset in (0, 6, 13)}


async def test_a_client_that_never_reads_holds_nobody_up(stage: Stage) -> None:
    directory = await stage.start(
        "import signal\nfor n in range(200000): print('x' * 50, flush=n == 199999)\nsignal.pause()",
        timeout_secs=CEILING,
    )
    with trio.fail_after(CEILING):
        async with open_attachment(directory) as idle, open_attachment(directory) as attachment:
            async for _ in attachment:
                if attachment.offset == 200000 * 51:
                    await attachment.stop("read it all")
            assert (idle.exit, attachment.exit.kind) == (None, "stopped")


async def test_an_attachment_waits_for_a_runner_that_is_just_starting(stage: Stage) -> None:
    directory = stage.prepare("print('there')")
    texts = []

    async def follow() -> None:
        texts.append((await stage.finish(directory))[0])

    async with trio.open_nursery() as nursery:
        nursery.start_soon(follow)
        await trio.testing.wait_all_tasks_blocked()
        await stage.launcher.launch(directory)
    assert texts == ["there\n"]


async def test_a_supervisor_of_an_earlier_epoch_is_refused(stage: Stage) -> None:
    record_epoch(stage.base, 7)
    directory = await stage.start("import signal\nprint('ready', flush=True)\nsignal.pause()", epoch=7)
    with trio.fail_after(CEILING):
        async with open_attachment(directory, epoch=7) as old:
            await anext(old)
            record_epoch(stage.base, 8)
            async with open_attachment(directory, epoch=8) as new:
                await anext(new)
                await old.stop("not yours any more")
                with pytest.raises(AttachmentRefused, match="epoch 7 is over"):
                    async for _ in old:
                        pass
                await new.stop("mine")
                assert [chunk async for chunk in new] == []
            assert (new.exit.kind, new.exit.reason) == ("stopped", "mine")


async def test_a_client_of_a_newer_version_is_told_so(stage: Stage) -> None:
    directory = await stage.start("import signal; signal.pause()")
    frames = wire.FrameBuffer()
    with trio.fail_after(CEILING):
        async with await trio.open_unix_socket(str(directory / "runner.sock")) as stream:
            await stream.send_all(wire.encode(Hello(offset=0, version=99)))
            payloads = [payload async for data in stream for payload in frames.feed(bytes(data))]
    (answer,) = map(wire.decode_from_runner, payloads)
    assert isinstance(answer, Refused)
    assert "99" in answer.reason
    async with open_attachment(directory) as attachment:
        await attachment.stop("end of the test")
        assert [chunk async for chunk in attachment] == []


async def test_garbage_on_the_socket_ends_that_connection_only(stage: Stage) -> None:
    directory = await stage.start("import signal; signal.pause()")
    with trio.fail_after(CEILING):
        async with await trio.open_unix_socket(str(directory / "runner.sock")) as stream:
            await stream.send_all(b"\xff" * 100)
            assert await stream.receive_some() == b""
        async with open_attachment(directory) as attachment:
            await attachment.stop("end of the test")
            assert [chunk async for chunk in attachment] == []
            assert attachment.exit.kind == "stopped"


async def test_the_log_of_a_finished_execution_is_read_in_pieces_of_about_the_limit(stage: Stage) -> None:
    directory = await stage.start("for n in range(100): print('line', n)")
    text, ended = await stage.finish(directory)
    pieces, offset = [], 0
    while (chunk := read_log(directory, offset, limit=100)) is not None:
        assert chunk.text.endswith("\n")
        pieces.append(chunk.text)
        offset = chunk.next_offset
    assert "".join(pieces) == text
    assert offset == ended.log_bytes
    assert len(pieces) >= len(text) // 100
