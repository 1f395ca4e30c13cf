"""A whole compas for each test, and the proof that nothing of it outlives the test."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# pytest's importlib mode puts no test folder on the path; these modules are imported by name.
sys.path.insert(0, str(Path(__file__).parent))

from workshop import Workshop, open_workshop


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    """Return a workshop; afterwards everything it started must be gone."""
    with open_workshop(tmp_path) as made:
        yield made
