"""A whole compas for each test, and the proof that nothing of it outlives the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.system.workshop import Workshop, open_workshop


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    """Return a workshop; afterwards everything it started must be gone."""
    with open_workshop(tmp_path) as made:
        yield made
