"""The command line as a process, beside a supervisor that follows a script."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from compas.client.place import place_of
from tests.kit.cli.command_line import CommandLine
from tests.kit.cli.setup_desk import Desk
from tests.kit.client.scripted_supervisor import Scripted
from tests.kit.places import REPOSITORY


@pytest.fixture
def environ() -> Iterator[dict[str, str]]:
    """Return the environment of the commands: private places, UTC, no colour, the modules of this tree."""
    with TemporaryDirectory(prefix="cps-", dir="/tmp") as directory:
        tree = str(REPOSITORY)
        yield {
            "PATH": os.environ["PATH"],
            "HOME": directory,
            "COMPAS_RUNTIME_DIR": directory,
            "TZ": "UTC",
            "PYTHONPATH": tree,
            "PYTHONWARNINGS": "error",
            "PYTHONDONTWRITEBYTECODE": "1",
        }


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return a config file that exists."""
    path = tmp_path / "config.yaml"
    path.write_text("agents: []\n")
    return path


@pytest.fixture
def compas(config: Path, environ: dict[str, str]) -> CommandLine:
    """Return the command line, set to the test's config."""
    return CommandLine(config, environ)


@pytest.fixture
def scripted(config: Path, environ: dict[str, str], tmp_path: Path) -> Iterator[Scripted]:
    """Return a maker of scripted supervisors; all that began are killed at the end."""
    supervisor = Scripted(place_of(config, environ), environ, tmp_path / "script.json")
    yield supervisor
    supervisor.kill()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Return a machine to set compas up on."""
    with TemporaryDirectory(prefix="cps-", dir="/tmp") as runtime:
        yield Desk(tmp_path, runtime, REPOSITORY)
