"""Other tools' commands end, whatever they do."""

import os
import select
import sys
from pathlib import Path

import pytest

from compas.setup.editors.claude import ClaudeCode
from compas.setup.errors import SetupError
from compas.setup.registration import Entry
from compas.setup.tool_process import run_tool
from tests.kit.ceiling import CEILING

pytestmark = pytest.mark.system


def test_an_editor_that_hangs_is_killed_and_named(environ: dict[str, str]) -> None:
    claude = ClaudeCode({**environ, "FAKE_CLAUDE_TROUBLE": "hang"}, seconds=0.5)
    with pytest.raises(SetupError, match=r"claude mcp add .* did not end within 0.5 s and was killed"):
        claude.add(Entry(command="/bin/compas", args=("mcp-server",)))
    assert claude.registered() is None


def test_a_child_that_holds_the_output_open_is_ended_with_it(tmp_path: Path) -> None:
    code = f"""
import os, signal
if os.fork():
    os._exit(0)
open({str(tmp_path / "pid")!r}, "w").write(str(os.getpid()))
signal.pause()
"""
    with pytest.raises(SetupError, match="was killed"):
        run_tool([sys.executable, "-c", code], os.environ, seconds=6)
    assert ends(int((tmp_path / "pid").read_text()))


def ends(pid: int) -> bool:
    """Tell whether the process is gone, or goes."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], CEILING)[0])
    finally:
        os.close(descriptor)


def test_what_a_command_says_comes_back_with_its_exit_code() -> None:
    finished = run_tool([sys.executable, "-c", "import sys; print(sys.stdin.read() + 'no'); sys.exit(3)"], os.environ)
    assert (finished.code, finished.output) == (3, "no")
    assert "ended with 3: no" in finished.in_words()


def test_a_command_that_is_not_there_is_said_to_be() -> None:
    with pytest.raises(SetupError, match="cannot start"):
        run_tool(["/nowhere/claude"], os.environ)
