"""What `hooks` and `hook_test` answer, and where else a failing hook is told of."""

import json

import msgspec
import pytest
import trio
from trio.testing import MockClock

from actors.remote.errors import RequestFailed
from compas.api.diagnosis import WHY
from compas.api.hooks import HOOK_TEST, HOOKS
from compas.api.supervision import HEALTH
from compas.domain.outbox.points import ALWAYS, FIELDS, POINTS
from compas.domain.outbox.specs import NotificationSpec, QuietSpec
from tests.kit.orchestrator.actor_workshop import BEGAN, open_workshop
from tests.kit.orchestrator.told import all_told, hook, hook_ends, told
from tests.kit.orchestrator.troupe import Turn

CLOSED = hook("on_thread_closed", args=("-v",), filter={"batch": "night"}, timeout_secs=20)


async def test_hooks_are_listed_with_their_last_runs(autojump_clock: MockClock) -> None:
    async with open_workshop(hooks=(hook("on_execution_completed"), CLOSED)) as shop, shop.supervisor() as supervisor:
        shop.programs.has("hook", code=3, prints="no route\n", secs=1.5)
        for thread in ("t1", "t2"):
            await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id=thread))
            await all_told(supervisor)
        completed, closed = (await supervisor.ask(HOOKS)).hooks
        assert (closed.name, closed.point, closed.command, closed.args) == (
            "thread_closed",
            "on_thread_closed",
            "hook",
            ("-v",),
        )
        assert (closed.filter, closed.timeout_secs, closed.runs, closed.failures) == ({"batch": "night"}, 20, (), 0)
        assert (completed.failures, completed.waiting) == (2, 0)
        newest = completed.runs[0]
        assert (newest.outcome, newest.exit_code, newest.output, newest.seconds) == ("failed", 3, "no route\n", 1.5)
        assert [run.thread_id for run in completed.runs] == ["t2", "t1"]
        only = await supervisor.ask(HOOKS, hook="execution_completed", runs=1)
        assert ([one.name for one in only.hooks], len(only.hooks[0].runs)) == (["execution_completed"], 1)


async def test_secrets_in_arguments_are_not_listed(autojump_clock: MockClock) -> None:
    secret = "ghp_" + "a" * 36
    told_to = hook("on_thread_closed", args=(f"--token={secret}",), env={"TOKEN": secret})
    async with open_workshop(hooks=(told_to,)) as shop, shop.supervisor() as supervisor:
        shop.programs.has("hook")
        assert secret not in str(await supervisor.ask(HOOKS))


async def test_what_waits_for_a_hook_is_counted(autojump_clock: MockClock) -> None:
    async with open_workshop(hooks=(hook("on_execution_completed"),)) as shop, shop.supervisor() as supervisor:
        shop.programs.has("hook", secs=9)
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        await trio.sleep(1)
        assert (await supervisor.ask(HOOKS)).hooks[0].waiting == 1


async def test_a_hook_that_nobody_knows_is_refused_with_those_there_are(autojump_clock: MockClock) -> None:
    async with open_workshop(hooks=(CLOSED,)) as shop, shop.supervisor() as supervisor:
        for operation in (HOOKS, HOOK_TEST):
            with pytest.raises(RequestFailed) as refused:
                await supervisor.ask(operation, hook="closed")
            assert (refused.value.code, "there are: thread_closed" in str(refused.value)) == ("no_such_hook", True)


