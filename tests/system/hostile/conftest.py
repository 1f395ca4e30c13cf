"""Workshops for hostile agents, which many kinds share: each kind has a repository of its own in one."""

from collections.abc import Iterator

import pytest

from tests.system.hostile.hostile_stage import Stage, open_stage
from tests.system.hostile.kinds.table import KINDS
from tests.system.hostile.speaking import Speaker


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
