"""A dispatch without a thread gets one with a name that people can say, and that nothing else has or ever had."""

import re

import pytest
import trio
from trio.testing import MockClock

from tests.kit.orchestrator.actor_workshop import agent, open_workshop

TASK = "Add a health check."


async def test_equal_tasks_are_threads_of_their_own(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        posted = [await supervisor.dispatch("dev", TASK) for _ in range(3)]
        assert [one.thread_id for one in posted] == ["add-health-check", "add-health-check-2", "add-health-check-3"]
        assert all([(await supervisor.chain(one)).body == f"dev did: {TASK}" for one in posted])


async def test_tasks_that_are_dispatched_at_once_do_not_share_a_thread(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev", max_concurrent=8)) as shop, shop.supervisor() as supervisor:
        found: list[str] = []

        async def dispatch() -> None:
            found.append((await supervisor.dispatch("dev", TASK)).thread_id)

        async with trio.open_nursery() as nursery:
            for _ in range(8):
                nursery.start_soon(dispatch)
        numbers = ["", *(f"-{number}" for number in range(2, 9))]
        assert sorted(found) == sorted(f"add-health-check{number}" for number in numbers)


async def test_a_name_that_a_caller_gave_is_taken_and_one_that_ended_is_not_used_again(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop() as shop:
        async with shop.supervisor() as supervisor:
            await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id="add-health-check"))
            await supervisor.abandon("add-health-check")
        async with shop.supervisor() as supervisor:
            assert (await supervisor.dispatch("dev", TASK)).thread_id == "add-health-check-2"


async def test_a_summary_is_a_better_name_than_the_task(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        assert (await supervisor.dispatch("dev", TASK, summary="Health")).thread_id == "health"


async def test_a_branch_of_that_name_is_left_alone(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev", workspace="worktree")) as shop:
        shop.repo.tips["compas/add-health-check"] = shop.repo.tips["main"]
        async with shop.supervisor() as supervisor:
            assert (await supervisor.dispatch("dev", TASK)).thread_id == "add-health-check-2"


async def test_secrets_are_in_no_name(autojump_clock: MockClock) -> None:
    key = "AKIA" + "IOSFODNN7" + "ABCDEFG"
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        assert (await supervisor.dispatch("dev", f"Use {key} for uploads")).thread_id == "use-for-uploads"


@pytest.mark.parametrize("trouble", ["lost", "hangs"])
async def test_a_dispatch_does_not_depend_on_git(autojump_clock: MockClock, trouble: str) -> None:
    async with open_workshop(agent("dev", workspace="worktree")) as shop, shop.supervisor() as supervisor:
        if trouble == "lost":
            shop.git.losses["Resolve"] = ["before"] * 9
        else:
            shop.git.held["Resolve"] = [trio.Event()]
        name = (await supervisor.dispatch("dev", TASK)).thread_id
        assert re.fullmatch("add-health-check-[a-z0-9]{8}", name), name