async def test_without_any_nothing_is_listed(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        answer = await supervisor.ask(HOOKS)
        assert (answer.hooks, answer.notifications) == ((), None)


async def test_notifications_are_listed_with_what_is_wrong_and_what_is_held(autojump_clock: MockClock) -> None:
    minute = int(BEGAN % 86_400 // 60)
    spec = NotificationSpec(kinds=("needs_you",), via="command", command="say")
    async with open_workshop(notifications=spec) as shop, shop.supervisor() as supervisor:
        listed = (await supervisor.ask(HOOKS)).notifications
        assert listed is not None
        assert (listed.about, listed.problem) == (("needs_you",), "there is no program say to show them")
        shop.programs.has("say")
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        await trio.sleep(10)
        quiet = QuietSpec(begins=minute, ends=(minute + 60) % 1440, timezone="UTC")
        quietly = msgspec.structs.replace(spec, quiet=quiet)
        supervisor.config_file.save(msgspec.structs.replace(shop.config, notifications=quietly))
        await supervisor.reload()
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t2"))
        await trio.sleep(10)
        listed = (await supervisor.ask(HOOKS)).notifications
        assert listed is not None
        assert (listed.via, listed.problem, listed.waiting) == ("command", "", 1)
        assert listed.quiet_until is not None
        assert [one.title for one in listed.last] == ["compas: dev needs you: work"]


@pytest.mark.parametrize("point", POINTS)
async def test_every_hook_can_be_tried_with_a_sample(autojump_clock: MockClock, point: str) -> None:
    tried = hook(point)
    async with open_workshop(hooks=(tried,)) as shop, shop.supervisor() as supervisor:
        shop.programs.has("hook", prints="sent\n")
        answer = await supervisor.ask(HOOK_TEST, "r1", hook=tried.name)
        assert (answer.outcome, answer.output, answer.exit_code) == ("succeeded", "sent\n", 0)
        fields = json.loads(answer.told)
        assert tuple(fields) == (*ALWAYS, *FIELDS[tried.point])
        assert (answer.is_sample, fields["key"]) == (True, "test:r1")
        assert told(shop) == [fields]
        assert await supervisor.ask(HOOK_TEST, "r1", hook=tried.name) == answer, "a repeat runs nothing"
        assert len(told(shop)) == 1
        await all_told(supervisor)
        assert await hook_ends(shop) == []


async def test_a_hook_is_tried_with_the_newest_event_of_its_kind_whatever_its_filter_says(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(hooks=(CLOSED,)) as shop, shop.supervisor() as supervisor:
        shop.programs.has("hook", code=1)
        for thread in ("t1", "t2"):
            await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id=thread))
            await supervisor.close(thread)
        answer = await supervisor.ask(HOOK_TEST, hook="thread_closed")
        assert (answer.outcome, answer.is_sample, answer.is_let_through) == ("failed", False, False)
        assert json.loads(answer.told)["thread"] == "t2"
        older = await supervisor.ask(HOOK_TEST, hook="thread_closed", thread_id="t1")
        assert json.loads(older.told)["thread"] == "t1"
        await supervisor.dispatch("dev", "work", thread_id="t3", intent="note")
        for thread, code in (("t3", "no_such_event"), ("nobody", "unknown_thread")):
            with pytest.raises(RequestFailed) as refused:
                await supervisor.ask(HOOK_TEST, hook="thread_closed", thread_id=thread)
            assert refused.value.code == code


async def try_it(turn: Turn) -> None:
    await trio.sleep(100)
    await turn.reply("done")


async def test_agents_may_list_hooks_and_not_run_them(autojump_clock: MockClock) -> None:
    async with open_workshop(hooks=(CLOSED,)) as shop, shop.supervisor() as supervisor:
        shop.programs.has("hook")
        shop.plays("dev", try_it)
        await supervisor.dispatch("dev", "work", thread_id="t1")
        await trio.sleep(1)
        (turn,) = shop.troupe.turns
        async with supervisor.called_by(turn.spec) as agent:
            assert len((await agent.ask(HOOKS)).hooks) == 1
            with pytest.raises(RequestFailed) as refused:
                await agent.ask(HOOK_TEST, hook="thread_closed")
        assert refused.value.code == "not_for_agents"
        assert told(shop) == []


# proves: c-config-dashboard 64
async def test_a_failing_hook_is_told_in_health_and_in_the_story_of_its_thread(autojump_clock: MockClock) -> None:
    hooks = (hook("on_execution_completed"), hook("on_thread_closed", "gone"))
    async with open_workshop(hooks=hooks) as shop, shop.supervisor() as supervisor:
        shop.programs.has("hook", code=3, prints="no route\n")
        for thread in ("t1", "t2"):
            await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id=thread))
        await all_told(supervisor)
        assert (await supervisor.ask(HEALTH, is_brief=True)).warnings == (
            "the hook execution_completed has failed 2 times in a row; the last run failed with status 3; it printed: "
            "no route",
            "the hook thread_closed cannot be run: no program gone was found on PATH, or it is not executable",
        )
        causes = (await supervisor.ask(WHY, thread_id="t1")).causes
        assert causes[-1].what == "the hook execution_completed failed with status 3; it printed: no route"
        assert causes[-1].because.startswith("told of event ")
        shop.programs.has("hook")
        shop.programs.has("gone")
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t3"))
        await all_told(supervisor)
        assert (await supervisor.ask(HEALTH, is_brief=True)).warnings == ()
