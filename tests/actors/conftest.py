"""Fixtures for the tests of the actor runtime."""

from collections.abc import AsyncIterator

import pytest

from actors.system import ActorSystem, open_actor_system


@pytest.fixture
async def system(autojump_clock: object) -> AsyncIterator[ActorSystem]:
    """A system in virtual time whose root is an empty one_for_one supervisor."""
    async with open_actor_system("test") as opened:
        yield opened
