"""A supervisor without work: an hour of it costs no SQL and hardly a step of any task."""

import trio
import trio.testing
from trio.abc import Instrument
from trio.testing import MockClock

from tests.kit.orchestrator.actor_workshop import agent, open_workshop

HOUR_SECS = 3600.0
MOST_STEPS = 80
"""In an hour, over all tasks: room for a thread's actor that is put away once, for one look of retention, which comes
to nothing, and for the test itself."""


class Steps(Instrument):
    """Counts how often any task runs."""

    def __init__(self) -> None:
        self.count = 0

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self.count += 1


async def test_an_idle_hour_costs_no_sql_and_hardly_a_step(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "x"))
        await trio.testing.wait_all_tasks_blocked()
        steps, sql = Steps(), shop.store.statistics()
        trio.lowlevel.add_instrument(steps)
        await trio.sleep(HOUR_SECS)
        trio.lowlevel.remove_instrument(steps)
        assert shop.store.statistics() == sql
        assert steps.count < MOST_STEPS


async def test_an_hour_of_waiting_for_an_agent_costs_no_sql_and_hardly_a_step(autojump_clock: MockClock) -> None:
    dev = agent("dev", timeout_secs=int(2 * HOUR_SECS))
    async with open_workshop(dev) as shop, shop.supervisor() as supervisor, trio.open_nursery() as nursery:
        posted = await supervisor.dispatch("dev", f"{2 * HOUR_SECS - 600} seconds of work")
        nursery.start_soon(supervisor.chain, posted)
        await trio.testing.wait_all_tasks_blocked(0.1)
        steps, sql = Steps(), shop.store.statistics()
        trio.lowlevel.add_instrument(steps)
        await trio.sleep(HOUR_SECS)
        trio.lowlevel.remove_instrument(steps)
        assert shop.store.statistics() == sql
        assert steps.count < MOST_STEPS
        nursery.cancel_scope.cancel()
