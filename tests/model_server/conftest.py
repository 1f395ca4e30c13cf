"""The model server as its own tests use it."""

from collections.abc import Iterator

import pytest

from tests.model_server.model_http import ModelServer, open_model_server


@pytest.fixture
def server() -> Iterator[ModelServer]:
    """Return a server that is there for one test."""
    with open_model_server() as opened:
        yield opened
