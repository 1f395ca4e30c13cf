"""A repository's own command: its end, its output, and that nothing of it is left when it must not go on."""

import os
from pathlib import Path

import pytest
import trio

from compas.output.kept import LOG_LIMIT
from compas.runner import processes
from compas.runner.command import Command, CommandEnd, CommandError, run_command
from tests.kit.ceiling import CEILING

pytestmark = pytest.mark.system


def command(tmp_path: Path, run: str, *, timeout_secs: float = CEILING, cwd: str = "", token: str = "") -> Command:
    return Command(
        run=run,
        cwd=cwd or str(tmp_path),
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        token=token or f"test-{tmp_path.name}-{os.getpid()}",
        timeout_secs=timeout_secs,
        log=tmp_path / "logs" / "setup.log",
    )


async def run(wanted: Command) -> CommandEnd:
    with trio.fail_after(CEILING):
        return await run_command(wanted)


async def test_a_command_runs_in_its_directory_with_its_environment_and_its_output_is_kept(tmp_path: Path) -> None:
    wanted = command(tmp_path, "pwd; echo $HOME; echo wrong >&2; printf 'no newline'")
    ended = await run(wanted)
    assert (ended.succeeded, ended.code) == (True, 0)
    assert ended.tail == f"{tmp_path}\n{tmp_path}\nwrong\nno newline"
    assert wanted.log.read_text() == ended.tail + "\n"
    assert wanted.log.stat().st_mode & 0o777 == 0o600


async def test_an_exit_code_and_a_signal_are_no_success(tmp_path: Path) -> None:
    assert (await run(command(tmp_path, "exit 3"))).code == 3
    assert (await run(command(tmp_path, "kill -TERM $$"))).code == -15


async def test_secrets_are_redacted_in_the_log_and_in_what_is_shown(tmp_path: Path) -> None:
    wanted = command(tmp_path, "echo token=abcdefghijklmnop1234; echo ghp_" + "a" * 36)
    ended = await run(wanted)
    assert "abcdefghijklmnop1234" not in wanted.log.read_text() + ended.tail
    assert "[REDACTED:github_token]" in ended.tail


async def test_when_the_time_is_up_everything_it_started_is_gone(tmp_path: Path) -> None:
    wanted = command(tmp_path, "trap '' TERM; setsid sleep 600 & sleep 600 & echo on; wait", timeout_secs=5)
    ended = await run(wanted)
    assert (ended.code, ended.tail, ended.succeeded) == (None, "on", False)
    assert processes.belonging(wanted.token) == []


async def test_cancelling_ends_everything_it_started(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "begun")
    wanted = command(tmp_path, "setsid sleep 600 & echo > begun; sleep 600")
    with trio.fail_after(CEILING):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(run_command, wanted)
            await trio.to_thread.run_sync((tmp_path / "begun").read_text)
            nursery.cancel_scope.cancel()
    assert processes.belonging(wanted.token) == []


async def test_a_service_that_it_leaves_running_stays_and_does_not_hold_it_up(tmp_path: Path) -> None:
    wanted = command(tmp_path, "sleep 600 > /dev/null 2>&1 & sleep 600 & echo done")
    ended = await run(wanted)
    assert (ended.code, ended.tail) == (0, "done")
    assert len(processes.belonging(wanted.token)) == 2
    # The same command again, as after a crash: what is left of the first is ended before.
    again = command(tmp_path, "echo again", token=wanted.token)
    assert (await run(again)).tail == "again"
    assert processes.belonging(wanted.token) == []


async def test_output_beyond_a_limit_is_counted_and_its_end_still_shown(tmp_path: Path) -> None:
    wanted = command(tmp_path, "yes 0123456789012345678901234567890 | head -c 5000000; echo the end")
    ended = await run(wanted)
    assert ended.cut_bytes > 0
    assert ended.tail.endswith("the end")
    assert wanted.log.stat().st_size <= LOG_LIMIT + 100
    assert wanted.log.read_text().endswith(f"[compas: {ended.cut_bytes} more bytes are not kept]\n")


async def test_a_directory_that_is_not_there_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="could not be started in"):
        await run_command(command(tmp_path, "true", cwd=str(tmp_path / "gone")))
