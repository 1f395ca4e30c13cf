"""Hooks in a whole supervisor: when they run, what they are told, in which order, and that they hold nothing up."""

import logging
import math

import msgspec
import pytest
import trio
from trio.testing import MockClock

from compas.api.dispatch import DISPATCH
from compas.api.lifecycle import CLOSE, REOPEN
from compas.api.waiting import WAIT
from compas.domain import events as e
from compas.domain.outbox.points import POINTS
from compas.domain.specs import BreakerSpec
from compas.orchestrator.process.shutdown import watch_idleness
from compas.orchestrator.services import OUTBOX
from compas.runner.program import Program
from tests.kit.orchestrator.actor_workshop import Supervisor, Workshop, agent, open_workshop
from tests.kit.orchestrator.fake_programs import Act
from tests.kit.orchestrator.told import all_told, hook, hook_ends, told
from tests.kit.orchestrator.troupe import Turn

EVERY = tuple(hook(point) for point in POINTS)


async def write_file(turn: Turn) -> None:
    turn.commit("work", **{turn.spec.env["COMPAS_THREAD"]: "work\n"})
    await turn.reply("done")


async def overloaded(turn: Turn) -> None:
    await turn.fail("overloaded", "transient")


async def test_a_hook_is_told_of_an_execution_with_the_fields_of_the_original_and_more(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(hooks=EVERY) as shop, shop.supervisor() as supervisor:
        shop.programs.has("hook")
        posted = await supervisor.dispatch("dev", "2 seconds", thread_id="t1", batch="night", summary="wait a bit")
        answer = await supervisor.chain(posted)
        await all_told(supervisor)
        started, completed = told(shop)
        assert [started["event"], completed["event"]] == ["execution_started", "execution_completed"]
        execution = answer.chain[0].execution_id
        expected = {
            "thread_id": "t1",
            "thread": "t1",
            "thread_summary": "wait a bit",
            "title": "wait a bit",
            "batch": "night",
            "agent": "dev",
            "agent_alias": "dev",
            "execution": execution,
            "execution_id": execution,
            "attempt": 1,
        }
        assert started.items() >= (expected | {"status": "executing"}).items()
        over = {"success": True, "final": True, "status": "completed", "category": None, "error": None}
        assert completed.items() >= (expected | over).items()
        assert completed["duration_ms"] == 2000
        assert completed["reply"] == "dev did: 2 seconds"
        assert completed["timestamp"].startswith("2023-11-14T22:13:2")
        (event,) = [one for one in await shop.stream("t1") if isinstance(one.event, e.ExecutionEnded)]
        assert completed["position"] == event.position
        assert completed["key"] == f"on_execution_completed:execution_completed:{event.position}"


async def test_a_hook_sees_whom_it_is_about_and_none_of_what_makes_an_agent(autojump_clock: MockClock) -> None:
    async with open_workshop(hooks=(hook("on_execution_completed", env={"CHANNEL": "x"}),)) as shop:
        shop.programs.has("hook")
        async with shop.supervisor() as supervisor:
            await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
            await all_told(supervisor)
        (run,) = shop.programs.runs
        assert run.cwd == shop.config.default_workdir
        assert (
            dict(run.env).items()
            >= {
                "PATH": "/bin",
                "CHANNEL": "x",
                "COMPAS_CONFIG": "/config.yaml",
                "COMPAS_EVENT": "execution_completed",
                "COMPAS_THREAD_ID": "t1",
                "COMPAS_AGENT": "dev",
                "COMPAS_STATUS": "completed",
            }.items()
        )
        assert "COMPAS_EXECUTION" not in run.env


# proves: c-config-dashboard 70
@pytest.mark.parametrize("status", ["Completed", "Failed"])
async def test_a_thread_that_a_client_closes_runs_the_hook_for_closed_threads(
    autojump_clock: MockClock, status: str
) -> None:
    async with open_workshop(hooks=(hook("on_thread_closed"), hook("on_thread_failed"))) as shop:
        shop.programs.has("hook")
        async with shop.supervisor() as supervisor:
            await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
            await supervisor.close("t1", status.lower())
            await all_told(supervisor)
        (closed,) = told(shop)
        assert (closed["event"], closed["new_status"], closed["by"]) == ("thread_closed", status, "operator")


async def test_only_true_transitions_run_hooks(autojump_clock: MockClock) -> None:
    async with open_workshop(hooks=EVERY) as shop:
        shop.programs.has("hook")
        async with shop.supervisor() as supervisor:
            posted = await supervisor.dispatch("dev", "work", thread_id="t1", request_id="r1")
            await supervisor.chain(posted)
            await supervisor.dispatch("dev", "work", thread_id="t1", request_id="r1")
            await supervisor.close("t1")
            await supervisor.close("t1")
            await supervisor.ask(REOPEN, thread_id="t1")
            await supervisor.abandon("t1")
            await all_told(supervisor)
        assert [one["event"] for one in told(shop)] == [
            "execution_started",
            "execution_completed",
            "thread_closed",
            "thread_abandoned",
        ]


# proves: c-config-dashboard 71
async def test_every_attempt_is_told_with_its_number_and_whether_it_was_the_last(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev", max_retries=1), hooks=EVERY) as shop:
        shop.programs.has("hook")
        shop.plays("dev", overloaded)
        async with shop.supervisor() as supervisor:
            await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
            await all_told(supervisor)
        seen = [(one["event"], one.get("attempt"), one.get("final")) for one in told(shop)]
        assert seen == [
            ("execution_started", 1, None),
            ("execution_completed", 1, False),
            ("execution_retrying", 2, None),
            ("execution_started", 2, None),
            ("execution_completed", 2, True),
            ("thread_failed", 2, None),
        ]
        ended, retrying, failed = told(shop)[1], told(shop)[2], told(shop)[5]
        assert (ended["success"], ended["error"], ended["category"]) == (False, "overloaded", "transient")
        assert (retrying["reason"], retrying["not_before"] is not None) == ("retry", True)
        assert (failed["new_status"], failed["error"]) == ("Failed", "overloaded")


async def test_merges_verdicts_breakers_and_the_supervisor_are_told(autojump_clock: MockClock) -> None:
    breaker = BreakerSpec(failure_threshold=1, cooldown_secs=60)
    dev = agent("dev", workspace="worktree")
    async with open_workshop(dev, hooks=EVERY, circuit_breaker=breaker) as shop:
        shop.programs.has("hook")
        shop.plays("dev", write_file)
        async with shop.supervisor() as supervisor:
            await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
            merged = await supervisor.wait_merge((await supervisor.merge("t1")).op_id)
            assert merged.status == "completed"
            shop.plays("dev", overloaded)
            await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t2"))
            await trio.sleep(1)
            await supervisor.stop("drain")
            await supervisor.end()
        by_event = {one["event"]: one for one in told(shop)}
        completed = by_event["merge_completed"]
        assert (completed["thread"], completed["agent"], completed["target"]) == ("t1", "dev", "main")
        assert completed["commit"] == shop.repo.tips["main"]
        opened = by_event["breaker"]
        assert (opened["backend"], opened["state"], opened["failures"]) == ("scripted", "open", 1)
        assert by_event["supervisor_stopping"]["mode"] == "drained"
        kinds = [type(event) for event in await shop.events()]
        assert kinds.index(e.SupervisorStopping) < len(kinds) - 1 == kinds.index(e.SupervisorStopped)


# proves: c-config-dashboard 69
async def test_the_hooks_of_one_event_run_in_order_whatever_becomes_of_the_first(autojump_clock: MockClock) -> None:
    names = ("first", "second", "third")
    hooks = tuple(hook("on_thread_closed", name, name=name) for name in names)
    async with open_workshop(hooks=hooks) as shop:
        shop.programs.has("first", code=1, secs=5)
        shop.programs.has("third")
        async with shop.supervisor() as supervisor:
            await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
            await supervisor.close("t1")
            await all_told(supervisor)
        ends = await hook_ends(shop)
        assert [(one.subscriber.partition(":")[2], one.outcome) for one in ends] == [
            ("first", "failed"),
            ("second", "not_started"),
            ("third", "succeeded"),
        ]
        assert "no program second was found" in ends[1].problem


async def test_the_hooks_of_a_thread_run_in_the_order_of_its_events(autojump_clock: MockClock) -> None:
    async with open_workshop(hooks=EVERY) as shop:
        shop.programs.has("hook", secs=7)
        async with shop.supervisor() as supervisor:
            for number in range(3):
                await supervisor.dispatch("dev", "work", thread_id=f"t{number}")
            await shop.wait_settled(supervisor)
            await all_told(supervisor)
        for number in range(3):
            of_thread = [one["event"] for one in told(shop) if one["thread"] == f"t{number}"]
            assert of_thread == ["execution_started", "execution_completed"]
        assert 1 < shop.programs.most_at_once <= 4


@pytest.mark.parametrize(
    ("filters", "runs"),
    [
        ({"success": "true"}, 1),
        ({"success": "false"}, 0),
        ({"agent": "dev", "batch": "night", "attempt": "1"}, 1),
        ({"agent": "rev"}, 0),
        ({"category": "null"}, 1),
        ({"no_such_field": "null"}, 0),
        ({}, 1),
    ],
)
# proves: c-config-dashboard 68
async def test_a_filter_lets_through_what_has_these_texts(
    autojump_clock: MockClock, filters: dict[str, str], runs: int
) -> None:
    async with open_workshop(hooks=(hook("on_execution_completed", filter=filters),)) as shop:
        shop.programs.has("hook")
        async with shop.supervisor() as supervisor:
            await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1", batch="night"))
            await all_told(supervisor)
        assert len(told(shop)) == runs


async def test_hooks_that_hang_never_delay_work(autojump_clock: MockClock) -> None:
    async with open_workshop(hooks=(hook("on_execution_started", timeout_secs=600),)) as shop:
        shop.programs.has("hook", secs=math.inf)
        async with shop.supervisor() as supervisor:
            for number in range(100):
                answer = await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id=f"t{number}"))
                assert answer.found
            assert await hook_ends(shop) == [], "everything was dispatched and answered before the first hook ended"
            assert len(shop.programs.runs) == 4
            await supervisor.crash()


