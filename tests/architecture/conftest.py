"""Let the architecture tests import the readers that sit beside them, and give them a tree to plant faults in."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit.places import REPOSITORY

Plant = Callable[..., Path]


@pytest.fixture
def repository() -> Path:
    """Return the folder that holds `compas`, `actors` and `tests`."""
    return REPOSITORY


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
