"""Old things go by themselves and by word, what is needed stays, and nobody looks again and again."""

import msgspec
import trio
from msgspec import structs
from trio.testing import MockClock

from compas.api.history import LOG, LogRequest, LogResponse
from compas.api.retention import PRUNE, PruneResponse
from compas.domain import events as e
from compas.domain.retention import ANSWERS_KEPT_SECS, LEAST_APART_SECS
from compas.domain.specs import RetentionSpec
from tests.kit.orchestrator.actor_workshop import REPO, Supervisor, Workshop, agent, open_workshop
from tests.kit.orchestrator.troupe import Turn

DAY = 86_400.0
QUICK = RetentionSpec(log_count=0, executions=2 * LEAST_APART_SECS, snapshots=2 * LEAST_APART_SECS)
DEV = agent("dev", workspace="worktree")


async def prune(supervisor: Supervisor, *, yes: bool = False) -> dict[str, tuple[int, int, int]]:
    """Return, by kind, how many there are, how many are due, and how many went."""
    found: PruneResponse = await supervisor.ask(PRUNE, yes=yes)
    return {one.kind: (one.there, one.due, one.removed) for one in found.gathered}


async def names(shop: Workshop) -> set[str]:
    return set(await shop.runners.records())


async def ended(shop: Workshop, thread: str) -> list[str]:
    return [one.execution for one in await shop.events(thread) if isinstance(one, e.ExecutionEnded)]


async def test_files_go_after_their_time_and_those_of_what_runs_stay(autojump_clock: MockClock) -> None:
    settings = {"retention": QUICK, "limit_secs": 9 * DAY}
    async with open_workshop(agent("dev", timeout_secs=8 * 86_400), **settings) as shop, shop.supervisor() as one:
        await one.chain(await one.dispatch("dev", "first", thread_id="t1"))
        await one.dispatch("dev", f"{5 * 86_400} seconds", thread_id="t2")
        await trio.sleep(LEAST_APART_SECS)
        assert len(await names(shop)) == 2
        await trio.sleep(3 * LEAST_APART_SECS)
        (running,) = await names(shop)
        assert running not in await ended(shop, "t1")
        await one.wait("t2", timeout=8 * DAY)
        await trio.sleep(4 * LEAST_APART_SECS)
        assert await names(shop) == set()


async def test_files_stay_while_their_log_is_promised(autojump_clock: MockClock) -> None:
    keep = structs.replace(QUICK, log_count=1)
    async with open_workshop(retention=keep, limit_secs=9 * DAY) as shop, shop.supervisor() as supervisor:
        for number in range(3):
            await supervisor.chain(await supervisor.dispatch("dev", "task", thread_id=f"t{number}"))
        await trio.sleep(DAY)
        assert await names(shop) == set(await ended(shop, "t2"))


async def test_a_removed_log_is_told_of_with_its_time(autojump_clock: MockClock) -> None:
    async with open_workshop(retention=QUICK) as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "one", thread_id="t1"))
        await trio.sleep(1)
        removed = [one for one in await shop.events() if isinstance(one, e.LogsRemoved)]
        assert removed == [e.LogsRemoved(executions=tuple(await ended(shop, "t1")))]
        pieces: list[msgspec.Raw] = []
        asked = LogRequest(execution_id="t1")
        await supervisor.session.request(LOG.name, asked, LogResponse, on_push=pieces.append)
        assert b"removed by retention at 20" in bytes(pieces[0])
        assert b"UTC" in bytes(pieces[0])


async def test_snapshots_of_ended_threads_are_archived_and_those_of_open_ones_stay(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV, retention=QUICK, limit_secs=9 * DAY) as shop, shop.supervisor() as supervisor:
        for thread in ("closed", "open", "failed"):
            await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id=thread))
        await supervisor.close("closed")
        await supervisor.close("failed", "failed")
        await trio.sleep(LEAST_APART_SECS)
        assert set(shop.repo.snapshots) == {(await ended(shop, one))[0] for one in ("closed", "open", "failed")}
        await trio.sleep(4 * LEAST_APART_SECS)
        (closed,) = await ended(shop, "closed")
        assert set(shop.repo.snapshots) == {(await ended(shop, one))[0] for one in ("open", "failed")}
        archived = [one for one in await shop.events() if isinstance(one, e.SnapshotsArchived)]
        assert [one.executions for one in archived] == [(closed,)]
        await trio.sleep(DAY)
        assert shop.git.asked.count("ArchiveSnapshots") == 1, "what is done is not done again"


