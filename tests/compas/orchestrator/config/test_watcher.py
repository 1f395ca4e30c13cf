"""A config that changes under a running supervisor: what holds from then on, and what is said about it."""

import pytest
import trio
from msgspec import structs
from trio.testing import MockClock

from actors.remote.errors import RequestFailed
from compas.api.agents import LIST_AGENTS
from compas.api.diagnosis import WHY
from compas.api.supervision import HEALTH
from compas.api.threads import STATUS
from compas.config.config import Config
from compas.domain import events as e
from compas.domain.specs import BackendSpec, BreakerSpec
from compas.orchestrator.config.watcher import LONGEST_SETTLING_SECS, SETTLE_SECS, STANDING_SECS
from compas.orchestrator.services import CONFIG
from tests.kit.orchestrator.actor_workshop import BEGAN, Supervisor, Workshop, agent, open_workshop


def changed(shop: Workshop, *agents: object, **settings: object) -> Config:
    """Return the config of the workshop with other settings, and these agents if there are any."""
    if agents:
        settings["agents"] = {one.alias: one for one in agents}  # type: ignore[attr-defined]
    return structs.replace(shop.config, **settings)


async def settled() -> None:
    """Let so much time pass that whatever a save leads to has happened."""
    await trio.sleep(LONGEST_SETTLING_SECS + 2 * STANDING_SECS)


async def config_events(shop: Workshop) -> list[e.Event]:
    return [one for one in await shop.events() if isinstance(one, e.ConfigLoaded | e.ConfigRefused)]


async def notices(supervisor: Supervisor) -> tuple[str, ...]:
    """Return what every client shows, which is the same for all."""
    by_health = (await supervisor.ask(HEALTH, is_brief=True)).config_notices
    assert (await supervisor.ask(STATUS)).config_notices == by_health
    return by_health


# --- when a file is taken up -----------------------------------------------------------------------------------------


