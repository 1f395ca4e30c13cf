"""A whole compas for each test, and the proof that nothing of it outlives the test."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

# pytest's importlib mode puts no test folder on the path; these modules are imported by name.
sys.path.insert(0, str(Path(__file__).parent))

import process_tree
from workshop import Workshop


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    """Return a workshop; afterwards everything it started must be gone."""
    runtime = Path(tempfile.mkdtemp(prefix="cs-", dir="/tmp"))
    process_tree.adopt_orphans(on=True)
    try:
        made = Workshop(tmp_path, runtime)
        try:
            yield made
        finally:
            left = made.shut()
        assert left == [], "these outlived the supervisor and had to be ended"
    finally:
        process_tree.adopt_orphans(on=False)
        shutil.rmtree(runtime)
