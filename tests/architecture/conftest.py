"""Let the architecture tests import the readers that sit beside them, and give them a tree to plant faults in."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
# pytest's importlib mode puts no test folder on the path; these readers are imported by name.
sys.path.insert(0, str(HERE))

Plant = Callable[..., Path]


@pytest.fixture
def repository() -> Path:
    """Return the folder that holds `compas`, `actors` and `tests`."""
    return HERE.parent.parent


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """Return a function that writes files into an empty tree and returns the tree: `plant({"a/b.py": "…"})`."""

    def write(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return write
