"""A folder of commands that misbehave, and agents that are on them."""

import sys
from pathlib import Path

import pytest


class Desk:
    """Where the commands are; `environ` is what agents inherit from."""

    def __init__(self, place: Path) -> None:
        self.bin = place / "bin"
        self.home = place / "home"
        for directory in (self.bin, self.home):
            directory.mkdir()
        self.environ = {"PATH": str(self.bin), "HOME": str(self.home), "LANG": "C.UTF-8"}

    def install(self, name: str, code: str) -> Path:
        """Put a Python program on the PATH."""
        path = self.bin / name
        path.write_text(f"#!{sys.executable}\n{code}")
        path.chmod(0o755)
        return path


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a desk of the test's own."""
    return Desk(tmp_path)