async def test_a_saved_config_holds_a_moment_later_and_the_log_says_what_changed(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev")) as shop, shop.supervisor() as supervisor:
        await settled()
        assert await config_events(shop) == [], "the file is the one that was loaded at the start"
        supervisor.config_file.save(changed(shop, agent("dev", model="m"), agent("rev")))
        await trio.sleep(SETTLE_SECS + 0.1)
        (loaded,) = await config_events(shop)
        assert isinstance(loaded, e.ConfigLoaded)
        assert (loaded.changed, loaded.waiting) == (("agents.dev.model", "agents.rev added"), ())
        assert loaded.digest == supervisor.config_file.digest
        listed = (await supervisor.ask(LIST_AGENTS)).agents
        assert [(one.alias, one.model) for one in listed] == [("dev", "m"), ("rev", None)]
        assert (await supervisor.chain(await supervisor.dispatch("rev", "look"))).body == "rev did: look"
        assert await notices(supervisor) == ()


# proves: c-config-dashboard 46
async def test_two_saves_within_a_tenth_of_a_second_are_read_once_with_the_last_content(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(agent("dev")) as shop, shop.supervisor() as supervisor:
        await settled()
        before = supervisor.config_file.loads
        supervisor.config_file.save(changed(shop, max_queued_executions=5))
        await trio.sleep(0.09)
        supervisor.config_file.save(changed(shop, max_queued_executions=6))
        await settled()
        assert supervisor.config_file.loads == before + 1
        assert len(await config_events(shop)) == 1
        assert supervisor.context.services.config.max_queued_executions == 6


async def test_a_file_that_is_saved_again_and_again_is_read_all_the_same(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev")) as shop, shop.supervisor() as supervisor:
        await settled()
        for number in range(1, 60):
            supervisor.config_file.save(changed(shop, max_queued_executions=number))
            await trio.sleep(0.1)
        assert len(await config_events(shop)) in (2, 3)
        await settled()
        assert supervisor.context.services.config.max_queued_executions == 59


async def test_a_file_saved_as_it_was_is_no_news(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev")) as shop, shop.supervisor() as supervisor:
        supervisor.config_file.save(shop.config)
        await settled()
        assert await config_events(shop) == []


# --- a file that cannot be used --------------------------------------------------------------------------------------


# proves: c-config-dashboard 47
async def test_a_file_that_cannot_be_used_leaves_the_last_good_one_and_is_shown_until_it_is_corrected(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(agent("dev")) as shop, shop.supervisor() as supervisor:
        supervisor.config_file.save(("line 3, column 1: agents: found 'x'", "line 9, column 1: there is no key 'y'"))
        await settled()
        (said,) = await notices(supervisor)
        assert "the last good one stays in force: line 3, column 1: agents: found 'x' (and 1 more" in said
        (refused,) = await config_events(shop)
        assert isinstance(refused, e.ConfigRefused)
        assert len(refused.errors) == 2
        assert (await supervisor.chain(await supervisor.dispatch("dev", "work"))).body == "dev did: work"
        supervisor.config_file.save(changed(shop, agent("dev"), agent("rev")))
        await settled()
        assert await notices(supervisor) == ()
        assert (await supervisor.chain(await supervisor.dispatch("rev", "look"))).body == "rev did: look"


async def test_a_failure_is_taken_back_when_the_file_is_what_it_was_before(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev")) as shop, shop.supervisor() as supervisor:
        supervisor.config_file.save(("no",))
        await settled()
        supervisor.config_file.save(shop.config)
        await settled()
        assert await notices(supervisor) == ()
        found = await config_events(shop)
        assert [type(one) for one in found] == [e.ConfigRefused, e.ConfigLoaded]
        assert getattr(found[1], "changed", None) == ()


# proves: c-config-dashboard 48
async def test_a_file_that_is_deleted_leaves_the_old_one_in_force_and_is_read_when_it_is_there_again(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(agent("dev")) as shop, shop.supervisor() as supervisor:
        supervisor.config_file.save(None)
        await settled()
        assert "stays in force: no such file" in (await notices(supervisor))[0]
        assert (await supervisor.chain(await supervisor.dispatch("dev", "work"))).body == "dev did: work"
        supervisor.config_file.save(changed(shop, agent("dev", model="m")))
        await settled()
        assert await notices(supervisor) == ()
        assert supervisor.context.services.config.agents["dev"].model == "m"


# proves: c-config-dashboard 49
@pytest.mark.parametrize("half", [("not valid YAML",), None])
async def test_a_file_caught_half_written_raises_no_alarm(
    autojump_clock: MockClock, half: tuple[str, ...] | None
) -> None:
    async with open_workshop(agent("dev")) as shop, shop.supervisor() as supervisor:
        await settled()
        supervisor.config_file.save(half)
        await trio.sleep(SETTLE_SECS + STANDING_SECS / 2)
        assert await notices(supervisor) == (), "it has been looked at, and may be written to yet"
        supervisor.config_file.save(("another half",))
        await trio.sleep(SETTLE_SECS + STANDING_SECS / 2)
        supervisor.config_file.save(changed(shop, agent("dev", model="m")))
        await settled()
        assert await notices(supervisor) == ()
        (only,) = await config_events(shop)
        assert isinstance(only, e.ConfigLoaded)


# --- what takes a restart --------------------------------------------------------------------------------------------


# proves: c-config-dashboard 50
async def test_a_key_that_takes_a_restart_is_named_for_all_to_see_and_the_others_hold(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(agent("dev")) as shop, shop.supervisor() as supervisor:
        cli = BackendSpec(name="cli", command="true")
        supervisor.config_file.save(changed(shop, agent("dev", model="m"), state_dir="/other", backends={"cli": cli}))
        await settled()
        (said,) = await notices(supervisor)
        assert said == (
            "changed in the config file, wait for `compas restart`: state_dir, backend_definitions.cli added"
        )
        assert supervisor.context.services.config.agents["dev"].model == "m"
        supervisor.config_file.save(changed(shop, agent("dev", model="n")))
        await settled()
        assert await notices(supervisor) == (), "taken back, nothing waits"


# proves: c-config-dashboard 51
async def test_a_state_folder_changed_meanwhile_is_used_for_nothing(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev")) as shop, shop.supervisor() as supervisor:
        before = supervisor.context.services.executions_directory
        supervisor.config_file.save(changed(shop, state_dir="/other", max_queued_executions=77))
        await settled()
        assert supervisor.context.services.config.max_queued_executions == 77
        assert supervisor.context.services.config.state_dir == "/state"
        assert supervisor.context.services.executions_directory == before
        assert (await supervisor.ask(HEALTH, is_brief=True)).state_dir == "/state"
        assert (await supervisor.chain(await supervisor.dispatch("dev", "work"))).body == "dev did: work"
        shop.config = changed(shop, state_dir="/other")
        await supervisor.crash()
        async with shop.supervisor() as following:
            assert (await following.ask(HEALTH, is_brief=True)).state_dir == "/other"


# --- limits and agents -----------------------------------------------------------------------------------------------


# proves: c-config-dashboard 53
async def test_a_new_agent_lets_in_one_more_at_once_and_it_is_explained(autojump_clock: MockClock) -> None:
    settings = {"effective_concurrency": 1, "max_triggers_per_agent": 1}
    async with open_workshop(agent("dev"), **settings) as shop, shop.supervisor() as supervisor:
        await settled()
        one = await supervisor.dispatch("dev", "100 seconds", thread_id="t1")
        two = await supervisor.dispatch("dev", "50 seconds", thread_id="t2")
        began = trio.current_time()
        wider = changed(shop, agent("dev", max_concurrent=2), agent("rev"), effective_concurrency=2)
        supervisor.config_file.save(wider)
        await supervisor.chain(two)
        assert trio.current_time() - began < 60, "it did not wait for the first one, or for anything else to happen"
        await supervisor.chain(one)
        (loaded,) = await config_events(shop)
        assert isinstance(loaded, e.ConfigLoaded)
        assert loaded.notes == (
            "up to 2 executions run at once now, 1 before: that is one per worker agent, "
            "since orchestration.max_concurrent_triggers is not set",
        )
        assert (await supervisor.ask(HEALTH, is_brief=True)).places == 2
        told = await supervisor.ask(WHY, thread_id="t2")
        (cause,) = [one for one in told.causes if "config" in one.what]
        assert cause.what.startswith("the config file was changed: agents.dev.max_concurrent; up to 2 executions")


async def test_smaller_limits_end_nothing_and_hold_for_what_comes_next(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev"), effective_concurrency=2) as shop, shop.supervisor() as supervisor:
        await settled()
        began = trio.current_time()
        for name in ("t1", "t2"):
            await supervisor.dispatch("dev", "100 seconds", thread_id=name)
        last = [await supervisor.dispatch("dev", "10 seconds", thread_id=name) for name in ("t3", "t4")]
        supervisor.config_file.save(changed(shop, effective_concurrency=1, max_concurrent_triggers=1))
        for posted in last:
            assert (await supervisor.chain(posted)).body == "dev did: 10 seconds"
        assert 119 < trio.current_time() - began < 125, "both went on side by side, the others one after the other"
        (loaded,) = await config_events(shop)
        assert "what runs beyond that goes on to its end" in getattr(loaded, "notes", ("",))[0]


# proves: c-config-dashboard 52
async def test_what_runs_for_an_agent_that_is_removed_finishes_and_stays_visible(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev"), agent("other")) as shop, shop.supervisor() as supervisor:
        posted = await supervisor.dispatch("dev", "100 seconds", thread_id="t1")
        await settled()
        supervisor.config_file.save(changed(shop, agent("other")))
        await settled()
        (row,) = (await supervisor.ask(STATUS)).threads
        assert (row.agent, row.execution_status) == ("dev", "executing")
        health = await supervisor.ask(HEALTH, is_brief=True)
        assert health.active == 1
        assert health.warnings == (
            "the agent 'dev' is not in the config any more, and has 1 running and 0 waiting executions",
        )
        assert "the agent 'dev' is gone: what it has begun goes on to its end" in (await supervisor.reload()).notes[0]
        with pytest.raises(RequestFailed, match="no agent is called 'dev'; there are: other"):
            await supervisor.dispatch("dev", "more")
        assert (await supervisor.chain(posted)).body == "dev did: 100 seconds"
        (run,) = (await supervisor.transcript("t1")).executions
        assert (run.agent, run.status) == ("dev", "completed")
        told = await supervisor.ask(WHY, thread_id="t1")
        assert any("agents.dev removed" in one.what for one in told.causes)


async def test_what_is_decided_next_is_decided_by_the_new_handoffs_intents_and_limits(
    autojump_clock: MockClock,
) -> None:
    agents = agent("dev"), agent("rev")
    async with open_workshop(*agents) as shop, shop.supervisor() as supervisor:
        posted = await supervisor.dispatch("dev", "100 seconds", thread_id="t1")
        both = agent("dev", to="rev"), agent("rev")
        supervisor.config_file.save(changed(shop, *both, max_queued_executions=1))
        await settled()
        with pytest.raises(RequestFailed, match="the queue is full"):
            await supervisor.dispatch("rev", "more")
        assert (await supervisor.chain(posted)).sender == "rev", "the reply is handed on by the rule of now"
        supervisor.config_file.save(changed(shop, *both, trigger_intents=("handoff",)))
        await settled()
        assert "starts no work" in ((await supervisor.dispatch("dev", "again", thread_id="t2")).warning or "")


async def test_breaker_redaction_and_pings_follow(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev")) as shop, shop.supervisor() as supervisor:
        breaker = BreakerSpec(failure_threshold=9)
        supervisor.config_file.save(
            changed(shop, circuit_breaker=breaker, redaction_patterns=("s+",), ping_cache_ttl_secs=0)
        )
        await settled()
        config = supervisor.context.services.config
        assert (config.circuit_breaker, config.redaction_patterns, config.ping_cache_ttl_secs) == (breaker, ("s+",), 0)


# --- asked for -------------------------------------------------------------------------------------------------------


async def test_a_reload_takes_the_file_up_at_once_and_says_what_changed_waits_and_is_wrong(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(agent("dev")) as shop, shop.supervisor() as supervisor:
        nothing = await supervisor.reload()
        assert (nothing.in_use, nothing.is_new, nothing.changed, nothing.since) == (True, False, (), BEGAN)
        supervisor.config_file.save(changed(shop, agent("dev", model="m"), state_dir="/other"))
        answer = await supervisor.reload()
        assert (answer.in_use, answer.is_new) == (True, True)
        assert (answer.changed, answer.waiting) == (("agents.dev.model",), ("state_dir",))
        await settled()
        again = await supervisor.reload()
        assert (again.is_new, again.changed, again.waiting) == (False, answer.changed, answer.waiting)
        supervisor.config_file.save(("wrong", "worse"))
        wrong = await supervisor.reload()
        assert (wrong.in_use, wrong.errors, wrong.digest) == (False, ("wrong", "worse"), answer.digest)
        assert (await notices(supervisor))[0].startswith("the config file cannot be used")
        assert len(await config_events(shop)) == 2


async def test_where_the_file_cannot_be_watched_it_is_said_and_a_reload_works(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev")) as shop, shop.supervisor() as supervisor:
        supervisor.config_file.unwatchable = "too many watches"
        supervisor.actor(CONFIG).kill()
        await settled()
        assert await notices(supervisor) == (
            "changes of the config file are not noticed: too many watches; `compas reload` takes them up",
        )
        supervisor.config_file.save(changed(shop, agent("rev")))
        assert (await supervisor.reload()).changed == ("agents.dev removed", "agents.rev added")
        supervisor.config_file.unwatchable = ""
        await supervisor.reload()
        await settled()
        assert await notices(supervisor) == ()
        supervisor.config_file.save(changed(shop, agent("dev")))
        await settled()
        assert list(supervisor.context.services.config.agents) == ["dev"]


# --- troubles --------------------------------------------------------------------------------------------------------


async def test_on_a_disk_that_takes_nothing_the_old_config_holds_until_the_new_one_is_recorded(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(agent("dev")) as shop, shop.supervisor() as supervisor:
        await settled()
        shop.disk.is_full = True
        supervisor.config_file.save(changed(shop, agent("rev")))
        await settled()
        with pytest.raises(RequestFailed, match="disk"):
            await supervisor.reload()
        assert list(supervisor.context.services.config.agents) == ["dev"]
        shop.disk.is_full = False
        await trio.sleep(10)
        assert list(supervisor.context.services.config.agents) == ["rev"]
        assert len(await config_events(shop)) == 1


async def test_a_watcher_that_crashes_between_recording_and_acting_takes_the_file_up_again(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(agent("dev")) as shop, shop.supervisor() as supervisor:
        await settled()
        crashes = iter([supervisor.actor(CONFIG).kill])
        async with supervisor.when(e.ConfigLoaded, lambda _: next(crashes, lambda: None)()):
            supervisor.config_file.save(changed(shop, agent("dev", model="m")))
            await settled()
        assert supervisor.context.services.config.agents["dev"].model == "m"
        assert {one.changed for one in await config_events(shop) if isinstance(one, e.ConfigLoaded)} == {
            ("agents.dev.model",)
        }


async def test_a_secret_in_a_file_that_cannot_be_used_gets_into_no_log(autojump_clock: MockClock) -> None:
    secret = "sk-ant-api03-" + "x7Qp" * 12
    patterns = ("tango[0-9]+",)
    async with open_workshop(redaction_patterns=patterns) as shop, shop.supervisor() as supervisor:
        supervisor.config_file.save((f"found {secret!r}; this has to be a number", "found tango77"))
        wrong = await supervisor.reload()
        (refused,) = await config_events(shop)
        for said in (str(wrong.errors), str(refused), str(await notices(supervisor))):
            assert secret not in said
            assert "tango77" not in said


async def test_an_agent_on_a_backend_that_waits_for_the_restart_is_told_so(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev")) as shop, shop.supervisor() as supervisor:
        mine = structs.replace(agent("dev"), backend="mine")
        cli = BackendSpec(name="mine", command="true")
        supervisor.config_file.save(changed(shop, mine, backends={"mine": cli}))
        assert "cannot be started before the restart brings its backend 'mine'" in (await supervisor.reload()).notes[0]
        answer = await supervisor.chain(await supervisor.dispatch("dev", "work"))
        assert "the backend 'mine' takes `compas restart`" in (answer.body or "")
        (listed,) = (await supervisor.ask(LIST_AGENTS)).agents
        assert "the backend 'mine' takes `compas restart`" in listed.unusable


async def test_an_execution_whose_backend_is_gone_after_a_restart_ends_and_says_so(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev")) as shop:
        async with shop.supervisor() as supervisor:
            posted = await supervisor.dispatch("dev", "100 seconds", thread_id="t1")
            await settled()
            await supervisor.crash()
        shop.has_lost_backends = True
        async with shop.supervisor() as supervisor:
            answer = await supervisor.chain(posted)
            assert "there is no backend 'scripted' any more, so its answer could not be read" in (answer.body or "")
            assert (await supervisor.transcript("t1")).executions[0].status == "failed"
