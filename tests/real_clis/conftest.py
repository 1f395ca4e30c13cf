"""A real agent CLI, a model server on loopback, and a whole compas around them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.system.workshop import Workshop
from tests.model_server.model_http import ModelServer, open_model_server
from tests.real_clis.rigs import RIGS
from tests.real_clis.stage import Stage, open_with


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
