"""A look at an agent's CLI ends, whatever the CLI does, and says in words what it found."""

import os
import select
from pathlib import Path
from typing import Any

import pytest
import trio

from compas.backends.claude.adapter import ClaudeBackend
from compas.backends.scripted import ScriptedBackend
from compas.domain.specs import AgentSpec
from compas.health.inspection import Inspection, look
from tests.kit.ceiling import CEILING

pytestmark = pytest.mark.system

AGENT = AgentSpec(alias="dev", backend="claude", workdir="/")
HANG = "import os, signal\nopen({pid!r}, 'w').write(str(os.getpid()))\nsignal.pause()\n"
STUBBORN = """\
import os, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
if child == 0:
    os.setsid()
    open({pid!r}, 'w').write(str(os.getpid()))
while True:
    signal.pause()
"""
LEAVES_ONE_BEHIND = """\
import os, signal
if os.fork() == 0:
    os.setsid()
    open({pid!r}, 'w').write(str(os.getpid()))
    signal.pause()
while not os.path.exists({pid!r}) or not os.path.getsize({pid!r}):
    pass
print('2.1.330 (Claude Code)')
"""


async def looked_at(desk: Any, seconds: float = CEILING, **env: str) -> Inspection:  # noqa: ANN401 - the desk of conftest
    with trio.fail_after(CEILING):
        return await look(ClaudeBackend(as_root=False), AGENT, {**desk.environ, **env}, seconds=seconds)


def is_gone(pid: int) -> bool:
    """Tell whether the process has ended; a zombie has."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], 0)[0])
    finally:
        os.close(descriptor)


async def test_a_cli_that_is_there_is_shown_with_version_and_credentials(desk: Any) -> None:  # noqa: ANN401
    desk.install("claude", "print('2.1.330 (Claude Code)')")
    found = await looked_at(desk, ANTHROPIC_API_KEY="k")
    assert (found.usable, found.version, found.notes) == (True, "2.1.330", ())
    assert (found.credentials.state, found.credentials.detail) == ("present", "ANTHROPIC_API_KEY is set")
    assert (await looked_at(desk)).credentials.state == "absent"


async def test_the_credentials_are_those_that_the_agent_would_get(desk: Any) -> None:  # noqa: ANN401
    desk.install("claude", "print('2.1.330')")
    kept_out = AgentSpec(alias="dev", backend="claude", workdir="/", env_pass=("PATH", "HOME"))
    own = AgentSpec(alias="dev", backend="claude", workdir="/", env={"ANTHROPIC_API_KEY": "k"})
    backend, environ = ClaudeBackend(as_root=False), desk.environ
    assert (await look(backend, kept_out, {**environ, "ANTHROPIC_API_KEY": "k"})).credentials.state == "absent"
    assert (await look(backend, own, environ)).credentials.state == "present"


async def test_a_version_that_compas_is_not_tested_with_is_a_note_and_no_failure(desk: Any) -> None:  # noqa: ANN401
    desk.install("claude", "print('9.0.1 (Claude Code)')")
    found = await looked_at(desk)
    assert (found.usable, found.version) == (True, "9.0.1")
    assert found.notes == ("compas is tested with 2.1.330; with 9.0.1 it has not been tried",)


async def test_a_cli_that_is_missing_or_not_executable_is_told_in_a_sentence(desk: Any) -> None:  # noqa: ANN401
    found = await looked_at(desk)
    assert (found.usable, found.version) == (False, "")
    assert "'claude' is not on PATH" in found.detail
    assert found.remedy == "install it with `npm install -g @anthropic-ai/claude-code`"
    desk.install("claude", "").chmod(0o644)
    assert (await looked_at(desk)).in_words.endswith("claude is not executable; make it so, or install it again")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys\nsys.exit('no config')", "ended with exit status 1: no config"),
        ("import sys\nsys.exit(3)", "ended with exit status 3: it printed nothing"),
        ("import os\nos.kill(os.getpid(), 9)", "ended with signal 9"),
        ("print('hello')", "printed 'hello'"),
        ("", "printed 'nothing'"),
        ("import os\nos.write(1, bytes(range(256)))", "printed "),
        ("while True: print('x' * 1000)", "printed more than 65536 bytes and was ended"),
        ("import sys\nwhile True: sys.stderr.write('x' * 1000)", "printed more than 65536 bytes and was ended"),
    ],
)
async def test_a_version_that_cannot_be_told_is_no_failure_either(desk: Any, code: str, said: str) -> None:  # noqa: ANN401
    desk.install("claude", code)
    found = await looked_at(desk)
    assert (found.usable, found.version) == (True, "")
    assert found.notes[0].startswith("its version cannot be told: `claude --version` ")
    assert said in found.notes[0]


async def test_a_file_that_is_no_program_is_said_not_to_start(desk: Any) -> None:  # noqa: ANN401
    path = desk.bin / "claude"
    path.write_text("#!/nowhere/node\n")
    path.chmod(0o755)
    assert "cannot start 'claude'" in (await looked_at(desk)).notes[0]


@pytest.mark.parametrize("code", [HANG, STUBBORN])
async def test_a_version_command_that_hangs_is_ended_with_all_that_it_started(
    desk: Any,  # noqa: ANN401
    tmp_path: Path,
    code: str,
) -> None:
    pid = tmp_path / "pid"
    desk.install("claude", code.format(pid=str(pid)))
    found = await looked_at(desk, seconds=6.0)
    assert "did not end within 6 s and was ended" in found.notes[0]
    assert is_gone(int(pid.read_text()))


async def test_what_a_version_command_leaves_behind_is_ended_too(desk: Any, tmp_path: Path) -> None:  # noqa: ANN401
    pid = tmp_path / "pid"
    desk.install("claude", LEAVES_ONE_BEHIND.format(pid=str(pid)))
    assert (await looked_at(desk)).version == "2.1.330"
    assert is_gone(int(pid.read_text()))


async def test_a_look_that_is_cancelled_leaves_nothing_running(desk: Any, tmp_path: Path) -> None:  # noqa: ANN401
    pid = tmp_path / "pid"
    os.mkfifo(pid)
    desk.install("claude", HANG.format(pid=str(pid)))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(looked_at, desk)
        with trio.fail_after(CEILING):
            number = int(await trio.to_thread.run_sync(pid.read_text))
        nursery.cancel_scope.cancel()
    assert is_gone(number)


async def test_the_scripted_backend_needs_neither_version_nor_credentials(desk: Any) -> None:  # noqa: ANN401
    found = await look(ScriptedBackend(), AGENT, desk.environ)
    assert (found.usable, found.credentials.state, found.notes) == (True, "present", ())
