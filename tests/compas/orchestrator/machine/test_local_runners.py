"""What an agent does to the files of its own execution, as the supervisor reads them."""

from pathlib import Path

import pytest

from compas.orchestrator.machine.runners import LocalRunners
from compas.orchestrator.machine.slots import Slot
from compas.runner.launcher import ForkServerGone


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"token": 1}'])
async def test_a_secret_that_an_agent_has_made_unreadable_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "e1").mkdir()
    (tmp_path / "e1" / "spec.json").write_bytes(content)
    runners = LocalRunners(tmp_path, Slot("fork server", ForkServerGone))
    assert await runners.token("e1") is None
