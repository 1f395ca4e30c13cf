"""Worktrees at the ready: as many as the config says, whenever it says so."""

import pytest
import trio
from msgspec import structs
from trio.testing import MockClock

from compas.domain.specs import RepositorySpec
from tests.kit.orchestrator.actor_workshop import REPO, Workshop, agent, open_workshop
from tests.kit.orchestrator.fake_config_file import FakeConfigFile

OTHER = "/other"
PLENTY_SECS = 10.0
"""So much virtual time that everything has come to rest."""


def pools(shop: Workshop) -> dict[str, int]:
    return {path: repo.pool for path, repo in shop.git.repos.items()}


async def change(shop: Workshop, file: FakeConfigFile, *repositories: RepositorySpec) -> None:
    """Save a config with these repositories, and let it be taken up."""
    file.save(structs.replace(shop.config, repositories=repositories))
    await trio.sleep(PLENTY_SECS)


def wanted(path: str, size: int) -> RepositorySpec:
    return RepositorySpec(path=path, pool=size)


async def test_every_pool_is_filled_at_the_start_and_again_when_a_worktree_was_handed_out(
    autojump_clock: MockClock,
) -> None:
    dev = agent("dev", workspace="worktree")
    async with open_workshop(dev, repositories=(wanted(REPO, 2), wanted(OTHER, 1))) as shop:
        shop.git.repo(OTHER)
        async with shop.supervisor() as supervisor:
            await trio.sleep(PLENTY_SECS)
            assert pools(shop) == {REPO: 2, OTHER: 1}
            filled = shop.git.asked.count("FillPool")
            await supervisor.chain(await supervisor.dispatch("dev", "work"))
            await trio.sleep(PLENTY_SECS)
            assert (pools(shop), shop.git.asked.count("FillPool")) == ({REPO: 2, OTHER: 1}, filled + 1)


@pytest.mark.parametrize(
    ("repositories", "expected"),
    [
        pytest.param((wanted(REPO, 3), wanted(OTHER, 1)), {REPO: 3, OTHER: 1}, id="grows"),
        pytest.param((wanted(REPO, 0), wanted(OTHER, 1)), {REPO: 0, OTHER: 1}, id="is not wanted any more"),
        pytest.param((wanted(OTHER, 1),), {REPO: 0, OTHER: 1}, id="of a repository that the config has no more"),
        pytest.param((), {REPO: 0, OTHER: 0}, id="of none"),
    ],
)
async def test_a_changed_size_holds_at_once(
    autojump_clock: MockClock, repositories: tuple[RepositorySpec, ...], expected: dict[str, int]
) -> None:
    async with open_workshop(agent("dev"), repositories=(wanted(REPO, 2),)) as shop:
        shop.git.repo(OTHER)
        async with shop.supervisor() as supervisor:
            await trio.sleep(PLENTY_SECS)
            assert pools(shop) == {REPO: 2, OTHER: 0}
            await change(shop, supervisor.config_file, *repositories)
            assert pools(shop) == expected


async def test_a_pool_that_cannot_be_filled_holds_no_other_up(autojump_clock: MockClock) -> None:
    gone = RepositorySpec(path="/gone", pool=1)
    async with open_workshop(agent("dev"), repositories=(gone, wanted(REPO, 1))) as shop, shop.supervisor():
        await trio.sleep(PLENTY_SECS)
        assert pools(shop) == {REPO: 1}
