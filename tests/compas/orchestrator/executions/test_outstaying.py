"""A CLI that has told its result and does not end: the reply is delivered, and the CLI ended."""

import trio
from trio.testing import MockClock

from compas.orchestrator.executions.outstaying import RESULT_GRACE_SECS
from tests.kit.orchestrator.actor_workshop import agent, open_workshop
from tests.kit.orchestrator.troupe import Turn


async def reply_and_hang(turn: Turn) -> None:
    await turn.say("working")
    await turn.reply("Done.")
    await trio.sleep_forever()


async def test_its_reply_is_delivered_after_a_short_grace(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev", timeout_secs=3600)) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", reply_and_hang)
        begun = trio.current_time()
        answer = await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        assert answer.body == "Done."
        assert RESULT_GRACE_SECS <= trio.current_time() - begun < RESULT_GRACE_SECS + 30
        assert shop.runners.running() == {}


async def test_so_is_one_that_its_runner_does_not_end(autojump_clock: MockClock) -> None:
    async def hang_with_runner(turn: Turn) -> None:
        shop.runners.hang(turn.spec.execution)
        await reply_and_hang(turn)

    async with open_workshop(agent("dev", timeout_secs=3600)) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", hang_with_runner)
        answer = await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        assert answer.body == "Done."
        assert shop.runners.running() == {}


async def test_a_time_limit_within_the_grace_does_not_cost_the_reply(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev", timeout_secs=10)) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", reply_and_hang)
        answer = await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        assert answer.body == "Done."


async def test_one_that_ends_within_the_grace_is_left_alone(autojump_clock: MockClock) -> None:
    async def reply_and_tidy_up(turn: Turn) -> None:
        await turn.reply("Done.")
        await trio.sleep(RESULT_GRACE_SECS - 1)
        ended.append(turn.alias)

    ended: list[str] = []
    async with open_workshop(agent("dev")) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", reply_and_tidy_up)
        answer = await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        assert (answer.body, ended) == ("Done.", ["dev"])


async def test_a_failure_that_is_told_counts_too(autojump_clock: MockClock) -> None:
    async def fail_and_hang(turn: Turn) -> None:
        await turn.fail("The model does not answer.", "quota_exhausted")
        await trio.sleep_forever()

    async with open_workshop(agent("dev", timeout_secs=3600)) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", fail_and_hang)
        answer = await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        assert "The model does not answer." in str(answer)
        assert trio.current_time() < 600
