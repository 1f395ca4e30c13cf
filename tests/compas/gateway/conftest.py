"""Puts the workshops of other folders where these tests can import them by name, and gives real processes a place."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from compas.client.place import Place, place_of
from tests.kit.client.scripted_supervisor import Scripted
from tests.kit.places import REPOSITORY


@pytest.fixture
def environ() -> Iterator[dict[str, str]]:
    """Return the environment of a gateway: a private runtime directory, the modules of this tree."""
    with TemporaryDirectory(prefix="cpg-", dir="/tmp") as directory:
        yield {
            "PATH": os.environ["PATH"],
            "HOME": directory,
            "COMPAS_RUNTIME_DIR": directory,
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONDONTWRITEBYTECODE": "1",
        }


@pytest.fixture
def place(tmp_path: Path, environ: dict[str, str]) -> Place:
    """Return the place of a config file that exists."""
    config = tmp_path / "config.yaml"
    config.write_text("agents: []\n")
    return place_of(config, environ)


@pytest.fixture
def scripted(place: Place, environ: dict[str, str], tmp_path: Path) -> Iterator[Scripted]:
    """Return a maker of scripted supervisors; all that began are killed at the end."""
    supervisor = Scripted(place, environ, tmp_path / "script.json")
    yield supervisor
    supervisor.kill()
