"""What a newcomer sees of `compas demo`, and what is left of it afterwards: nothing, unless it was to be kept."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.ceiling import CEILING
from tests.kit.cli.demo_runner import COMMAND, Terminal, folders, processes, stays

pytestmark = pytest.mark.system

STEPS = (
    "✓ repository",
    "✓ supervisor",
    "✓ dispatch",
    "├─ ✓ worktree",
    "├─ ✓ dev",
    "├─ ✓ you",
    "│  └─ ↻ reviewer requests changes",
    "├─ ✓ dev",
    "│  └─ ✓ reviewer approves",
    "├─ ✓ merge",
    "└─ ✓ close",
)
HOSTILE = """\
[commit]
    gpgsign = true
    template = /nonexistent
[gpg]
    program = /bin/false
[core]
    hooksPath = /nonexistent/hooks
    autocrlf = true
    editor = /bin/false
    excludesFile = {home}/ignore
[init]
    defaultBranch = trunk
    templateDir = /nonexistent
[merge]
    ff = only
"""


@pytest.fixture
def place(environ: dict[str, str]) -> Iterator[dict[str, str]]:
    """Return an environment with a temporary directory of its own, and check that no process is left in it."""
    directory = Path(environ["HOME"]) / "t"
    directory.mkdir()
    place = environ | {"TMPDIR": str(directory), "TERM": "xterm", "LANG": "C.UTF-8"}
    yield place
    assert [pid for pid in processes(place) if stays(pid)] == []


def run(place: dict[str, str], *options: str) -> "subprocess.CompletedProcess[str]":
    """Run it with its output in pipes, and Python with these options."""
    python, *command = COMMAND
    process = subprocess.Popen([python, *options, *command], env=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = process.communicate(timeout=CEILING)
    return subprocess.CompletedProcess(command, process.returncode, out.decode(), err.decode())


def in_order(lines: list[str], wanted: tuple[str, ...]) -> list[str]:
    """Return the first of the wanted texts that does not follow those before it, alone; nothing when all do."""
    ahead = iter(lines)
    return next(([one] for one in wanted if not any(one in line for line in ahead)), [])


def test_without_a_terminal_it_writes_plain_lines_step_by_step_and_leaves_nothing(place: dict[str, str]) -> None:
    home = place.pop("HOME")
    before = sorted(Path(home).iterdir())
    result = run(place, "-X", "importtime")
    imported = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines() if "import time:" in line}
    assert result.returncode == 0
    assert [line for line in result.stderr.splitlines() if "import time:" not in line] == []
    assert imported & {"trio", "yaml", "pygit2", "apsw"} == set()
    assert "msgspec" in imported
    assert "\x1b" not in result.stdout
    assert "\r" not in result.stdout
    lines = result.stdout.splitlines()
    assert in_order(lines, STEPS) == []
    assert sum("reviewer approves" in line for line in lines) == 1
    after = ("Say goodbye, too", "+def farewell", "verdict: request changes", "closed the thread", "demo --keep")
    assert in_order(lines, after) == []
    assert folders(place) == []
    assert sorted(Path(home).iterdir()) == before


def test_at_a_terminal_each_step_is_drawn_in_place_and_what_is_kept_can_be_used(place: dict[str, str]) -> None:
    home = Path(place["HOME"])
    (home / ".gitconfig").write_text(HOSTILE.format(home=home))
    (home / "ignore").write_text("*.py\n")
    terminal = Terminal(place, "--keep")
    assert terminal.read_all() == 0, terminal.text
    lines = terminal.lines()
    assert in_order(lines, STEPS) == []
    steps = lines[: next(number for number, line in enumerate(lines) if "└─ ✓ close" in line)]
    assert [line for line in steps if len(line) > 80] == []
    assert "works in the worktree" in terminal.text
    assert not any("works in the worktree" in line for line in lines)
    assert terminal.text.count("\x1b[?25l") == terminal.text.count("\x1b[?25h") == 1
    (folder,) = folders(place)
    checkout = folder / "greet"
    assert "def farewell" in (checkout / "greet.py").read_text()
    assert "unittest" in (checkout / "README.md").read_text()
    assert git(checkout, "status", "--porcelain") == ""
    assert git(checkout, "log", "--format=%an", "--no-merges").split() == ["dev", "you", "dev", "you"]
    exports = dict(line.removeprefix("  export ").split("=", 1) for line in lines if line.startswith("  export "))
    command = [sys.executable, "-m", "compas"]
    status = subprocess.check_output([*command, "status"], env=place | exports)
    assert b"farewell  Completed" in status
    subprocess.check_call([*command, "stop"], env=place | exports, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    shutil.rmtree(folder)


def git(directory: Path, *args: str) -> str:
    return subprocess.check_output(["git", *args], cwd=directory, text=True)


def test_ctrl_c_in_the_middle_ends_the_agents_and_leaves_nothing(place: dict[str, str]) -> None:
    terminal = Terminal(place)
    terminal.read_until("works in the worktree")
    assert processes(place) != []
    terminal.press_ctrl_c()
    assert terminal.read_all() == 130
    assert "interrupted (SIGINT)" in terminal.text
    assert terminal.text.count("\x1b[?25l") == terminal.text.count("\x1b[?25h") == 1
    assert "Traceback" not in terminal.text
    assert folders(place) == []


def test_a_termination_while_the_supervisor_starts_leaves_nothing(place: dict[str, str]) -> None:
    process = subprocess.Popen(COMMAND, env=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    while b"repository" not in process.stdout.readline():
        continue
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=CEILING)
    assert (process.returncode, err) == (128 + signal.SIGTERM, b"interrupted (SIGTERM); everything is removed again\n")
    assert folders(place) == []


def test_a_reader_that_goes_away_ends_it_without_leftovers(place: dict[str, str]) -> None:
    process = subprocess.Popen(COMMAND, env=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert (process.wait(timeout=CEILING), err) == (141, b"")
    assert folders(place) == []


def test_a_failure_is_told_with_the_log_and_the_folder_is_kept(place: dict[str, str], tmp_path: Path) -> None:
    real = shutil.which("git")
    fake = tmp_path / "git"
    fake.write_text(f'#!/bin/sh\ncase "$*" in *"worktree add"*) echo no room >&2; exit 3;; esac\nexec {real} "$@"\n')
    fake.chmod(0o755)
    result = run(place | {"PATH": f"{tmp_path}{os.pathsep}{place['PATH']}"})
    assert result.returncode == 1
    assert "├─ ✗ worktree" in result.stdout
    assert "error: dev ended as failed" in result.stderr
    assert "no room" in result.stderr
    assert "the supervisor's log ends with:" in result.stderr
    (folder,) = folders(place)
    assert result.stderr.endswith(f"kept: {folder}\n")
    assert (folder / "state" / "compas.sqlite").exists()
    shutil.rmtree(folder)


def test_an_agent_may_not_start_it(place: dict[str, str]) -> None:
    result = run(place | {"COMPAS_EXECUTION": "01X"})
    assert (result.returncode, result.stdout) == (2, "")
    assert "COMPAS_EXECUTION" in result.stderr
    assert folders(place) == []


def test_it_goes_without_git_as_far_as_saying_so(place: dict[str, str]) -> None:
    result = run(place | {"PATH": "/nonexistent"})
    assert result.returncode == 1
    assert "git was not found on PATH" in result.stderr
