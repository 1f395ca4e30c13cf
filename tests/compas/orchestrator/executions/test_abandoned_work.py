"""Abandoning while an agent is at work: whatever it still says or does changes nothing any more."""

import pytest
import trio
from trio.testing import MockClock

from compas.domain import events as e
from tests.kit.orchestrator.actor_workshop import agent, open_workshop
from tests.kit.orchestrator.troupe import Turn

LAST_WORDS = {
    "a reply": lambda turn: turn.reply("I was nearly there."),
    "a failure to be retried": lambda turn: turn.fail("too many requests", "transient"),
    "a failure for good": lambda turn: turn.fail("no"),
}


# proves: a-core 147
@pytest.mark.parametrize("words", LAST_WORDS)
async def test_what_an_abandoned_agent_still_says_is_neither_answered_repeated_nor_handed_on(
    autojump_clock: MockClock, words: str
) -> None:
    async def speaks_when_it_is_stopped(turn: Turn) -> None:
        try:
            await turn.say("at work")
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await LAST_WORDS[words](turn)

    dev = agent("dev", to="rev", max_retries=3, retry_backoff_secs=1)
    async with open_workshop(dev, agent("rev")) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", speaks_when_it_is_stopped)
        async with supervisor.system.bus.subscribe(_is_started_or_stopped) as seen:
            await supervisor.dispatch("dev", "work", thread_id="t1")
            await seen.receive()
            answer = await supervisor.abandon("t1")
            assert (answer.status, answer.executions_cancelled, answer.processes_killed) == ("Abandoned", 1, 1)
            await seen.receive()
        assert shop.runners.running() == {}
        await trio.sleep(100)
        told = await supervisor.transcript("t1")
        assert told.thread_status == "Abandoned"
        assert [run.status for run in told.executions] == ["cancelled"]
        assert [(one.sender, one.to, one.intent) for one in told.messages] == [
            ("operator", "dev", "dispatch"),
            ("operator", "operator", "abandoned"),
        ]
        assert isinstance((await shop.events("t1"))[-1], e.ExecutionStopped)
    assert len(shop.troupe.turns) == 1


def _is_started_or_stopped(event: object) -> bool:
    return isinstance(event, e.Recorded) and isinstance(event.event, e.ExecutionStarted | e.ExecutionStopped)
