"""A real agent CLI, a model server on loopback, and a whole compas around them."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# pytest's importlib mode puts no test folder on the path; these modules are imported by name.
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "model_server"))
sys.path.insert(0, str(Path(__file__).parents[1] / "system"))

import install
from model_http import ModelServer, open_model_server
from workshop import Workshop, open_workshop


@pytest.fixture
def server() -> Iterator[ModelServer]:
    """Return a model server for one test, which has had proper requests only when the test is over."""
    with open_model_server() as opened:
        yield opened
        assert [request for request in opened.record.all() if request.problems] == []


@pytest.fixture
def claude(tmp_path: Path, server: ModelServer) -> Iterator[Workshop]:
    """Return a workshop whose operator has Claude Code on the path, and a key for the model server."""
    command = install.command_of("claude")
    if not command.exists():
        pytest.skip(f"Claude Code is not installed at {command}: run tests/real_clis/install.py, which needs npm")
    with open_workshop(tmp_path) as made:
        made.environ |= {
            "PATH": f"{command.parent}{os.pathsep}{made.environ['PATH']}",
            "ANTHROPIC_BASE_URL": server.url,
            "ANTHROPIC_API_KEY": "test-key",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "NO_PROXY": "127.0.0.1",
        }
        yield made
