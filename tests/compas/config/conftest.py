"""A place for config files: a directory to write them in, and a home of their own."""

import sys
from pathlib import Path

import pytest

# pytest's importlib mode puts no test folder on the path; the desk is imported by name.
sys.path.insert(0, str(Path(__file__).parent))

from config_desk import Desk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Give each test a directory of its own, and run it from somewhere else."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.chdir(elsewhere)
    return Desk(place)
