"""A real agent CLI, a model server on loopback, and a whole compas around them."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

# pytest's importlib mode puts no test folder on the path; these modules are imported by name.
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "model_server"))
sys.path.insert(0, str(Path(__file__).parents[1] / "system"))

import install
from model_http import ModelServer, open_model_server
from rig import Rig
from rigs import RIGS
from stage import Stage
from workshop import Workshop, open_workshop


@pytest.fixture
def server() -> Iterator[ModelServer]:
    """Return a model server for one test, which has had proper requests only when the test is over."""
    with open_model_server() as opened:
        yield opened
        assert [request for request in opened.record.all() if request.problems] == []


@pytest.fixture(params=list(RIGS))
def stage(request: pytest.FixtureRequest, tmp_path: Path, server: ModelServer) -> Iterator[Stage]:
    """Return each CLI in turn, in a workshop of its own."""
    rig = RIGS[request.param]
    with open_with(rig, tmp_path, server) as workshop:
        yield Stage(rig, workshop, server)


@pytest.fixture
def claude(tmp_path: Path, server: ModelServer) -> Iterator[Workshop]:
    """Return a workshop whose operator has Claude Code on the path, and a key for the model server."""
    with open_with(RIGS["claude"], tmp_path, server) as workshop:
        yield workshop


@pytest.fixture
def codex(tmp_path: Path, server: ModelServer) -> Iterator[Stage]:
    """Return Codex in a workshop."""
    with open_with(RIGS["codex"], tmp_path, server) as workshop:
        yield Stage(RIGS["codex"], workshop, server)


@contextmanager
def open_with(rig: Rig, root: Path, server: ModelServer) -> Iterator[Workshop]:
    """Open a workshop whose operator has a CLI on the path, set up for the model server."""
    command = install.command_of(rig.name)
    if not command.exists():
        pytest.skip(f"{rig.name} is not installed at {command}: run tests/real_clis/install.py, which needs npm")
    with open_workshop(root) as made:
        path = f"{command.parent}{os.pathsep}{made.environ['PATH']}"
        made.environ |= {"PATH": path, "NO_PROXY": "127.0.0.1", **rig.environ(server.url)}
        rig.furnish(root, server.url)
        yield made
