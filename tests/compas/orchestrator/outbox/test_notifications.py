"""Notifications in a whole supervisor: of what, as one, not in quiet hours, and what becomes of them in a crash."""

import logging

import msgspec
import pytest
import trio
from trio.testing import MockClock

from compas.domain import events as e
from compas.domain.outbox.specs import DEFAULT_NOTICES, NotificationSpec, QuietSpec
from compas.domain.specs import HandoffSpec
from tests.kit.orchestrator.actor_workshop import BEGAN, Supervisor, Workshop, agent, open_workshop
from tests.kit.orchestrator.told import all_told, told
from tests.kit.orchestrator.troupe import Turn

ALL = NotificationSpec(kinds=(*DEFAULT_NOTICES, "done", "schedule"), via="command", command="say")
NEEDED = msgspec.structs.replace(ALL, kinds=("needs_you",))
DEV = agent("dev", workspace="worktree")
MINUTE_NOW = int(BEGAN % 86_400 // 60)


async def approve(turn: Turn) -> None:
    await turn.reply("fine.\nVERDICT: approve")


async def write_file(turn: Turn) -> None:
    turn.commit("work", **{turn.spec.env["COMPAS_THREAD"]: "work\n"})
    await turn.reply("done")


async def overloaded(turn: Turn) -> None:
    await turn.fail("overloaded", "agent_error")


def shown(shop: Workshop) -> list[tuple[object, object]]:
    return [(one["title"], one["body"]) for one in told(shop, "say")]


async def dispatched(supervisor: Supervisor, *threads: str, to: str = "dev") -> None:
    for thread in threads:
        await supervisor.chain(await supervisor.dispatch(to, f"work of {thread}", thread_id=thread))


async def ends(shop: Workshop) -> list[e.NotificationEnded]:
    return [event for event in await shop.events() if isinstance(event, e.NotificationEnded)]


async def test_a_thread_that_waits_for_its_operator_is_told_with_what_to_do(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV, notifications=NEEDED) as shop, shop.supervisor() as supervisor:
        shop.programs.has("say")
        shop.plays("dev", write_file)
        await dispatched(supervisor, "t1")
        await trio.sleep(6)
        ((title, body),) = shown(shop)
        assert title == "compas: dev needs you: work of t1"
        assert body == "compas diff t1, then compas merge t1, or dispatch again"
        (run,) = shop.programs.runs
        assert run.args[-2:] == (title, body)


async def test_a_chain_is_told_once_at_its_end(autojump_clock: MockClock) -> None:
    dev = agent("dev", to="rev", workspace="worktree")
    async with open_workshop(dev, agent("rev"), notifications=NEEDED) as shop, shop.supervisor() as supervisor:
        shop.programs.has("say")
        shop.plays("dev", write_file)
        shop.plays("rev", approve)
        await dispatched(supervisor, "t1")
        await trio.sleep(60)
        ((title, body),) = shown(shop)
        assert title == "compas: rev needs you: work of t1"
        assert str(body).startswith("approved · ")


async def test_a_fan_out_is_told_when_its_answers_are_joined(autojump_clock: MockClock) -> None:
    lead = HandoffSpec(targets=("a", "b"), join="lead", max_chain_depth=3)
    agents = (agent("dev", handoff=lead), agent("a"), agent("b"), agent("lead"))
    async with open_workshop(*agents, notifications=NEEDED) as shop, shop.supervisor() as supervisor:
        shop.programs.has("say")
        await dispatched(supervisor, "t1")
        await trio.sleep(60)
        assert [title for title, _ in shown(shop)] == ["compas: lead needs you: work of t1"]


async def test_several_at_once_are_one_notification(autojump_clock: MockClock) -> None:
    async with open_workshop(notifications=NEEDED) as shop, shop.supervisor() as supervisor:
        shop.programs.has("say")
        for number in range(4):
            await supervisor.dispatch("dev", f"{number}", thread_id=f"t{number}")
        await shop.wait_settled(supervisor)
        await trio.sleep(6)
        ((title, body),) = shown(shop)
        assert title == "compas: 4 threads need you"
        assert body == " · ".join(f"dev needs you: {number}" for number in range(4))
        assert [len(one.about) for one in await ends(shop)] == [4]


async def test_failures_merges_and_successes_are_told_as_what_they_are(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV, notifications=ALL) as shop, shop.supervisor() as supervisor:
        shop.programs.has("say")
        shop.plays("dev", write_file)
        await dispatched(supervisor, "t1")
        await trio.sleep(10)
        await supervisor.wait_merge((await supervisor.merge("t1")).op_id)
        await trio.sleep(10)
        shop.plays("dev", overloaded)
        await dispatched(supervisor, "t2")
        await trio.sleep(10)
        (_, merged, failed) = shown(shop)
        assert merged[0] == "compas: merged: work of t1"
        assert str(merged[1]).endswith("compas close t1")
        assert failed == ("compas: dev failed: work of t2", "overloaded · compas why t2")


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({"agents": ("dev",)}, 1),
        ({"agents": ("rev",)}, 0),
        ({"batches": ("night",)}, 1),
        ({"batches": ("day",)}, 0),
        ({"kinds": ("failed",)}, 0),
    ],
)
async def test_only_what_is_wanted_is_told(
    autojump_clock: MockClock, changes: dict[str, tuple[str, ...]], count: int
) -> None:
    spec = msgspec.structs.replace(NEEDED, **changes)  # type: ignore[arg-type]
    async with open_workshop(notifications=spec) as shop, shop.supervisor() as supervisor:
        shop.programs.has("say")
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1", batch="night"))
        await trio.sleep(10)
        assert len(shown(shop)) == count


