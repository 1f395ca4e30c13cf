"""Agents that do not want to end, or leave something behind: afterwards nothing of theirs is alive."""

from pathlib import Path

import pytest
import trio

from compas.runner.attachment import open_attachment
from compas.runner.judgement import Finished, judge
from compas.runner.messages import Exit
from tests.kit.ceiling import CEILING
from tests.kit.runner.runner_stage import Stage, marked_processes, token_of

pytestmark = pytest.mark.system

IGNORE = "import os, signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
SAY = "print('ready', flush=True)\n"
WAIT = "signal.pause()\n"
FORK_AND_LEAVE_FOREVER = """
if os.fork() == 0:
    while True:
        if os.fork(): os._exit(0)
        os.setsid()
"""


async def stop_when_ready(directory: Path, reason: str = "stop it", grace_secs: float | None = None) -> Exit:
    """Wait for the agent's first line, stop it, and return the exit."""
    with trio.fail_after(CEILING):
        async with open_attachment(directory) as attachment:
            async for _ in attachment:
                await attachment.stop(reason, grace_secs)
    assert attachment.exit is not None
    return attachment.exit


# proves: a-core 36
async def test_a_daemon_left_behind_is_ended_after_a_normal_exit(stage: Stage) -> None:
    script = """
import os, signal
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 3)
        signal.pause()
    os._exit(0)
os.wait()
"""
    directory = await stage.start(script)
    _, ended = await stage.finish(directory)
    assert (ended.kind, ended.exit_code, ended.leftovers_ended, ended.nothing_left) == ("exited", 0, 1, True)
    assert marked_processes(token_of(directory)) == []


async def test_a_background_child_that_holds_stdout_does_not_hold_the_execution(stage: Stage) -> None:
    script = "import os, signal\nif os.fork() == 0: signal.pause()\nprint('done')"
    directory = await stage.start(script)
    log, ended = await stage.finish(directory)
    assert (log, ended.kind, ended.leftovers_ended, ended.nothing_left) == ("done\n", "exited", 1, True)
    assert marked_processes(token_of(directory)) == []


async def test_a_leftover_gets_its_drain_and_its_last_words_are_kept(stage: Stage) -> None:
    script = """
import os
until_it_ends, held_by_it = os.pipe()
if os.fork() == 0:
    os.close(held_by_it)
    os.read(until_it_ends, 1)
    print('late')
else:
    print('done', flush=True)
"""
    log, ended = await stage.run(script, drain_secs=15.0)
    assert (log, ended.leftovers_ended) == ("done\nlate\n", 0)


# proves: a-core 34, a-core 35, a-core 37
async def test_whatever_ignores_sigterm_is_killed_when_the_grace_is_over(stage: Stage) -> None:
    """All at once, since the shortest grace is two seconds."""
    agent = await stage.start(IGNORE + SAY + WAIT, grace_secs=60.0)
    leftover = await stage.start(IGNORE + SAY + "if os.fork() == 0:\n    os.setsid()\n    " + WAIT)
    holding_output = await stage.start(IGNORE + SAY + "os.fork() or os.setsid()\n" + WAIT, timeout_secs=5.0)
    forking = await stage.start(IGNORE + SAY + FORK_AND_LEAVE_FOREVER + WAIT)
    ends: dict[Path, Exit] = {}

    async def follow(directory: Path) -> None:
        _, ends[directory] = await stage.finish(directory)

    async def stop(directory: Path) -> None:
        ends[directory] = await stop_when_ready(directory, grace_secs=0.0)

    async with trio.open_nursery() as nursery:
        for directory, end in ((agent, stop), (leftover, follow), (holding_output, follow), (forking, stop)):
            nursery.start_soon(end, directory)
    assert (ends[agent].kind, ends[agent].signal, ends[agent].reason) == ("stopped", 9, "stop it")
    assert (ends[leftover].kind, ends[leftover].exit_code, ends[leftover].leftovers_ended) == ("exited", 0, 1)
    assert (ends[holding_output].kind, ends[holding_output].leftovers_ended) == ("timeout", 1)
    assert "5 s" in ends[holding_output].reason
    assert ends[forking].kind == "stopped"
    for directory, ended in ends.items():
        assert ended.nothing_left
        assert marked_processes(token_of(directory)) == []


async def test_a_stop_lets_an_agent_save_its_state(stage: Stage) -> None:
    script = """
import signal, sys
def save(number, frame):
    print('saved')
    sys.exit(7)
signal.signal(signal.SIGTERM, save)
print('ready', flush=True)
signal.pause()
"""
    directory = await stage.start(script)
    ended = await stop_when_ready(directory)
    log, _ = await stage.finish(directory)
    assert (log, ended.kind, ended.exit_code) == ("ready\nsaved\n", "stopped", 7)
    assert judge(directory) == Finished(ended)


async def test_a_stopped_agent_is_woken_to_take_its_sigterm(stage: Stage) -> None:
    script = "import os, signal\nprint('ready', flush=True)\nos.kill(os.getpid(), signal.SIGSTOP)"
    ended = await stop_when_ready(await stage.start(script, grace_secs=60.0))
    assert (ended.kind, ended.signal) == ("stopped", 15)


async def test_two_hundred_children_in_sessions_of_their_own_are_all_ended(stage: Stage) -> None:
    script = """
import os, signal
for _ in range(200):
    if os.fork() == 0:
        os.setsid()
        signal.pause()
"""
    directory = await stage.start(script)
    _, ended = await stage.finish(directory)
    assert (ended.kind, ended.leftovers_ended, ended.nothing_left) == ("exited", 200, True)
    assert marked_processes(token_of(directory)) == []


async def test_a_child_that_hides_its_environment_is_ended_too(stage: Stage) -> None:
    script = "import os\nif os.fork() == 0:\n    os.setsid()\n    os.execve('/bin/sleep', ['sleep', '987654'], {})\n"
    _, ended = await stage.run(script)
    assert (ended.leftovers_ended, ended.nothing_left) == (1, True)


async def test_a_runner_that_is_told_to_end_ends_its_agent_first(stage: Stage) -> None:
    import os
    import signal

    script = "import os, signal\nprint(os.getppid(), flush=True)\nsignal.pause()"
    directory = await stage.start(script)
    with trio.fail_after(CEILING):
        async with open_attachment(directory) as attachment:
            async for chunk in attachment:
                os.kill(int(chunk.text), signal.SIGTERM)
            ended = attachment.exit
    assert (ended.kind, ended.signal) == ("stopped", 15)
    assert "SIGTERM" in ended.reason
    assert marked_processes(token_of(directory)) == []
