"""A conversation that has become too long: the task is given once more in a new one, with what had been done."""

import pytest
from trio.testing import MockClock

from tests.kit.orchestrator.actor_workshop import agent, open_workshop
from tests.kit.orchestrator.troupe import Role, Turn


def filling(*, fails_again: bool = False) -> Role:
    """Answer in a conversation that takes one task and no second one."""

    async def play(turn: Turn) -> None:
        if turn.session is not None or (fails_again and "Hand-over" in turn.instruction):
            turn.repo.checkouts[turn.spec.cwd].files["half.txt"] = "half done\n"
            await turn.fail("prompt is too long: 210000 tokens > 200000 maximum", "session_full")
            return
        await turn.open_session(f"s-{turn.spec.execution}")
        await turn.reply("I made the parser.")

    return play


async def test_the_task_is_given_again_with_what_had_been_done(autojump_clock: MockClock) -> None:
    about = {"workspace": "worktree", "max_retries": 0}
    async with open_workshop(agent("dev", **about)) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", filling())
        await supervisor.chain(await supervisor.dispatch("dev", "write a parser", thread_id="t1"))
        answer = await supervisor.chain(await supervisor.dispatch("dev", "now test it", thread_id="t1"))
        third = await supervisor.chain(await supervisor.dispatch("dev", "and document it", thread_id="t1"))
        assert "I made the parser." in (answer.body or "")
        assert "had become too long" in (answer.body or "")
        instructions = [turn.instruction for turn in shop.troupe.turns]
        assert instructions[:2] == ["write a parser", "now test it"]
        assert instructions[2].startswith("now test it\n\n## Hand-over")
        assert "write a parser" in instructions[2]
        assert "I made the parser." in instructions[2]
        assert "half.txt" in instructions[2]
        # The new conversation is gone on with, which here is too long at once again.
        assert "had become too long" in (third.body or "")
        assert [turn.session is None for turn in shop.troupe.turns] == [True, False, True, False, True]


async def test_it_is_given_again_once_and_then_the_thread_fails(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev", max_retries=3)) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", filling(fails_again=True))
        await supervisor.chain(await supervisor.dispatch("dev", "write a parser", thread_id="t1"))
        answer = await supervisor.chain(await supervisor.dispatch("dev", "now test it", thread_id="t1"))
        assert "prompt is too long" in str(answer)
        assert len(shop.troupe.turns) == 3
        # It is forgotten all the same: the next task begins in a new one.
        after = await supervisor.chain(await supervisor.dispatch("dev", "write another", thread_id="t1"))
        assert after.body == "I made the parser."


@pytest.mark.parametrize("max_retries", [0, 2])
async def test_a_task_that_is_itself_too_long_is_not_given_again(autojump_clock: MockClock, max_retries: int) -> None:
    async def too_long(turn: Turn) -> None:
        await turn.fail("prompt is too long", "session_full")

    async with open_workshop(agent("dev", max_retries=max_retries)) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", too_long)
        await supervisor.chain(await supervisor.dispatch("dev", "write a parser", thread_id="t1"))
        assert len(shop.troupe.turns) == 1
