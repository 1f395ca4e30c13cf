"""Random lives of the outbox: whatever crashes, fills up or is reconfigured, everybody is told once for good."""

import contextlib
from collections import Counter

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from trio.testing import MockClock

from actors.remote.errors import RequestFailed
from compas.api.dispatch import DISPATCH
from compas.api.lifecycle import CLOSE
from compas.domain import events as e
from compas.domain.outbox.points import points_of
from compas.domain.outbox.specs import NOTIFICATIONS, HookSpec, NotificationSpec, subscribers
from compas.orchestrator.services import JOURNAL, OUTBOX
from compas.runner.program import Program
from compas.store.records import Append, NewEvent
from tests.kit.orchestrator.actor_workshop import Supervisor, Workshop, open_workshop
from tests.kit.orchestrator.fake_programs import Act
from tests.kit.orchestrator.told import all_told, hook

pytestmark = pytest.mark.exhaustive

HOOKS: tuple[HookSpec, ...] = (
    hook("on_execution_completed"),
    hook("on_thread_closed"),
    hook("on_thread_closed", name="other"),
    hook("on_execution_started"),
)
SPEC = NotificationSpec(kinds=("done",), via="command", command="say")

Step = tuple[str, int]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("work"), st.integers(0, 4)),
        st.tuples(st.just("close"), st.integers(0, 4)),
        st.tuples(st.just("sleep"), st.integers(0, 8)),
        st.tuples(st.just("configure"), st.integers(0, 31)),
        st.tuples(st.just("kill"), st.integers(0, 1)),
        st.tuples(st.just("fill"), st.integers(0, 1)),
        st.tuples(st.just("crash"), st.just(0)),
    ),
    max_size=16,
)


async def record_start(shop: Workshop) -> None:
    """Record that a supervisor starts with this config, as its process does before anything else."""
    events = (e.SupervisorStarted(pid=1, boot_id="boot-1", version="test"), e.ConfigLoaded(digest="at the start"))
    await shop.store.append_all(
        [Append(events=tuple(NewEvent(stream=e.SUPERVISOR_STREAM, event=one) for one in events))]
    )


class Life:
    """Plays one program over as many supervisors as it takes."""

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop
        self._kills_left = 3
        self._runs = 0
        shop.programs.plays("hook", self._hook)
        shop.programs.plays("say", self._hook)

    def _hook(self, program: Program) -> Act:
        self._runs += 1
        return Act(secs=self._runs % 3, code=1 if self._runs % 5 == 0 else 0)

    async def play(self, steps: list[Step]) -> None:
        """Take all steps; each crash begins with a new supervisor; at the end let everything come to rest."""
        left = list(steps)
        while left:
            await record_start(self._shop)
            async with self._shop.supervisor() as supervisor:
                while left and (step := left.pop(0))[0] != "crash":
                    await getattr(self, f"_{step[0]}")(supervisor, step[1])
                self._shop.disk.is_full = False
                await supervisor.crash()
        await record_start(self._shop)
        async with self._shop.supervisor() as supervisor:
            await trio.sleep(100)
            await all_told(supervisor)

    async def _work(self, supervisor: Supervisor, number: int) -> None:
        with contextlib.suppress(RequestFailed), trio.move_on_after(3):
            await supervisor.ask(DISPATCH, to="dev", body="1 second", thread_id=f"t{number}")

    async def _close(self, supervisor: Supervisor, number: int) -> None:
        with contextlib.suppress(RequestFailed), trio.move_on_after(3):
            await supervisor.ask(CLOSE, thread_id=f"t{number}", status="completed")

    async def _sleep(self, _: Supervisor, seconds: int) -> None:
        await trio.sleep(seconds)

    async def _configure(self, supervisor: Supervisor, which: int) -> None:
        hooks = tuple(one for index, one in enumerate(HOOKS) if which >> index & 1)
        notifications = SPEC if which & 16 else NotificationSpec()
        self._shop.config = structs.replace(self._shop.config, hooks=hooks, notifications=notifications)
        supervisor.config_file.save(self._shop.config)
        with contextlib.suppress(RequestFailed), trio.move_on_after(3):
            await supervisor.reload()

    async def _kill(self, supervisor: Supervisor, which: int) -> None:
        self._kills_left -= 1
        found = supervisor.system.registry.find((OUTBOX, JOURNAL)[which])
        if found is not None and self._kills_left >= 0:
            found.kill()

    async def _fill(self, _: Supervisor, full: int) -> None:
        self._shop.disk.is_full = bool(full)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_everybody_is_told_of_everything_since_they_were_there(steps: list[Step]) -> None:
    async def live() -> None:
        async with open_workshop(hooks=HOOKS[:2], notifications=SPEC, limit_secs=100_000) as shop:
            await Life(shop).play([("work", 0), *steps])
            check(shop, await shop.store.read_all(limit=100_000))
            before, after = await shop.tables_and_rebuilt_tables()
            assert before == after

    trio.run(live, clock=MockClock(autojump_threshold=0))


def check(shop: Workshop, log: tuple[e.Recorded, ...]) -> None:
    """See that outcomes and events agree, for all who are told now, and that nobody was told of a success again."""
    since: dict[str, int] = {}
    outcomes: Counter[tuple[str, int]] = Counter()
    for one in log:
        match one.event:
            case e.SubscribersChanged(subscribers=names, after=after):
                since = {name: since.get(name, after) for name in names}
            case e.HookEnded(subscriber=name, about=about):
                outcomes[name, about] += 1
            case e.NotificationEnded(about=told):
                outcomes.update((NOTIFICATIONS, about) for about in told)
    assert set(outcomes.values()) <= {1}, "an outcome is final"
    assert set(since) == set(subscribers(shop.config.hooks, shop.config.notifications))
    for one in log:
        for point in points_of(one.event):
            for each in shop.config.hooks:
                if each.point == point and one.position > since[each.subscriber]:
                    assert outcomes[each.subscriber, one.position] == 1, (each.subscriber, one)
        is_done = isinstance(one.event, e.ExecutionEnded) and one.event.status == "completed"
        if is_done and NOTIFICATIONS in since and one.position > since[NOTIFICATIONS]:
            assert outcomes[NOTIFICATIONS, one.position] == 1, one
