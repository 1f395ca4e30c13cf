"""Fixtures for the tests of the actor runtime."""

from collections.abc import AsyncIterator

import pytest

from actors.system import ActorSystem, open_actor_system


@pytest.fixture
async def system() -> AsyncIterator[ActorSystem]:
    """A system whose root is an empty one_for_one supervisor.

    Tests ask for autojump_clock beside it: pytest-trio takes a clock from a test's own arguments only.
    """
    async with open_actor_system("test") as opened:
        yield opened
