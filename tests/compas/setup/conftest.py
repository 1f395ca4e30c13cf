"""The stand-in for Claude Code, and a home for it."""

import os
import sys
from pathlib import Path

import pytest

from tests.kit.places import FAKE_CLAUDE


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a home with nothing but the stand-in for Claude Code on its PATH."""
    home, programs = tmp_path / "home", tmp_path / "bin"
    home.mkdir()
    programs.mkdir()
    claude = programs / "claude"
    claude.write_text(f"#!{sys.executable}\n{FAKE_CLAUDE.read_text()}")
    claude.chmod(0o755)
    return {"HOME": str(home), "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
