"""A machine with nothing on it but git, this compas and what a test installs."""

import json
import os
import pty
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.kit.ceiling import CEILING
from tests.kit.places import FAKE_CLAUDE


class Desk:
    """A home directory, a folder of commands, and a repository; `compas` is run in that, as installed there."""

    def __init__(self, place: Path, runtime: str, tree: Path) -> None:
        self.home = place / "home"
        self.bin = place / "bin"
        self.repository = place / "repository"
        for directory in (self.home, self.bin, self.repository):
            directory.mkdir()
        self.environ = {
            "PATH": str(self.bin),
            "HOME": str(self.home),
            "COMPAS_RUNTIME_DIR": runtime,
            "PYTHONPATH": str(tree),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TZ": "UTC",
        }
        git = shutil.which("git")
        assert git is not None
        (self.bin / "git").symlink_to(git)
        self.install("compas", "import sys\nfrom compas.cli.main import main\nsys.exit(main())\n")
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("-c", "user.name=t", "-c", "user.email=t@t", "commit", "--quiet", "--allow-empty", "-m", "Begin.")

    @property
    def config(self) -> Path:
        """Return where the default config is."""
        return self.home / ".compas" / "config.yaml"

    @property
    def claude_file(self) -> Path:
        """Return where Claude Code has its servers."""
        return self.home / ".claude.json"

    def install(self, name: str, code: str) -> Path:
        """Put a Python program on the PATH."""
        path = self.bin / name
        path.write_text(f"#!{sys.executable}\n{code}")
        path.chmod(0o755)
        return path

    def install_claude(self) -> None:
        """Put the stand-in for Claude Code on the PATH."""
        self.install("claude", FAKE_CLAUDE.read_text())

    def install_editor(self, name: str) -> None:
        """Put an editor on the PATH that is known by its file alone, and so is never started."""
        self.install(name, "raise SystemExit('nothing starts this')\n")

    def git(self, *args: str, where: Path | None = None) -> str:
        """Run git in the repository."""
        done = _run(["git", *args], where or self.repository, dict(os.environ))
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def servers(self) -> dict[str, Any]:
        """Return what is registered in Claude Code."""
        return dict(json.loads(self.claude_file.read_text())["mcpServers"])

    def compas(self, *args: str, where: Path | None = None, **environ: str) -> "subprocess.CompletedProcess[str]":
        """Run compas to its end, without a terminal."""
        return self.run(str(self.bin / "compas"), *args, where=where, **environ)

    def run(self, *command: str, where: Path | None = None, **environ: str) -> "subprocess.CompletedProcess[str]":
        """Run any program to its end, without a terminal."""
        return _run([*command], where or self.repository, self.environ | environ)

    def at_terminal(self, *args: str, typed: str) -> tuple[int, str]:
        """Run compas at a terminal on which somebody types, and return its exit code and what the screen showed."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [str(self.bin / "compas"), *args],
            cwd=self.repository,
            env=self.environ | {"TERM": "dumb"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        os.write(ours, typed.encode())
        shown = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # how Linux says that nobody has the terminal open any more
                break
            if not piece:
                break
            shown += piece
        os.close(ours)
        return process.wait(timeout=CEILING), shown.decode()


def _run(command: list[str], where: Path, environ: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    process = subprocess.Popen(
        command,
        cwd=where,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    out, err = process.communicate(timeout=CEILING)
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def mode(path: Path) -> int:
    """Return who may do what with a file."""
    return stat.S_IMODE(path.stat().st_mode)


def tree(place: Path) -> dict[str, bytes]:
    """Return every file below a directory with what is in it."""
    return {str(path.relative_to(place)): path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file()}
