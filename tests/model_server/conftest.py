"""The model server as its own tests use it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# pytest's importlib mode puts no test folder on the path; these modules are imported by name.
sys.path.insert(0, str(Path(__file__).parent))

from model_http import ModelServer, open_model_server


@pytest.fixture
def server() -> Iterator[ModelServer]:
    """Return a server that is there for one test."""
    with open_model_server() as opened:
        yield opened
