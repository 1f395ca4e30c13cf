"""One holder per name; nothing is left behind."""
# ruff: noqa: ASYNC240 - the test plays the operator, who blocks nobody

from pathlib import Path

import pytest
import trio
import trio.testing

from compas.git.command import Git
from compas.git.errors import GitRefused
from compas.git.locks import hold
from tests.kit.ceiling import CEILING

pytestmark = pytest.mark.system


async def test_holders_of_one_name_take_turns_and_of_two_names_do_not(tmp_path: Path) -> None:
    inside, most = 0, 0

    async def take() -> None:
        nonlocal inside, most
        async with hold(Git("/"), str(tmp_path), "x"):
            inside += 1
            most = max(most, inside)
            await trio.testing.wait_all_tasks_blocked(0.001)
            inside -= 1

    with trio.fail_after(CEILING):
        async with trio.open_nursery() as nursery:
            for _ in range(6):
                nursery.start_soon(take)
            async with hold(Git("/"), str(tmp_path), "y"):
                pass
    assert most == 1
    assert list(Path(tmp_path, "compas").iterdir()) == []


async def test_waiting_ends_with_a_refusal_and_with_a_cancel(tmp_path: Path) -> None:
    async with hold(Git("/"), str(tmp_path), "x"):
        with pytest.raises(GitRefused) as caught:
            async with hold(Git("/"), str(tmp_path), "x", patience=0.05):
                pass
        with trio.move_on_after(0.05) as scope:
            async with hold(Git("/"), str(tmp_path), "x"):
                pass
    assert (caught.value.code, scope.cancelled_caught) == ("busy", True)
    with trio.fail_after(CEILING):
        async with hold(Git("/"), str(tmp_path), "x"):
            pass
