"""A target that an agent moves: merges into it are held until a person decides, and people's own moves never are."""

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.remote.errors import RequestFailed
from compas.api.diagnosis import DIAGNOSE, WHY
from compas.api.lifecycle import CLOSE, CloseMerge
from compas.api.merges import MERGE, MERGE_STATUS
from compas.api.reviews import APPROVE
from compas.api.waiting import WaitMergeResponse
from compas.domain import events as e
from tests.kit.orchestrator.actor_workshop import REPO, Supervisor, Workshop, agent, open_workshop
from tests.kit.orchestrator.troupe import Turn

DEV = agent("dev", workspace="worktree", max_concurrent=8)


async def commits(turn: Turn) -> None:
    """Commit a file that is named after the thread."""
    turn.commit(f"work of {turn.spec.env['COMPAS_THREAD']}", **{turn.spec.env["COMPAS_THREAD"]: "work\n"})
    await turn.reply("done")


async def moves_main(turn: Turn) -> None:
    """Commit, and put main there, as `git update-ref` does."""
    await commits(turn)
    turn.repo.tips["main"] = turn.repo.tips[turn.repo.checkouts[turn.spec.cwd].branch]


async def work_in(shop: Workshop, supervisor: Supervisor, *threads: str) -> None:
    """Have something to merge in each of these threads."""
    shop.plays("dev", commits)
    for thread in threads:
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id=thread))


async def merge(supervisor: Supervisor, thread: str, **fields: object) -> WaitMergeResponse:
    return await supervisor.wait_merge((await supervisor.merge(thread, **fields)).op_id)


async def refusal_of(supervisor: Supervisor, thread: str, **fields: object) -> RequestFailed:
    with pytest.raises(RequestFailed) as found:
        await supervisor.merge(thread, **fields)
    return found.value


async def seen(shop: Workshop) -> list[tuple[str, str]]:
    """Return what was noted of targets."""
    events = [one for one in await shop.events() if isinstance(one, e.TargetSeen | e.TargetHeld)]
    return [
        (one.how, one.commit) if isinstance(one, e.TargetSeen) else (f"held: {one.why}", one.found) for one in events
    ]


