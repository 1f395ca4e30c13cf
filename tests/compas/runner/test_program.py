"""Hooks and notifiers as processes: what they are told, and that none of them hangs, floods or outlives its time."""

import os
import signal
from pathlib import Path

import pytest
import trio

from compas.runner import processes
from compas.runner.program import OUTPUT_BYTES, Program, ProgramEnd, run_program
from compas.search_path import find_program
from tests.kit.ceiling import CEILING

pytestmark = pytest.mark.system


def script(place: Path, text: str, *, mode: int = 0o755, interpreter: str = "/bin/sh") -> str:
    """Write a shell script and return its path."""
    path = place / "hook"
    path.write_text(f"#!{interpreter}\n{text}\n")
    path.chmod(mode)
    return str(path)


async def run(place: Path, text: str, *, stdin: bytes = b"", timeout_secs: float = CEILING, **env: str) -> ProgramEnd:
    program = Program(
        command=script(place, text),
        args=("one two", "$HOME"),
        env={"PATH": os.environ["PATH"], **env},
        cwd=str(place),
        stdin=stdin,
        timeout_secs=timeout_secs,
    )
    with trio.fail_after(CEILING):
        return await run_program(program)


async def test_it_is_told_by_arguments_environment_and_input_and_no_shell_reads_them(tmp_path: Path) -> None:
    ended = await run(tmp_path, 'echo "$1|$2|$COMPAS_EVENT"; pwd; cat', stdin=b'{"a":"$(x)"}', COMPAS_EVENT="thread")
    assert ended.output == f'one two|$HOME|thread\n{tmp_path}\n{{"a":"$(x)"}}'
    assert (ended.how, ended.code) == ("ended", 0)


async def test_its_input_ends_and_it_has_no_terminal(tmp_path: Path) -> None:
    ended = await run(tmp_path, "cat >/dev/null; (: </dev/tty) 2>/dev/null && echo terminal || echo none")
    assert ended.output == "none\n"


# proves: c-config-dashboard 66
async def test_one_that_reads_nothing_of_a_large_input_holds_nobody_up(tmp_path: Path) -> None:
    ended = await run(tmp_path, "exit 4", stdin=b"x" * 10_000_000)
    assert (ended.how, ended.code) == ("ended", 4)
    late = await run(tmp_path, "sleep 600", stdin=b"x" * 10_000_000, timeout_secs=0.5)
    assert late.how == "timed_out"


# proves: c-config-dashboard 65
@pytest.mark.parametrize("how", ["trap '' TERM; sleep 600 & wait; sleep 600", "setsid sleep 600 & sleep 600"])
async def test_past_its_time_it_is_ended_with_all_that_it_started(tmp_path: Path, how: str) -> None:
    ended = await run(tmp_path, f"echo $COMPAS_RUN_TOKEN; {how}", timeout_secs=0.5)
    assert ended.how == "timed_out"
    assert processes.belonging(ended.output.strip()) == []


# proves: c-config-dashboard 65
async def test_one_that_obeys_the_polite_signal_is_not_sent_the_other(tmp_path: Path) -> None:
    text = f"trap 'echo obeyed > {tmp_path}/said; exit 0' TERM; echo on; while :; do sleep 0.05; done"
    ended = await run(tmp_path, text, timeout_secs=0.5)
    assert (ended.how, (tmp_path / "said").read_text()) == ("timed_out", "obeyed\n")


async def test_a_daemon_that_keeps_the_pipe_holds_nobody_up(tmp_path: Path) -> None:
    ended = await run(tmp_path, "sleep 600 & echo $!")
    daemon = int(ended.output)
    assert (ended.how, ended.code) == ("ended", 0)
    assert processes.find_process(daemon) is not None, "what a hook leaves running is its own matter"
    os.kill(daemon, signal.SIGKILL)


async def test_a_flood_is_read_to_its_end_and_only_the_end_is_kept(tmp_path: Path) -> None:
    ended = await run(tmp_path, "head -c 300000000 /dev/zero | tr '\\0' x; echo; printf '\\377 the end'")
    assert ended.output.endswith("\ufffd the end")
    assert len(ended.output) <= OUTPUT_BYTES
    assert (ended.how, ended.code) == ("ended", 0)


async def test_secrets_in_its_output_are_redacted(tmp_path: Path) -> None:
    ended = await run(tmp_path, "echo ghp_" + "a" * 36)
    assert ended.output == "[REDACTED:github_token]\n"


async def test_cancelling_ends_it_and_what_it_started(tmp_path: Path) -> None:
    written = tmp_path / "token"
    os.mkfifo(tmp_path / "on")

    async def read() -> None:
        await trio.to_thread.run_sync((tmp_path / "on").read_text)
        nursery.cancel_scope.cancel()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        await run(tmp_path, f"echo $COMPAS_RUN_TOKEN > {written}; setsid sleep 600 & echo > {tmp_path}/on; wait")
    assert processes.belonging(written.read_text().strip()) == []


async def test_what_cannot_be_run_is_told_in_words(tmp_path: Path) -> None:
    async def problem(command: str) -> str:
        ended = await run_program(Program(command=command, env={}, cwd="/", timeout_secs=5))
        assert ended.how == "not_started"
        return ended.problem

    nowhere, locked = str(tmp_path / "nowhere"), script(tmp_path, "exit 0", mode=0o644)
    assert await problem(nowhere) == f"{nowhere} is not there, or is not executable"
    assert await problem(locked) == f"{locked} is not there, or is not executable"
    strange = script(tmp_path, "exit 0", interpreter="/no/such/interpreter")
    assert await problem(strange) == f"{strange} cannot be started: No such file or directory"


def test_a_command_is_looked_for_on_absolute_places_of_path_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = script(tmp_path, "exit 0")
    assert find_program("hook", str(tmp_path)) == path
    assert find_program(path, "") == path
    assert find_program("./hook", str(tmp_path)) is None
    monkeypatch.chdir(tmp_path)
    assert find_program("hook", ".:") is None
    assert find_program("hook", "") is None


@pytest.mark.long
async def test_a_thousand_nasty_programs_leave_nothing_behind(tmp_path: Path) -> None:
    """Each hangs, forks, floods, wants a terminal or kills itself; so many at once as the outbox runs."""
    await _many(tmp_path, 1000)


async def test_some_nasty_programs_leave_nothing_behind(tmp_path: Path) -> None:
    await _many(tmp_path, 16)


NASTY = (
    "trap '' TERM HUP INT; sleep 600",
    "setsid sleep 600 & sleep 600 & wait",
    "head -c 20000000 /dev/zero",
    "read x </dev/tty; sleep 600",
    "kill -KILL $$",
    "kill -STOP $$",
    "exec >&- 2>&-; sleep 600",
    "cat >/dev/null; exit 7",
)


async def _many(place: Path, count: int) -> None:
    limit = trio.CapacityLimiter(4)
    ends: list[ProgramEnd] = []

    async def one(index: int) -> None:
        async with limit:
            directory = place / str(index)
            directory.mkdir()
            mark = {"NASTY_MARK": place.name}
            ends.append(await run(directory, NASTY[index % len(NASTY)], timeout_secs=0.3, **mark))

    async with trio.open_nursery() as nursery:
        for index in range(count):
            nursery.start_soon(one, index)
    assert len(ends) == count
    assert {end.how for end in ends} == {"ended", "timed_out"}
    entry = f"NASTY_MARK={place.name}".encode()
    left = [one for one in processes.list_processes() if entry in processes.environment(one.pid)]
    assert [one for one in left if not one.is_zombie] == []
