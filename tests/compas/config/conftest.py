"""A place for config files: a directory to write them in, and a home of their own."""

from pathlib import Path

import pytest

from tests.kit.config.config_desk import Desk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Give each test a directory of its own, and run it from somewhere else."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.chdir(elsewhere)
    return Desk(place)
