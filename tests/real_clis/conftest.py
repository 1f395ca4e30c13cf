"""A real agent CLI, a model server on loopback, and a whole compas around them."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# pytest's importlib mode puts no test folder on the path; these modules are imported by name.
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "model_server"))
sys.path.insert(0, str(Path(__file__).parents[1] / "system"))

from model_http import ModelServer, open_model_server
from rigs import RIGS
from stage import Stage, open_with
from workshop import Workshop


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


@pytest.fixture
def gemini(tmp_path: Path, server: ModelServer) -> Iterator[Stage]:
    """Return Gemini CLI in a workshop."""
    with open_with(RIGS["gemini"], tmp_path, server) as workshop:
        yield Stage(RIGS["gemini"], workshop, server)


@pytest.fixture
def opencode(tmp_path: Path, server: ModelServer) -> Iterator[Stage]:
    """Return OpenCode in a workshop."""
    with open_with(RIGS["opencode"], tmp_path, server) as workshop:
        yield Stage(RIGS["opencode"], workshop, server)