# --- quiet hours -----------------------------------------------------------------------------------------------------


def quiet_for(minutes: int) -> NotificationSpec:
    quiet = QuietSpec(begins=MINUTE_NOW, ends=(MINUTE_NOW + minutes) % 1440, timezone="UTC")
    return msgspec.structs.replace(NEEDED, quiet=quiet)


async def test_quiet_hours_hold_everything_and_end_with_one_summary(autojump_clock: MockClock) -> None:
    async with open_workshop(notifications=quiet_for(60)) as shop:
        shop.programs.has("say")
        async with shop.supervisor() as supervisor:
            await dispatched(supervisor, "t1", "t2", "t3")
            await trio.sleep(1000)
            assert shown(shop) == []
            await supervisor.stop("drain")
            await supervisor.end()
        async with shop.supervisor() as supervisor:
            await dispatched(supervisor, "t4")
            await supervisor.close("t2")
            await trio.sleep(3600)
        ((title, body),) = shown(shop)
        assert title == "compas: 3 threads need you"
        assert "work of t2" not in str(body), "somebody saw to it meanwhile"
        assert [(one.outcome, len(one.about)) for one in await ends(shop)] == [("dropped", 1), ("shown", 3)]


async def test_a_changed_config_ends_quiet_hours_at_once(autojump_clock: MockClock) -> None:
    async with open_workshop(notifications=quiet_for(600)) as shop:
        shop.programs.has("say")
        async with shop.supervisor() as supervisor:
            await dispatched(supervisor, "t1")
            await trio.sleep(100)
            supervisor.config_file.save(msgspec.structs.replace(shop.config, notifications=NEEDED))
            await supervisor.reload()
            await trio.sleep(1)
            assert len(shown(shop)) == 1


# --- crashes and failures --------------------------------------------------------------------------------------------


async def test_what_was_not_shown_before_a_crash_is_shown_after_it_and_nothing_twice(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(notifications=NEEDED) as shop:
        shop.programs.has("say")
        async with shop.supervisor() as supervisor:
            await dispatched(supervisor, "t1")
            await trio.sleep(10)
            await dispatched(supervisor, "t2")
            await trio.sleep(1)
            await supervisor.crash()
        async with shop.supervisor() as supervisor:
            await all_told(supervisor)
        assert [title for title, _ in shown(shop)] == [
            "compas: dev needs you: work of t1",
            "compas: dev needs you: work of t2",
        ]


async def test_notifications_that_are_switched_on_tell_nothing_from_before(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop:
        shop.programs.has("say")
        async with shop.supervisor() as supervisor:
            await dispatched(supervisor, "t1")
            supervisor.config_file.save(msgspec.structs.replace(shop.config, notifications=NEEDED))
            await supervisor.reload()
            await trio.sleep(10)
            assert shown(shop) == []
            await dispatched(supervisor, "t2")
            await trio.sleep(10)
            assert len(shown(shop)) == 1


# proves: c-config-dashboard 74
async def test_a_machine_without_a_notifier_is_told_of_once(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    spec = msgspec.structs.replace(NEEDED, via="notify-send", command=None)
    async with open_workshop(notifications=spec) as shop, shop.supervisor() as supervisor:
        with caplog.at_level(logging.WARNING, "compas.notifications"):
            for number in range(5):
                await dispatched(supervisor, f"t{number}")
                await trio.sleep(10)
        (record,) = [one for one in caplog.records if one.name == "compas.notifications"]
        assert "notify-send was not found on PATH; install notify-send" in record.getMessage()
        assert {one.outcome for one in await ends(shop)} == {"failed"}


# proves: c-config-dashboard 73
async def test_a_hostile_title_is_shown_as_it_is_and_controls_nothing(autojump_clock: MockClock) -> None:
    async with open_workshop(notifications=NEEDED) as shop, shop.supervisor() as supervisor:
        shop.programs.has("say")
        title = 'say "hi" \\ $(x)\n🎉 \x1b]0;x\x07'
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1", summary=title))
        await trio.sleep(10)
        ((found, _),) = shown(shop)
        assert str(found).startswith('compas: dev needs you: say "hi" \\ $(x) 🎉')
        assert str(found).isprintable()


async def test_terminals_are_told_by_the_log(autojump_clock: MockClock) -> None:
    spec = msgspec.structs.replace(NEEDED, via="bell", command=None)
    async with open_workshop(notifications=spec) as shop, shop.supervisor() as supervisor:
        await dispatched(supervisor, "t1")
        await trio.sleep(10)
        assert [(one.outcome, one.via) for one in await ends(shop)] == [("shown", "bell")]
        assert shop.programs.runs == []