# proves: c-config-dashboard 64
async def test_a_failing_hook_is_logged_with_status_and_output_and_not_every_time(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_workshop(hooks=(hook("on_execution_completed"),)) as shop:
        shop.programs.has("hook", code=3, prints="could not reach\nchat.example.org\n")
        async with shop.supervisor() as supervisor:
            with caplog.at_level(logging.WARNING, "compas.hooks"):
                for number in range(9):
                    await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id=f"t{number}"))
                    await all_told(supervisor)
        assert [record.getMessage() for record in caplog.records if record.name == "compas.hooks"] == [
            "hook execution_completed failed with status 3; it printed: could not reach\nchat.example.org",
            *(
                "hook execution_completed failed with status 3; it printed: could not reach\nchat.example.org, "
                f"the last {count} times in a row"
                for count in (2, 4, 8)
            ),
        ]
        ends = await hook_ends(shop)
        assert {(one.outcome, one.exit_code, one.output) for one in ends} == {
            ("failed", 3, "could not reach\nchat.example.org\n")
        }


async def chatter(turn: Turn) -> None:
    for number in range(1000):
        await turn.say(f"step {number}")
    await turn.reply("done")


# proves: c-config-dashboard 72
async def test_a_burst_of_progress_and_of_executions_loses_no_hook(autojump_clock: MockClock) -> None:
    async with open_workshop(hooks=(hook("on_execution_completed"),)) as shop:
        shop.programs.has("hook", secs=1)
        shop.plays("dev", chatter)
        async with shop.supervisor() as supervisor:
            for number in range(40):
                await supervisor.dispatch("dev", "work", thread_id=f"t{number}")
            await shop.wait_settled(supervisor)
            await all_told(supervisor)
        assert sorted(one["thread"] for one in told(shop)) == sorted(f"t{number}" for number in range(40))


