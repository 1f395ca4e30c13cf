"""Programs that run beside the dashboard: their exit code, the end of what they print, and their end when cancelled."""

import os
import sys

import pytest
import trio
import urwid

from compas.dashboard.terminal_hands import KEPT_BYTES, TerminalHands
from tests.kit.ceiling import CEILING

pytestmark = pytest.mark.system

ENVIRON = {"PATH": os.environ["PATH"], "GREETING": "hello"}


@pytest.fixture
def hands() -> TerminalHands:
    loop = urwid.MainLoop(urwid.SolidFill(), screen=urwid.display.raw.Screen(), event_loop=urwid.TrioEventLoop())
    return TerminalHands(loop, ENVIRON)


async def test_the_exit_code_and_what_was_printed_on_both_streams_come_back(hands: TerminalHands) -> None:
    with trio.fail_after(CEILING):
        script = 'echo "$GREETING"; echo bad >&2; exit 3'
        assert await hands.run(["/bin/sh", "-c", script], environ=ENVIRON) == (3, "hello\nbad")


async def test_only_the_end_of_a_long_output_is_kept(hands: TerminalHands) -> None:
    with trio.fail_after(CEILING):
        program = "import sys; sys.stdout.write('x' * 1_000_000 + 'the end')"
        code, printed = await hands.run([sys.executable, "-c", program], environ=ENVIRON)
        assert code == 0
        assert len(printed) == KEPT_BYTES
        assert printed.endswith("xthe end")


async def test_a_program_that_cannot_be_started_is_an_os_error(hands: TerminalHands) -> None:
    with trio.fail_after(CEILING):
        with pytest.raises(OSError, match="nowhere"):
            await hands.run(["/nowhere/at/all"], environ=ENVIRON)


async def test_cancelled_it_ends_the_program(hands: TerminalHands, tmp_path: "os.PathLike[str]") -> None:
    fifo = os.path.join(tmp_path, "fifo")
    os.mkfifo(fifo)
    with trio.fail_after(CEILING):
        async with trio.open_nursery() as nursery:
            scope = trio.CancelScope()

            async def run() -> None:
                with scope:
                    await hands.run(["/bin/sh", "-c", 'echo $$ > "$1"; exec sleep 1000', "-", fifo], environ=ENVIRON)

            nursery.start_soon(run)
            pid = int(await trio.Path(fifo).read_text())
            scope.cancel()
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
