"""A stage for every test, with a fork server of its own."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

# pytest's importlib mode puts no test folder on the path; the stage is imported by name.
sys.path.insert(0, str(Path(__file__).parent))

from runner_stage import Stage

from compas.runner.launcher import open_fork_server


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Give each test a place to run agents, whatever they leave behind."""
    async with open_fork_server() as launcher:
        yield Stage(launcher, tmp_path)