def reconfigured(shop: Workshop, **changes: object) -> None:
    shop.config = msgspec.structs.replace(shop.config, **changes)  # type: ignore[arg-type]


async def save(supervisor: Supervisor, shop: Workshop) -> None:
    """Let the config file have what the workshop has, and take it up."""
    supervisor.config_file.save(shop.config)
    await supervisor.reload()


async def test_a_hook_that_is_added_hears_of_nothing_that_was_before(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop:
        shop.programs.has("hook")
        async with shop.supervisor() as supervisor:
            await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        reconfigured(shop, hooks=(hook("on_execution_completed"),))
        async with shop.supervisor() as supervisor:
            await all_told(supervisor)
            assert told(shop) == []
            await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t2"))
            reconfigured(shop, hooks=(*shop.config.hooks, hook("on_execution_completed", name="other")))
            await save(supervisor, shop)
            await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t3"))
            await all_told(supervisor)
        assert [(one["thread"], one["hook"]) for one in told(shop)] == [
            ("t2", "execution_completed"),
            ("t3", "execution_completed"),
            ("t3", "other"),
        ]


async def test_a_hook_that_is_removed_is_not_run_any_more_and_a_changed_one_runs_as_it_is_now(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(hooks=(hook("on_execution_completed"), hook("on_thread_closed"))) as shop:
        shop.programs.has("hook", secs=30)
        shop.programs.has("new")
        async with shop.supervisor() as supervisor:
            await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
            await supervisor.close("t1")
            reconfigured(shop, hooks=(hook("on_thread_closed", "new"),))
            await save(supervisor, shop)
            await all_told(supervisor)
            assert [(run.command, run.env["COMPAS_EVENT"]) for run in shop.programs.runs] == [
                ("hook", "execution_completed"),
                ("new", "thread_closed"),
            ]
            await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
            await all_told(supervisor)
        assert len(shop.programs.runs) == 2


async def test_a_restart_runs_nothing_again_and_loses_nothing(autojump_clock: MockClock) -> None:
    async with open_workshop(hooks=(hook("on_execution_completed"),)) as shop:
        shop.programs.has("hook")
        for number in range(3):
            async with shop.supervisor() as supervisor:
                await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id=f"t{number}"))
                await supervisor.stop("drain")
                await supervisor.end()
        assert [one["thread"] for one in told(shop)] == ["t0", "t1", "t2"]


