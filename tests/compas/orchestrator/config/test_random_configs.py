"""Random lives of a config file: however it is saved, broken and removed, what holds is the last good one."""

import contextlib
from typing import NamedTuple

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from trio.testing import MockClock

from actors.remote.errors import RequestFailed
from compas.api.supervision import HEALTH
from compas.config.config import Config
from compas.config.reload import update_config
from compas.domain import events as e
from compas.domain.configuration import REFUSED
from compas.domain.specs import BackendSpec
from compas.orchestrator.config.watcher import LONGEST_SETTLING_SECS, STANDING_SECS
from compas.orchestrator.services import CONFIG, JOURNAL
from tests.kit.orchestrator.actor_workshop import Supervisor, Workshop, agent, open_workshop

pytestmark = pytest.mark.exhaustive

Step = tuple[str, object]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("save"), st.integers(0, 5)),
        st.tuples(st.just("save"), st.integers(0, 5)),
        st.tuples(st.just("break"), st.integers(0, 2)),
        st.tuples(st.just("remove"), st.none()),
        st.tuples(st.just("sleep"), st.sampled_from([0.05, 0.15, 0.25, 0.9, 1.1, 3.0])),
        st.tuples(st.just("sleep"), st.sampled_from([0.05, 0.15, 0.25, 0.9, 1.1, 3.0])),
        st.tuples(st.just("reload"), st.none()),
        st.tuples(st.just("kill"), st.sampled_from([CONFIG, CONFIG, JOURNAL])),
        st.tuples(st.just("ambush"), st.none()),
        st.tuples(st.just("fill"), st.none()),
        st.tuples(st.just("free"), st.none()),
    ),
    max_size=14,
)


class Seen(NamedTuple):
    """What is so at the end, when the file has come to rest."""

    in_force: Config
    notices: tuple[str, ...]
    log: list[e.Event]


class Life:
    """Plays one program, and remembers which contents the file has had."""

    def __init__(self, shop: Workshop, supervisor: Supervisor) -> None:
        self.good = [shop.config]
        self.is_good = True
        self._shop = shop
        self._supervisor = supervisor
        self._kills_left = 3
        self._is_ambushed = False

    async def play(self, steps: list[Step]) -> Seen:
        """Take all steps, then let everything come to rest."""
        for name, value in steps:
            await trio.lowlevel.checkpoint()
            getattr(self, f"_{name}")(value) if name not in ("sleep", "reload") else await self._wait(name, value)
        self._free(None)
        await trio.sleep(2 * LONGEST_SETTLING_SECS + 2 * STANDING_SECS + 10)
        health = await self._supervisor.ask(HEALTH, is_brief=True)
        return Seen(self._supervisor.context.services.config, health.config_notices, list(await self._shop.events()))

    async def _wait(self, name: str, value: object) -> None:
        if name == "sleep":
            assert isinstance(value, float)
            await trio.sleep(value)
            return
        # It may be refused while the disk is full, and wait for a watcher that is being restarted.
        with trio.move_on_after(1), contextlib.suppress(RequestFailed):
            await self._supervisor.reload()

    def _save(self, number: object) -> None:
        assert isinstance(number, int)
        backends = {"mine": BackendSpec(name="mine", command="x")} if number == 5 else {}
        agents = {one.alias: one for one in (agent("dev", model=f"m{number}"), agent("rev"))[: 1 + number % 2]}
        fields = {"agents": agents, "effective_concurrency": len(agents), "backends": backends}
        self.good.append(structs.replace(self._shop.config, state_dir="/other" if number == 4 else "/state", **fields))
        self.is_good = True
        self._supervisor.config_file.save(self.good[-1])

    def _break(self, number: object) -> None:
        self.is_good = False
        self._supervisor.config_file.save((f"mistake {number}",))

    def _remove(self, _: object) -> None:
        self.is_good = False
        self._supervisor.config_file.save(None)

    def _kill(self, name: object) -> None:
        self._kills_left -= 1
        found = self._supervisor.system.registry.find(str(name))
        if found is not None and self._kills_left >= 0:
            found.kill()

    def _ambush(self, _: object) -> None:
        self._is_ambushed = True

    def strike(self, _: e.Recorded) -> None:
        """End the watcher when it has recorded something, before it can act on that."""
        if self._is_ambushed:
            self._is_ambushed = False
            self._kill(CONFIG)

    def _fill(self, _: object) -> None:
        self._shop.disk.is_full = True

    def _free(self, _: object) -> None:
        self._shop.disk.is_full = False


@settings(max_examples=80, deadline=None)
@given(STEPS)
def test_the_last_good_content_holds_and_what_is_not_in_force_is_said(steps: list[Step]) -> None:
    async def live() -> None:
        async with open_workshop(agent("dev")) as shop, shop.supervisor() as supervisor:
            life = Life(shop, supervisor)
            async with supervisor.when(e.ConfigLoaded, life.strike):
                check(life, await life.play(steps))

    trio.run(live, clock=MockClock(autojump_threshold=0))


def check(life: Life, seen: Seen) -> None:
    """See that what holds, what is said and what is in the log agree with each other and with the file."""
    candidates = [life.good[-1]] if life.is_good else life.good
    assert any(seen.in_force == update_config(seen.in_force, one).config for one in candidates)
    assert (seen.in_force.state_dir, seen.in_force.backends) == ("/state", {})
    assert any(notice.startswith(REFUSED) for notice in seen.notices) is not life.is_good
    found = [one for one in seen.log if isinstance(one, e.ConfigLoaded | e.ConfigRefused)]
    if life.is_good:
        waiting = update_config(seen.in_force, life.good[-1]).waiting
        assert bool(seen.notices) == bool(waiting)
        assert not found or isinstance(found[-1], e.ConfigLoaded), "the log ends with what holds"
    else:
        assert isinstance(found[-1], e.ConfigRefused)
