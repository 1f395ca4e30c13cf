"""Whatever state a thread is in, what is advised about it can be done: it is carried out here, each piece by itself."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from trio.testing import MockClock

from actors.remote.errors import RequestFailed
from compas.api.advice import SENTENCES_AS_DATA
from compas.api.catalogue import BY_NAME
from compas.api.lifecycle import CLOSE, REOPEN, CloseMerge
from compas.api.reviews import APPROVE
from compas.api.worktrees import WORKTREE_REMOVE
from compas.domain.advice import AGENT, TEXT, Advice, Placeholder, Said, Sentence
from tests.kit.orchestrator.actor_workshop import Supervisor, Workshop, agent, open_workshop
from tests.kit.orchestrator.troupe import Turn

pytestmark = pytest.mark.exhaustive

DEV = agent("dev", workspace="worktree", to="reviewer", depth=1)
REVIEWER = agent("reviewer")
OTHER = agent("other", workspace="worktree")
SHARED = agent("shared")
AGENTS = (DEV, REVIEWER, OTHER, SHARED, agent("human", role="operator"))
VALUES: dict[Placeholder, str] = {AGENT: "shared", TEXT: "go on"}

HOLDS_TARGET = "target_moved"
"""The one refusal that is asked for: merging into a target that is held says how to decide about it."""

Happening = Callable[[Workshop, Supervisor], Awaitable[None]]


async def commits(turn: Turn) -> None:
    """Leave a commit, and answer."""
    turn.commit("work", work_txt=f"{turn.spec.execution}\n")
    await turn.reply("Done.")


async def leaves_files(turn: Turn) -> None:
    """Leave something uncommitted, and answer."""
    turn.repo.write(turn.spec.cwd, left_txt="left\n")
    await turn.reply("Done.")


async def fails(turn: Turn) -> None:
    """Answer that it did not work."""
    await turn.fail("no licence")


async def moves_main(turn: Turn) -> None:
    """Commit, and put main there."""
    await commits(turn)
    turn.repo.tips["main"] = turn.repo.tips[turn.repo.checkouts[turn.spec.cwd].branch]


def says(text: str) -> Callable[[Turn], Awaitable[None]]:
    """Answer with this."""

    async def reply(turn: Turn) -> None:
        await turn.reply(text)

    return reply


async def play(shop: Workshop, supervisor: Supervisor, alias: str, role: Callable[[Turn], Awaitable[None]]) -> None:
    """Have an agent do this in t1, and wait until nothing is to follow."""
    shop.plays(alias, role)
    await supervisor.dispatch(alias, "x", thread_id="t1")
    await shop.wait_settled(supervisor)
    shop.troupe.roles.clear()


async def merge(supervisor: Supervisor) -> None:
    """Approve and merge t1, whatever comes of it."""
    await supervisor.ask(APPROVE, thread_id="t1")
    await supervisor.wait_merge((await supervisor.merge("t1")).op_id)


# --- what may have happened ------------------------------------------------------------------------------------------


async def only_a_note(shop: Workshop, supervisor: Supervisor) -> None:
    await supervisor.dispatch("human", "x", thread_id="t1", intent="note")


async def answered_without_a_worktree(shop: Workshop, supervisor: Supervisor) -> None:
    await play(shop, supervisor, "shared", says("Done."))


async def answered_with_work(shop: Workshop, supervisor: Supervisor) -> None:
    await play(shop, supervisor, "other", commits)


async def answered_without_a_commit(shop: Workshop, supervisor: Supervisor) -> None:
    await play(shop, supervisor, "other", says("Done."))


async def answered_and_left_files(shop: Workshop, supervisor: Supervisor) -> None:
    await play(shop, supervisor, "other", leaves_files)


async def at_work(shop: Workshop, supervisor: Supervisor) -> None:
    await supervisor.dispatch("shared", "5000 seconds of work", thread_id="t1")
    await supervisor.wait("t1", timeout=1)


async def in_line(shop: Workshop, supervisor: Supervisor) -> None:
    for thread in ("t3", "t2", "t1"):
        await supervisor.dispatch("shared", "5000 seconds of work", thread_id=thread)
    await supervisor.wait("t1", timeout=1)


async def scheduled(shop: Workshop, supervisor: Supervisor) -> None:
    await supervisor.dispatch("shared", "x", thread_id="t1", scheduled_for="2033-01-31T09:00:00Z")


async def failed(shop: Workshop, supervisor: Supervisor) -> None:
    await play(shop, supervisor, "shared", fails)


async def failed_before_it_began(shop: Workshop, supervisor: Supervisor) -> None:
    del shop.repo.tips["main"]
    await play(shop, supervisor, "other", commits)
    shop.repo.tips["main"] = shop.repo.store((), {}, "again")


async def behind_an_open_breaker(shop: Workshop, supervisor: Supervisor) -> None:
    async def breaks(turn: Turn) -> None:
        await turn.fail("down", "transient")

    for thread in ("t2", "t3", "t4"):
        shop.plays("shared", breaks)
        await supervisor.dispatch("shared", "x", thread_id=thread)
    await shop.wait_settled(supervisor)
    await supervisor.dispatch("shared", "x", thread_id="t1")


async def closed_as_failed(shop: Workshop, supervisor: Supervisor) -> None:
    await answered_with_work(shop, supervisor)
    await supervisor.close("t1", "failed")


async def completed(shop: Workshop, supervisor: Supervisor) -> None:
    await answered_without_a_worktree(shop, supervisor)
    await supervisor.close("t1")


async def abandoned(shop: Workshop, supervisor: Supervisor) -> None:
    await answered_with_work(shop, supervisor)
    await supervisor.abandon("t1")


async def reopened(shop: Workshop, supervisor: Supervisor) -> None:
    await completed(shop, supervisor)
    await supervisor.ask(REOPEN, thread_id="t1")


async def approved(shop: Workshop, supervisor: Supervisor) -> None:
    shop.plays("reviewer", says("Good.\n\nVerdict: approve"))
    await play(shop, supervisor, "dev", commits)


async def changes_requested(shop: Workshop, supervisor: Supervisor) -> None:
    shop.plays("reviewer", says("No.\n\nVerdict: request changes"))
    await play(shop, supervisor, "dev", commits)


async def changed_since_the_approval(shop: Workshop, supervisor: Supervisor) -> None:
    await approved(shop, supervisor)
    shop.repo.commit("compas/t1", "one more", more_txt="unseen\n")


async def changed_since_the_review(shop: Workshop, supervisor: Supervisor) -> None:
    await changes_requested(shop, supervisor)
    await play(shop, supervisor, "other", commits)


async def merged(shop: Workshop, supervisor: Supervisor) -> None:
    await answered_with_work(shop, supervisor)
    await merge(supervisor)


async def merged_and_closed(shop: Workshop, supervisor: Supervisor) -> None:
    await answered_with_work(shop, supervisor)
    closing = await supervisor.ask(CLOSE, thread_id="t1", merge=CloseMerge(force=True))
    await supervisor.wait_merge(closing.merge_op_id or "")


async def merge_conflicts(shop: Workshop, supervisor: Supervisor) -> None:
    await answered_with_work(shop, supervisor)
    shop.repo.commit("main", "the same file", work_txt="theirs\n")
    await merge(supervisor)


async def merge_conflicted_and_the_thread_was_abandoned(shop: Workshop, supervisor: Supervisor) -> None:
    await merge_conflicts(shop, supervisor)
    await supervisor.abandon("t1")


async def merge_without_commits(shop: Workshop, supervisor: Supervisor) -> None:
    await answered_without_a_commit(shop, supervisor)
    await merge(supervisor)


async def merge_failed_and_the_worktree_is_gone(shop: Workshop, supervisor: Supervisor) -> None:
    await merge_conflicts(shop, supervisor)
    await supervisor.ask(WORKTREE_REMOVE, thread_id="t1")


async def worktree_removed(shop: Workshop, supervisor: Supervisor) -> None:
    await answered_with_work(shop, supervisor)
    await supervisor.ask(WORKTREE_REMOVE, thread_id="t1")


async def worked_in_two_repositories(shop: Workshop, supervisor: Supervisor) -> None:
    shop.git.repo("/repo2")
    await answered_with_work(shop, supervisor)
    await play(shop, supervisor, "elsewhere", says("Done."))


async def target_is_held(shop: Workshop, supervisor: Supervisor) -> None:
    await play(shop, supervisor, "other", moves_main)
    with pytest.raises(RequestFailed):
        await supervisor.merge("t1")


async def approved_by_a_person(shop: Workshop, supervisor: Supervisor) -> None:
    await changes_requested(shop, supervisor)
    await supervisor.ask(APPROVE, thread_id="t1")


HAPPENINGS: tuple[Happening, ...] = (
    only_a_note,
    answered_without_a_worktree,
    answered_with_work,
    answered_without_a_commit,
    answered_and_left_files,
    at_work,
    in_line,
    scheduled,
    failed,
    failed_before_it_began,
    behind_an_open_breaker,
    closed_as_failed,
    completed,
    abandoned,
    reopened,
    approved,
    changes_requested,
    changed_since_the_approval,
    changed_since_the_review,
    merged,
    merged_and_closed,
    merge_conflicts,
    merge_conflicted_and_the_thread_was_abandoned,
    merge_without_commits,
    merge_failed_and_the_worktree_is_gone,
    worktree_removed,
    worked_in_two_repositories,
    target_is_held,
    approved_by_a_person,
)


# --- doing what is advised -------------------------------------------------------------------------------------------


@asynccontextmanager
async def stage(happening: Happening, **settings: object) -> AsyncIterator[tuple[Workshop, Supervisor]]:
    """Have it happen."""
    elsewhere = msgspec.structs.replace(agent("elsewhere", workspace="worktree"), workdir="/repo2")
    async with open_workshop(*AGENTS, elsewhere, **settings) as shop, shop.supervisor() as supervisor:
        await happening(shop, supervisor)
        yield shop, supervisor


async def asked(supervisor: Supervisor, operation: str, **fields: object) -> Any:  # noqa: ANN401 - each has its own
    """Ask as a client that writes advice itself does."""
    declared = BY_NAME[operation]
    request = msgspec.convert(fields, declared.request)
    return await supervisor.session.request(
        declared.name,
        request,
        declared.response,
        request_id=supervisor.context.services.new_id(),
        meta=SENTENCES_AS_DATA,
    )


async def advised(supervisor: Supervisor) -> list[Advice]:
    """Return everything that is advised about t1."""
    said: list[Said | None] = list((await asked(supervisor, "diagnose", thread_id="t1")).suggestions)
    said.append((await asked(supervisor, "why", thread_id="t1")).next_step)
    merges = (await asked(supervisor, "merge_status", thread_id="t1")).merges
    said += [one for merge in merges for one in merge.suggested_actions]
    said += [(await asked(supervisor, "wait_merge", op_id=merge.op_id, timeout_secs=0)).next_step for merge in merges]
    said.append((await asked(supervisor, "wait", thread_id="t1", timeout_secs=0)).next_step)
    return [part for one in said if isinstance(one, Sentence) for part in one.parts if isinstance(part, Advice)]


async def follow(supervisor: Supervisor, advice: Advice) -> None:
    """Do what is advised; a wait looks once. What looks at files or processes, beside the virtual clock, is judged."""
    given = {
        name: VALUES.get(value, value) if isinstance(value, Placeholder) else value
        for name, value in advice.arguments.items()
    }
    match advice.operation:
        case "log":
            tasks = (await asked(supervisor, "tasks", thread_id="t1", every=True)).tasks
            (task,) = [one for one in tasks if one.execution_id == given["execution_id"]]
            assert task.finished_at is None or task.started_at is not None or task.error, "there is nothing to show"
        case "health":
            assert given.get("agent", "shared") in supervisor.context.services.config.agents
        case "wait" | "wait_merge":
            await asked(supervisor, advice.operation, **{**given, "timeout_secs": 0})
        case _:
            await asked(supervisor, advice.operation, **given)


async def refused_one_by_one(
    happening: Happening, look: Callable[[Supervisor], Awaitable[list[Advice]]], **settings: object
) -> list[str]:
    """Have it happen once for each piece of advice that is found then, do that, and return what was refused."""
    number, refused = 0, []
    while True:
        async with stage(happening, **settings) as (_, supervisor):
            found = await look(supervisor)
            if number == len(found):
                return refused
            try:
                await follow(supervisor, found[number])
            except RequestFailed as failure:
                if not (happening is target_is_held and failure.code == HOLDS_TARGET):
                    refused.append(f"{found[number].operation} {found[number].arguments}: {failure.code}")
        number += 1


@pytest.mark.parametrize("requires", ["no_objection", "approval"])
@pytest.mark.parametrize("happening", HAPPENINGS, ids=lambda one: one.__name__)
async def test_nothing_is_advised_that_would_be_refused(
    autojump_clock: MockClock, happening: Happening, requires: str
) -> None:
    assert await refused_one_by_one(happening, advised, merge_requires=requires) == []


@pytest.mark.parametrize("happening", HAPPENINGS, ids=lambda one: one.__name__)
async def test_why_and_diagnose_say_the_same(autojump_clock: MockClock, happening: Happening) -> None:
    async with stage(happening) as (_, supervisor):
        told = await asked(supervisor, "why", thread_id="t1")
        found = await asked(supervisor, "diagnose", thread_id="t1")
    assert (told.standing, told.next_step) == (found.standing, found.suggestions[0])
    assert (told.thread_id, told.thread_status) == (found.thread_id, found.thread_status)


async def advised_by_a_refused_close(supervisor: Supervisor) -> list[Advice]:
    """Return what is advised first where t1 cannot be completed."""
    with pytest.raises(RequestFailed) as caught:
        await supervisor.close("t1")
    said = supervisor.session.decode(caught.value.details, Sentence)
    return [part for part in said.parts if isinstance(part, Advice)][:1]


@pytest.mark.parametrize("happening", [answered_with_work, abandoned, worked_in_two_repositories])
async def test_a_refused_close_advises_what_would_not_be_refused(
    autojump_clock: MockClock, happening: Happening
) -> None:
    assert await refused_one_by_one(happening, advised_by_a_refused_close) == []