async def test_a_snapshot_stays_as_long_as_the_worktree(autojump_clock: MockClock) -> None:
    async def dev(turn: Turn) -> None:
        shop.repo.write(f"{REPO}/.compas-worktrees/t1", draft_txt="draft\n")
        await turn.reply("Done.")

    async with open_workshop(DEV, retention=QUICK, limit_secs=9 * DAY) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", dev)
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        await supervisor.abandon("t1")
        await trio.sleep(DAY)
        assert len(shop.repo.snapshots) == 1, "its worktree has changes, and stays"


async def test_a_worker_that_is_lost_before_it_is_logged_leaves_nothing_half(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV, retention=QUICK, limit_secs=9 * DAY) as shop:
        async with shop.supervisor() as supervisor:
            await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
            await supervisor.close("t1")
            shop.git.held["ArchiveSnapshots"] = [trio.Event()]
            await trio.sleep(4 * LEAST_APART_SECS)
            assert "ArchiveSnapshots" in shop.git.asked
            await supervisor.crash()
        shop.repo.snapshots.clear()  # as if git had done it in that moment
        async with shop.supervisor():
            await trio.sleep(10)
        archived = [one for one in await shop.events() if isinstance(one, e.SnapshotsArchived)]
        assert [one.executions for one in archived] == [tuple(await ended(shop, "t1"))]
        before, after = await shop.tables_and_rebuilt_tables()
        assert before == after


async def test_a_request_is_answered_as_before_until_its_time_is_over(autojump_clock: MockClock) -> None:
    async with open_workshop(limit_secs=9 * DAY) as shop, shop.supervisor() as supervisor:
        first = await supervisor.dispatch("dev", "one", request_id="mine", thread_id="t1")
        await supervisor.chain(first)
        await trio.sleep(ANSWERS_KEPT_SECS - 2 * LEAST_APART_SECS)
        again = await supervisor.dispatch("dev", "one", request_id="mine", thread_id="t1")
        assert (again.reference, again.execution_id) == (first.reference, first.execution_id)
        await trio.sleep(4 * LEAST_APART_SECS)
        assert (await prune(supervisor))["kept answers"] == (0, 0, 0)


async def test_to_look_changes_nothing_and_to_say_yes_does_it_once(autojump_clock: MockClock) -> None:
    keep = RetentionSpec(log_count=0, executions=0.0, snapshots=0.0)
    async with open_workshop(DEV, retention=keep, limit_secs=9 * DAY) as shop, shop.supervisor() as supervisor:
        await trio.sleep(1)
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        await supervisor.close("t1")
        await trio.sleep(1)
        expected = {"execution files": (1, 1, 0), "snapshot refs": (1, 1, 0), "kept answers": (2, 0, 0)}
        assert await prune(supervisor) == await prune(supervisor) == expected
        assert len(await names(shop)) == len(shop.repo.snapshots) == 1
        done = await supervisor.ask(PRUNE, "once", yes=True)
        assert [one.removed for one in done.gathered] == [1, 1, 0]
        assert (await names(shop), shop.repo.snapshots) == (set(), {})
        assert await supervisor.ask(PRUNE, "once", yes=True) == done


async def test_a_repository_that_git_refuses_is_told_of_and_keeps_nobody_from_the_rest(
    autojump_clock: MockClock,
) -> None:
    keep = RetentionSpec(log_count=0, executions=0.0, snapshots=0.0)
    async with open_workshop(DEV, retention=keep) as shop, shop.supervisor() as supervisor:
        await trio.sleep(1)
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        await supervisor.close("t1")
        await trio.sleep(1)
        shop.git.refused["ArchiveSnapshots"] = ["the disk is full"]
        done = await supervisor.ask(PRUNE, yes=True)
        assert ("the disk is full" in done.gathered[1].trouble, done.gathered[0].removed) == (True, 1)
        assert len(shop.repo.snapshots) == 1


async def test_nobody_looks_when_nothing_has_happened(autojump_clock: MockClock) -> None:
    async with open_workshop(limit_secs=90 * DAY) as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "one", thread_id="t1"))
        await trio.sleep(40 * DAY)
        before = shop.store.statistics().statements
        await trio.sleep(40 * DAY)
        assert shop.store.statistics().statements == before
