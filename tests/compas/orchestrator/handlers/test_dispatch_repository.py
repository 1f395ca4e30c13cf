"""Which of several repositories a dispatch works in, and what a thread does with a name of another one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from trio.testing import MockClock

from actors.remote.errors import RequestFailed
from compas.api.diagnosis import WHY
from compas.api.schedules import SCHEDULE_RUN
from compas.api.supervision import HEALTH
from compas.api.threads import STATUS
from compas.domain import events as e
from compas.domain.specs import AgentSpec, HandoffSpec, RepositorySpec, ScheduleSpec
from tests.kit.orchestrator.actor_workshop import Supervisor, Workshop, agent, open_workshop
from tests.kit.orchestrator.troupe import Turn

DEV = agent("dev", workspace="worktree")
AT_HOME = msgspec.structs.replace(agent("own", workspace="worktree"), workdir="/web/src", has_own_workdir=True)
SCHEDULE = ScheduleSpec(name="s", agent="own", cron="0 0 1 1 *", body="x")
LISTED = (RepositorySpec(path="/lib"), RepositorySpec(path="/web"))


@asynccontextmanager
async def several(
    *agents: AgentSpec, listed: tuple[RepositorySpec, ...] = LISTED
) -> AsyncIterator[tuple[Workshop, Supervisor]]:
    async with open_workshop(*(agents or (DEV, AT_HOME)), repositories=listed) as shop:
        for path in ("/lib", "/web", "/unlisted"):
            shop.git.repo(path)
        async with shop.supervisor() as supervisor:
            yield shop, supervisor


def places(shop: Workshop) -> dict[str, str]:
    """Return where each agent was started last."""
    return {turn.alias: turn.spec.cwd for turn in shop.troupe.turns}


async def opened_for(shop: Workshop, thread: str) -> str | None:
    return next(event.repository for event in await shop.events(thread) if isinstance(event, e.ThreadOpened))


@pytest.mark.parametrize(
    ("to", "stands", "named", "repository"),
    [
        ("dev", "/lib/deep", "web", "/web"),
        ("own", "/lib", "/repo/src", "/repo"),
        ("own", "/lib", None, "/web"),
        ("dev", "/lib/deep", None, "/lib"),
        ("dev", "/unlisted", None, "/repo"),
        ("dev", "/", None, "/repo"),
    ],
)
async def test_the_first_that_says_where_decides_and_the_answer_names_it(
    autojump_clock: MockClock, to: str, stands: str, named: str | None, repository: str
) -> None:
    async with several() as (shop, supervisor), supervisor.standing_in(stands) as person:
        posted = await person.dispatch(to, "x", thread_id="t1", repository=named)
        await supervisor.chain(posted)
        assert (posted.repository, await opened_for(shop, "t1")) == (repository, repository)
        assert places(shop)[to].startswith(f"{repository}/.compas-worktrees/t1")
        (row,) = (await supervisor.ask(STATUS, thread_id="t1")).threads
        why = await supervisor.ask(WHY, thread_id="t1")
        assert (row.repository, why.repository) == (repository, repository)


async def test_only_who_stands_in_an_unlisted_repository_is_told_that_it_was_passed_over(
    autojump_clock: MockClock,
) -> None:
    async with several() as (_, supervisor):
        for stands, told in (("/unlisted", True), ("/", False), ("/repo", False), ("/lib", False)):
            async with supervisor.standing_in(stands) as person:
                note = (await person.dispatch("dev", "x")).note or ""
                assert (bool(note), "/unlisted is not listed" in note, "in /repo" in note) == (told, told, told)
                assert (await person.dispatch("dev", "x", repository="lib")).note is None


async def test_with_one_repository_nothing_is_named_and_who_stands_elsewhere_is_told(
    autojump_clock: MockClock,
) -> None:
    async with several(listed=()) as (shop, supervisor), supervisor.standing_in("/lib") as person:
        posted = await person.dispatch("dev", "x", thread_id="t1")
        assert posted.repository is None
        assert "/lib is not listed in the config, so the work is done in /repo" in (posted.note or "")
        assert await opened_for(shop, "t1") is None, "a handoff works where its agent's config says, as ever"
        assert (await supervisor.ask(HEALTH, is_brief=True)).repositories == ()
        (row,) = (await supervisor.ask(STATUS)).threads
        assert row.repository is None


async def test_clients_learn_what_there_is_to_choose_from(autojump_clock: MockClock) -> None:
    async with several() as (_, supervisor):
        assert (await supervisor.ask(HEALTH, is_brief=True)).repositories == ("/repo", "/lib", "/web")


async def test_a_thread_keeps_its_repository_whoever_works_in_it_and_wherever_they_stand(
    autojump_clock: MockClock,
) -> None:
    dev = msgspec.structs.replace(DEV, handoff=HandoffSpec(targets=("own",)))
    async with several(dev, AT_HOME) as (shop, supervisor):
        async with supervisor.standing_in("/lib") as person:
            await supervisor.chain(await person.dispatch("dev", "x", thread_id="t1"))
        assert places(shop) == dict.fromkeys(("dev", "own"), "/lib/.compas-worktrees/t1")
        async with supervisor.standing_in("/web") as person:
            again = await person.dispatch("dev", "y", thread_id="t1")
            assert (again.repository, again.note) == ("/lib", None)
            same = await person.dispatch("dev", "z", thread_id="t1", repository="lib")
            assert same.repository == "/lib"
            with pytest.raises(RequestFailed, match="thread t1 works in /lib") as refused:
                await person.dispatch("dev", "x", thread_id="t1", repository="web")
        assert refused.value.code == "other_repository"


async def test_two_who_open_one_thread_at_once_for_two_repositories_do_not_both_get_it(
    autojump_clock: MockClock,
) -> None:
    async with several() as (shop, supervisor):
        first = await supervisor.dispatch("dev", "x", thread_id="t1", repository="lib")
        # As the loser of a race sees it: the thread was not there when it was looked for.
        with pytest.raises(RequestFailed) as refused:
            await supervisor.dispatch("dev", "x", thread_id="t1", repository="web")
        assert (first.repository, refused.value.code) == ("/lib", "other_repository")
        assert await opened_for(shop, "t1") == "/lib"


@pytest.mark.parametrize(
    ("named", "code"),
    [("nobody", "unknown_repository"), ("/unlisted", "unknown_repository"), ("a/b", "bad_path"), ("..", "bad_path")],
)
async def test_what_is_not_listed_is_refused_with_what_is(autojump_clock: MockClock, named: str, code: str) -> None:
    async with several() as (shop, supervisor):
        with pytest.raises(RequestFailed) as refused:
            await supervisor.dispatch("dev", "x", thread_id="t1", repository=named)
        assert refused.value.code == code
        if code == "unknown_repository":
            assert "web (/web)" in refused.value.message
        assert not await shop.events("t1")


async def test_an_agent_dispatches_into_its_own_repository_wherever_it_calls_from(autojump_clock: MockClock) -> None:
    team = (agent("boss", workspace="worktree"), agent("helper", workspace="worktree"))
    async with several(*team) as (shop, supervisor):
        made = []

        async def delegates(turn: Turn) -> None:
            for stands in (turn.spec.cwd, "/", "/unlisted", "/web"):
                async with supervisor.called_by(turn.spec, cwd=stands) as caller:
                    made.append((await caller.dispatch("helper", "part")).repository)
            await turn.reply("Done.")

        shop.plays("boss", delegates)
        await supervisor.chain(await supervisor.dispatch("boss", "x", thread_id="t1", repository="lib"))
        assert made == ["/lib", "/lib", "/lib", "/web"]


async def test_children_of_a_fan_out_work_where_their_thread_does(autojump_clock: MockClock) -> None:
    dev = msgspec.structs.replace(DEV, handoff=HandoffSpec(targets=("r1", "own")))
    async with several(dev, agent("r1", workspace="worktree"), AT_HOME) as (shop, supervisor):
        await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id="t1", repository="lib"))
        assert {one.repository for one in (await supervisor.ask(STATUS)).threads} == {"/lib"}
        assert all(turn.spec.cwd.startswith("/lib/") for turn in shop.troupe.turns)
        assert len(shop.troupe.turns) == 3


async def test_a_repository_that_was_taken_out_of_the_config_takes_no_work_until_it_is_back_and_loses_none(
    autojump_clock: MockClock,
) -> None:
    async with several() as (shop, supervisor):
        await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id="t1", repository="lib"))
        before = await shop.events("t1")
        without = msgspec.structs.replace(shop.config, repositories=LISTED[1:])
        supervisor.config_file.save(without)
        await supervisor.reload()
        with pytest.raises(RequestFailed, match="/lib, which the config does not list any more") as refused:
            await supervisor.dispatch("dev", "y", thread_id="t1")
        assert refused.value.code == "repository_not_listed"
        assert await shop.events("t1") == before
        assert "/lib/.compas-worktrees/t1" in shop.git.repo("/lib").checkouts
        supervisor.config_file.save(shop.config)
        await supervisor.reload()
        assert (await supervisor.chain(await supervisor.dispatch("dev", "y", thread_id="t1"))).body == "dev did: y"


async def test_work_that_was_in_line_when_its_repository_was_taken_out_fails_and_says_why(
    autojump_clock: MockClock,
) -> None:
    async with several() as (shop, supervisor):
        later = await supervisor.dispatch(
            "dev", "x", thread_id="t1", repository="lib", scheduled_for="2023-11-14T23:00:00Z"
        )
        supervisor.config_file.save(msgspec.structs.replace(shop.config, repositories=LISTED[1:]))
        await supervisor.reload()
        answer = await supervisor.chain(later)
        assert answer.intent == "error"
        assert "/lib, which the config does not list any more" in (answer.body or "")
        assert shop.troupe.turns == []


async def test_while_git_is_silent_nothing_is_guessed_and_one_repository_needs_no_answer(
    autojump_clock: MockClock,
) -> None:
    async with several() as (shop, supervisor):
        shop.git.refused["Locate"] = ["it is not well"]
        with pytest.raises(RequestFailed) as refused:
            await supervisor.dispatch("dev", "x", thread_id="t1")
        assert refused.value.code == "git_silent"
        assert not await shop.events("t1")
    async with several(listed=()) as (shop, supervisor):
        shop.git.refused["Locate"] = ["it is not well"]
        assert (await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id="t1"))).body == "dev did: x"


async def test_an_agent_starts_in_its_worktree_as_deep_as_its_directory_is_in_the_repository(
    autojump_clock: MockClock,
) -> None:
    async with several() as (shop, supervisor):

        async def works(turn: Turn) -> None:
            shop.git.repo("/web").write("/web/.compas-worktrees/t1", new_txt="half\n")
            await turn.reply("Done.")

        shop.plays("own", works)
        answer = await supervisor.chain(await supervisor.dispatch("own", "x", thread_id="t1"))
        assert places(shop) == {"own": "/web/.compas-worktrees/t1/src"}
        assert "new.txt" in (answer.body or ""), "what it left in the whole worktree is told"
        await supervisor.chain(await supervisor.dispatch("own", "x", thread_id="t2", repository="lib"))
        assert places(shop)["own"] == "/lib/.compas-worktrees/t2", "its directory is in another repository"


async def test_a_run_of_a_schedule_works_in_its_agents_repository_with_whom_it_hands_on_to(
    autojump_clock: MockClock,
) -> None:
    own = msgspec.structs.replace(AT_HOME, handoff=HandoffSpec(targets=("dev",)))
    async with open_workshop(DEV, own, repositories=LISTED, schedules={"s": SCHEDULE}) as shop:
        for path in ("/lib", "/web"):
            shop.git.repo(path)
        async with shop.supervisor() as supervisor:
            ran = await supervisor.ask(SCHEDULE_RUN, name="s")
            await supervisor.wait(ran.thread_id, since_reference=ran.reference, await_chain=True)
            assert [turn.spec.cwd.partition("/.compas")[0] for turn in shop.troupe.turns] == ["/web", "/web"]