async def test_what_a_crash_interrupted_is_run_again_under_the_same_key(autojump_clock: MockClock) -> None:
    async with open_workshop(hooks=(hook("on_execution_completed"),)) as shop:
        shop.programs.has("hook", secs=5)
        async with shop.supervisor() as supervisor:
            await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
            await trio.sleep(1)
            assert len(told(shop)) == 1
            await supervisor.crash()
        async with shop.supervisor() as supervisor:
            await all_told(supervisor)
        first, second = told(shop)
        assert first["key"] == second["key"]
        assert [one.outcome for one in await hook_ends(shop)] == ["succeeded"]


@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", [e.TellingDue, e.HookEnded, e.ExecutionEnded, e.ThreadClosed, e.SubscribersChanged])
@pytest.mark.parametrize("victim", ["outbox", "journal", "root"])
async def test_whoever_is_killed_at_whatever_event_every_hook_runs_and_none_again_after_its_success(
    autojump_clock: MockClock, kind: type[e.Event], victim: str
) -> None:
    async with open_workshop(hooks=(hook("on_execution_completed"), hook("on_thread_closed"))) as shop:
        shop.programs.has("hook")
        succeeded: list[str] = []
        async with shop.supervisor() as supervisor:
            left = [True]

            def strike(recorded: e.Recorded) -> None:
                if left:
                    left.clear()
                    found = supervisor.system.root if victim == "root" else supervisor.system.registry.find(victim)
                    if found is not None:
                        found.kill()

            async with supervisor.when(kind, strike):
                with trio.move_on_after(600):
                    await supervisor.insist(DISPATCH, "r1", to="dev", body="work", thread_id="t1")
                    await supervisor.insist(WAIT, thread_id="t1", await_chain=True, timeout_secs=500)
                    await supervisor.insist(CLOSE, "r2", thread_id="t1", status="completed")
                    await all_told(supervisor)
        async with shop.supervisor() as supervisor:
            with trio.move_on_after(600):
                await supervisor.wait("t1", await_chain=True)
            await supervisor.insist(CLOSE, "r2", thread_id="t1", status="completed")
            await all_told(supervisor)
            succeeded += [f"{one.subscriber}:{one.about}" for one in await hook_ends(shop)]
        assert sorted({one["event"] for one in told(shop)}) == ["execution_completed", "thread_closed"]
        assert len(succeeded) == len(set(succeeded)) == 2
        keys = [one["key"] for one in told(shop)]
        assert set(keys) == set(succeeded)
        assert len(keys) <= 3, "at most what was interrupted ran again"
        before, after = await shop.tables_and_rebuilt_tables()
        assert before == after


