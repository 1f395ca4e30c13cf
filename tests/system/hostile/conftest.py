"""Workshops for hostile agents, which many kinds share: each kind has a repository of its own in one."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# pytest's importlib mode puts no test folder on the path; these modules are imported by name.
sys.path.insert(0, str(Path(__file__).parent))

from hostile_stage import Stage, open_stage
from kinds.table import KINDS
from speaking import Speaker


@pytest.fixture(scope="module")
def shared_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Return a supervisor at work with an agent and a repository for each kind."""
    with open_stage(tmp_path_factory.mktemp("hostile"), KINDS) as stage:
        stage.shop.supervise()
        stage.speaker = Speaker(stage.shop)
        try:
            yield stage
        finally:
            stage.speaker.close()