async def test_a_target_that_an_agent_has_put_on_its_own_work_is_held(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        old = shop.repo.tips["main"]
        await work_in(shop, supervisor, "t2")
        shop.plays("dev", moves_main)
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        now = shop.repo.tips["main"]
        for thread in ("t1", "t2"):
            found = await refusal_of(supervisor, thread)
            assert found.code == "target_moved"
            for text in (old[:12], now[:12], "thread t1", "work of t1", f"update-ref refs/heads/main {old} {now}"):
                assert text in found.message
            assert f"compas merge {thread} --target main --accept-target {now[:12]}" in found.message
            assert "The operator decides, nobody else" in found.message
        with pytest.raises(RequestFailed) as refused:
            await supervisor.ask(CLOSE, thread_id="t2", merge=CloseMerge())
        assert refused.value.code == "target_moved"
        assert await seen(shop) == [("held: thread_commits", now)], "noted once"
        assert shop.repo.tips["main"] == now


async def test_a_thread_whose_work_an_agent_put_into_a_held_target_is_not_completed_by_that(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        await work_in(shop, supervisor, "t1")
        shop.plays("dev", moves_main)
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t2"))
        await refusal_of(supervisor, "t1")
        with pytest.raises(RequestFailed, match="nothing is merged into main") as refused:
            await supervisor.ask(CLOSE, thread_id="t2")
        assert refused.value.code == "not_merged"
        await merge(supervisor, "t2", accept_target=shop.repo.tips["main"])
        assert (await supervisor.ask(CLOSE, thread_id="t2")).status == "Completed"


async def test_a_held_target_is_told_before_what_a_review_has_against_the_merge(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        await work_in(shop, supervisor, "t2")
        await supervisor.ask(APPROVE, thread_id="t2")
        shop.repo.commit("compas/t2", "one more thing", late_txt="late\n")
        assert (await refusal_of(supervisor, "t2")).code == "changed_since_the_approval"
        shop.plays("dev", moves_main)
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        assert (await refusal_of(supervisor, "t2")).code == "target_moved"
        now = shop.repo.tips["main"]
        assert (await refusal_of(supervisor, "t2", accept_target=now)).code == "changed_since_the_approval"
        assert [how for how, _ in await seen(shop)] == ["held: thread_commits"], "nothing was accepted by that"


async def test_a_held_target_is_shown_wherever_somebody_may_look(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", moves_main)
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        await refusal_of(supervisor, "t1")
        (held,) = (await supervisor.ask(MERGE_STATUS)).held
        assert "nothing is merged into main" in held
        assert any(
            "nothing is merged into main" in one for one in (await supervisor.ask(DIAGNOSE, thread_id="t1")).blockers
        )
        causes = [one.what for one in (await supervisor.ask(WHY, thread_id="t1")).causes]
        assert any("merges into it were held" in what for what in causes)


async def test_the_operators_word_for_the_commit_lets_merges_pass_again(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        await work_in(shop, supervisor, "t2", "t3")
        shop.plays("dev", moves_main)
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        now = shop.repo.tips["main"]
        assert (await refusal_of(supervisor, "t2", accept_target="main")).code == "bad_commit"
        assert (await refusal_of(supervisor, "t2", accept_target=now[:6])).code == "bad_commit"
        assert (await refusal_of(supervisor, "t2", accept_target="e" * 40)).code == "not_the_tip"
        assert (await refusal_of(supervisor, "t2")).code == "target_moved"
        assert (await merge(supervisor, "t2", accept_target=now[:7].upper())).status == "completed"
        assert (await merge(supervisor, "t3")).status == "completed"
        assert shop.repo.contains(shop.repo.tips["main"], now)
        assert await seen(shop) == [("held: thread_commits", now), ("accepted", now)]
        assert (await supervisor.ask(MERGE_STATUS)).held == ()


async def test_a_target_can_be_accepted_together_with_closing(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        await work_in(shop, supervisor, "t2")
        shop.plays("dev", moves_main)
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        accepted = CloseMerge(accept_target=shop.repo.tips["main"])
        closing = await supervisor.ask(CLOSE, thread_id="t2", merge=accepted)
        assert (await supervisor.wait_merge(closing.merge_op_id or "")).status == "completed"


async def test_a_target_that_was_put_back_is_merged_into_as_before(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        await work_in(shop, supervisor, "t2", "t3")
        assert (await merge(supervisor, "t3")).status == "completed"
        old = shop.repo.tips["main"]
        shop.plays("dev", moves_main)
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        assert (await refusal_of(supervisor, "t2")).code == "target_moved"
        shop.repo.tips["main"] = old
        assert (await merge(supervisor, "t2")).status == "completed"
        assert [how for how, _ in await seen(shop)][1:] == ["held: thread_commits", "back"]


async def test_an_agent_that_may_merge_may_not_accept_a_target(autojump_clock: MockClock) -> None:
    may = agent("dev", workspace="worktree", may=("merge", "close"))
    async with open_workshop(may) as shop, shop.supervisor() as supervisor:
        codes: list[str] = []

        async def merges(turn: Turn) -> None:
            await moves_main(turn)
            accept = {"accept_target": turn.repo.tips["main"]}
            async with supervisor.called_by(turn.spec) as caller:
                for operation, fields in ((MERGE, accept), (CLOSE, {"merge": CloseMerge(**accept)}), (MERGE, {})):
                    with pytest.raises(RequestFailed) as found:
                        await caller.ask(operation, thread_id="t0", **fields)
                    codes.append(found.value.code)
            await turn.reply("done")

        await work_in(shop, supervisor, "t0")
        shop.plays("dev", merges)
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        assert codes == ["not_for_agents", "not_for_agents", "target_moved"]


async def test_people_move_a_target_forward_as_they_like(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        await work_in(shop, supervisor, "t1", "t2", "t3")
        shop.repo.commit("main", "a person's commit", other_txt="theirs\n")
        assert (await merge(supervisor, "t1")).status == "completed"
        old, tip = shop.repo.tips["main"], shop.repo.tips["compas/t3"]
        tree = {**shop.repo.commits[old].tree, **shop.repo.commits[tip].tree}
        by_hand = shop.repo.store((old, tip), tree, "a hand merge")
        shop.repo.move("main", old, by_hand)
        assert (await merge(supervisor, "t2")).status == "completed"
        assert [how for how, _ in await seen(shop)] == ["first", "forward"]


async def test_a_target_that_was_rewound_is_held(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        old = shop.repo.tips["main"]
        await work_in(shop, supervisor, "t1", "t2")
        assert (await merge(supervisor, "t1")).status == "completed"
        shop.repo.tips["main"] = old
        found = await refusal_of(supervisor, "t2")
        assert (found.code, "any longer" in found.message) == ("target_moved", True)
        assert await seen(shop) == [("first", old), ("held: rewound", old)]


async def test_git_is_not_asked_about_a_target_that_only_compas_has_moved(autojump_clock: MockClock) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        await work_in(shop, supervisor, "t1", "t2", "t3")
        for thread in ("t1", "t2", "t3"):
            assert (await merge(supervisor, thread)).status == "completed"
        assert "FindMove" not in shop.git.asked


@pytest.mark.parametrize("operation", ["PrepareMerge", "PublishMerge"])
async def test_a_target_that_is_moved_while_a_merge_is_under_way_is_not_merged_into(
    autojump_clock: MockClock, operation: str
) -> None:
    async with open_workshop(DEV) as shop, shop.supervisor() as supervisor:
        await work_in(shop, supervisor, "t1", "t2")
        held = trio.Event()
        shop.git.held[operation] = [held]
        queued = await supervisor.merge("t2")
        await wait_all_tasks_blocked()
        shop.repo.tips["main"] = now = shop.repo.tips["compas/t1"]
        held.set()
        merged = await supervisor.wait_merge(queued.op_id)
        assert (merged.status, merged.error_code) == ("failed", "target_moved")
        assert "work of t1" in (merged.error_detail or "")
        assert shop.repo.tips["main"] == now


async def test_work_that_is_in_the_target_only_because_an_agent_put_it_there_is_not_merged_already(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(DEV) as shop:
        async with shop.supervisor() as supervisor:
            await work_in(shop, supervisor, "t1")
            shop.git.held["PrepareMerge"] = [trio.Event()]
            queued = await supervisor.merge("t1")
            await wait_all_tasks_blocked()
            await supervisor.crash()
        shop.repo.tips["main"] = shop.repo.tips["compas/t1"]
        async with shop.supervisor() as supervisor:
            merged = await supervisor.wait_merge(queued.op_id)
            assert (merged.status, merged.error_code) == ("failed", "target_moved")
            assert f"git -C {REPO} update-ref" in (merged.error_detail or "")
            with pytest.raises(RequestFailed, match="nothing is merged into main"):
                await supervisor.merge("t1")