async def test_a_full_disk_holds_hooks_back_and_loses_none(autojump_clock: MockClock) -> None:
    async with open_workshop(hooks=(hook("on_execution_completed"),)) as shop:
        shop.programs.has("hook", secs=5)
        async with shop.supervisor() as supervisor:
            await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
            await trio.sleep(1)
            shop.disk.is_full = True
            await trio.sleep(30)
            shop.disk.is_full = False
            await all_told(supervisor)
        assert [one.outcome for one in await hook_ends(shop)] == ["succeeded"]
        assert len(told(shop)) == 1


# --- the end ---------------------------------------------------------------------------------------------------------


async def test_a_supervisor_that_stops_waits_for_its_hooks_but_not_for_ever(autojump_clock: MockClock) -> None:
    stopping = hook("on_supervisor_stopping", timeout_secs=3000)
    async with open_workshop(hooks=(stopping,)) as shop:
        shop.programs.has("hook", secs=3)
        async with shop.supervisor() as supervisor:
            await supervisor.stop("drain")
            await supervisor.end()
            assert trio.current_time() == 3
        shop.programs.has("hook", secs=math.inf)
        began = trio.current_time()
        async with shop.supervisor() as supervisor:
            await supervisor.stop("drain")
            await supervisor.end()
            assert trio.current_time() - began == 15
        async with shop.supervisor() as supervisor:
            await all_told(supervisor)
        assert [one.outcome for one in await hook_ends(shop)] == ["succeeded", "expired"]
        assert len(shop.programs.runs) == 2


async def test_a_more_urgent_word_ends_the_wait_for_hooks(autojump_clock: MockClock) -> None:
    async with open_workshop(hooks=(hook("on_supervisor_stopping", timeout_secs=3000),)) as shop:
        shop.programs.has("hook", secs=math.inf)
        async with shop.supervisor() as supervisor, trio.open_nursery() as nursery:
            await supervisor.stop("drain")
            nursery.start_soon(supervisor.end)
            await trio.sleep(2)
            await supervisor.stop("detach")
        assert trio.current_time() == 2


async def test_nobody_ends_for_idleness_while_somebody_is_to_be_told(autojump_clock: MockClock) -> None:
    async with open_workshop(hooks=(hook("on_thread_closed", timeout_secs=3000),)) as shop:
        shop.programs.has("hook", secs=1000)
        async with shop.supervisor() as supervisor, trio.open_nursery() as nursery:
            await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
            await supervisor.close("t1")
            nursery.start_soon(watch_idleness, supervisor.context, supervisor.activity, supervisor.ending, 300.0)
            await supervisor.ending.wait_wished()
            assert trio.current_time() == 1300


async def test_a_defect_of_ours_is_the_outcome_and_nobody_elses_trouble(autojump_clock: MockClock) -> None:
    def broken(program: Program) -> Act:
        raise ZeroDivisionError("on purpose")

    hooks = (hook("on_execution_completed", "broken"), hook("on_execution_completed", name="other"))
    async with open_workshop(hooks=hooks) as shop, shop.supervisor() as supervisor:
        shop.programs.plays("broken", broken)
        shop.programs.has("hook")
        for number in range(20):
            await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id=f"t{number}"))
        await all_told(supervisor)
        first, second = (await hook_ends(shop))[:2]
        assert (first.outcome, "ZeroDivisionError: on purpose" in first.problem) == ("not_started", True)
        assert second.outcome == "succeeded"
        assert len(told(shop)) == 20


async def test_without_hooks_nothing_is_recorded_and_nothing_delays_the_end(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        await supervisor.stop("drain")
        began = trio.current_time()
        await supervisor.end()
        assert trio.current_time() == began
        assert not [event for event in await shop.events() if isinstance(event, e.OutboxEvent)]
        assert supervisor.system.registry.find(OUTBOX) is not None
