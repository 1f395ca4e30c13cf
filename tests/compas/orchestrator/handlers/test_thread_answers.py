"""Where agents of one thread work, what is said of it, and how operations answer about what is not there."""

import msgspec
import pytest
from trio.testing import MockClock

from actors.remote.errors import RequestFailed
from compas.api.diagnosis import WHY
from compas.api.history import DIFF, LOG
from compas.api.lifecycle import ABANDON, CLOSE, CloseResponse
from compas.api.merges import MERGE
from compas.api.operation import Operation
from compas.api.reviews import APPROVE
from compas.api.supervision import HEALTH
from compas.api.threads import STATUS, TRANSCRIPT
from compas.backends.scripted import ResultLine
from compas.domain.events import Usage
from compas.domain.specs import HandoffSpec
from tests.kit.orchestrator.actor_workshop import REPO, agent, open_workshop
from tests.kit.orchestrator.troupe import Turn

PLACE = f"{REPO}/.compas-worktrees/t1"


class Words(msgspec.Struct):
    """A request of any content."""

    thread_id: str
    status: str


@pytest.mark.parametrize("operation", [WHY, CLOSE, ABANDON, MERGE, DIFF], ids=lambda operation: operation.name)
async def test_what_is_asked_of_a_thread_that_does_not_exist_is_an_error_that_names_it(
    autojump_clock: MockClock, operation: Operation[msgspec.Struct, msgspec.Struct]
) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        with pytest.raises(RequestFailed, match="thread 'nobody'"):
            await supervisor.ask(operation, thread_id="nobody")
        assert await shop.events("nobody") == ()


# proves: b-mcp-cli-merge 65
async def test_a_closing_status_in_the_wrong_case_is_refused(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id="t1"))
        request = Words(thread_id="t1", status="Completed")
        with pytest.raises(RequestFailed, match=r"\$\.status") as caught:
            await supervisor.session.request("close", request, CloseResponse, request_id="r1")
        assert caught.value.code == "invalid"
        assert (await supervisor.transcript("t1")).thread_status == "Active"


# proves: b-mcp-cli-merge 117
@pytest.mark.parametrize(("place", "says"), [("/", "is in no git repository"), ("/gone", "no directory /gone")])
async def test_a_worktree_agent_outside_of_a_repository_fails_and_says_so(
    autojump_clock: MockClock, place: str, says: str
) -> None:
    dev = msgspec.structs.replace(agent("dev", workspace="worktree"), workdir=place)
    async with open_workshop(dev) as shop, shop.supervisor() as supervisor:
        answer = await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id="t1"))
        assert answer.intent == "error"
        assert says in (answer.body or "")
        assert shop.troupe.turns == [], "nothing was started in a place that was not meant"


# proves: b-mcp-cli-merge 119, a-core 64, a-core 65, a-core 66
async def test_who_comes_after_a_worktree_agent_works_where_its_workspace_says(autojump_clock: MockClock) -> None:
    elsewhere = msgspec.structs.replace(agent("elsewhere", workspace=None), workdir="/other")
    team = (agent("dev", workspace="worktree"), agent("silent", workspace=None), agent("sharing"), elsewhere)
    async with open_workshop(*team) as shop, shop.supervisor() as supervisor:
        shop.git.repo("/other")
        for one in team:
            await supervisor.chain(await supervisor.dispatch(one.alias, "x", thread_id="t1"))
        assert {turn.alias: turn.spec.cwd for turn in shop.troupe.turns} == {
            "dev": PLACE,
            "silent": PLACE,
            "sharing": REPO,
            "elsewhere": "/other",
        }


# proves: b-mcp-cli-merge 121, a-core 69
async def test_a_reply_ends_with_what_its_agent_left_uncommitted(autojump_clock: MockClock) -> None:
    async def leaves_changes(turn: Turn) -> None:
        turn.repo.write(turn.spec.cwd, new_txt="half\n", README="changed\n")
        await turn.reply("Nearly there.")

    async with open_workshop(agent("dev", workspace="worktree")) as shop, shop.supervisor() as supervisor:
        clean = await supervisor.chain(await supervisor.dispatch("dev", "look", thread_id="t0"))
        assert clean.body == "dev did: look"
        shop.plays("dev", leaves_changes)
        answer = await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id="t1"))
        reply, _, left = (answer.body or "").partition("\n\n## Worktree Status\n\n")
        assert reply == "Nearly there."
        assert f"{PLACE} (branch compas/t1)" in left
        assert [line.strip() for line in left.splitlines()[2:]] == ["M README", "A new.txt"]


# proves: b-mcp-cli-merge 130
@pytest.mark.parametrize("name", ["../t1", "/etc/passwd", "a/b", ".."])
async def test_an_execution_id_that_is_a_path_is_refused(autojump_clock: MockClock, name: str) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        with pytest.raises(RequestFailed, match="there is no execution") as caught:
            await supervisor.ask(LOG, execution_id=name)
        assert caught.value.code == "unknown_execution"


# proves: b-mcp-cli-merge 137
async def test_an_agent_that_runs_more_than_it_may_now_has_no_free_place(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev", max_concurrent=3)) as shop:
        async with shop.supervisor() as supervisor:
            for thread in ("t1", "t2"):
                await supervisor.dispatch("dev", "100 seconds of work", thread_id=thread)
                await supervisor.wait(thread, timeout=1)
            (before,) = (await supervisor.ask(HEALTH)).agents
            assert (before.active, before.available) == (2, 1)
            await supervisor.crash()
        shop.config = msgspec.structs.replace(shop.config, agents={"dev": agent("dev", max_concurrent=1)})
        async with shop.supervisor() as supervisor:
            (after,) = (await supervisor.ask(HEALTH)).agents
            assert (after.active, after.available) == (2, 0)
            for thread in ("t1", "t2"):
                assert (await supervisor.wait(thread)).found
            (idle,) = (await supervisor.ask(HEALTH)).agents
            assert (idle.active, idle.available) == (0, 1)


async def test_details_tell_what_a_thread_is_about_who_judged_it_where_it_is_and_what_it_cost(
    autojump_clock: MockClock,
) -> None:
    async def works(turn: Turn) -> None:
        await turn.console.print(
            msgspec.json.encode(ResultLine(text="Done.", usage=Usage(cost_usd=0.5, tokens_in=7))).decode()
        )

    async def judges(turn: Turn) -> None:
        await turn.reply("Fine.\n\nVERDICT: APPROVE")

    team = (agent("dev", to="rev", workspace="worktree"), agent("rev"))
    async with open_workshop(*team) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", works)
        shop.plays("rev", judges)
        await supervisor.chain(await supervisor.dispatch("dev", "\nAdd it\nquickly", thread_id="t1", batch="b"))
        await supervisor.dispatch(
            "dev", "x", thread_id="t2", batch="b", summary="Named", scheduled_for="2033-01-31T09:00:00Z"
        )
        plain = await supervisor.ask(STATUS)
        assert [row.details for row in plain.threads] == [None, None]
        found = await supervisor.ask(STATUS, details=True)
        later, done = (row.details for row in found.threads)
        assert done is not None
        assert later is not None
        assert (done.title, done.worker, done.branch) == ("Add it", "dev", "compas/t1")
        assert done.repository == str(REPO)
        assert [(one.by, one.verdict) for one in done.verdicts] == [("rev", "approve")]
        assert (done.executions, done.priced, done.cost_usd, done.tokens_in, done.tokens_out) == (2, 1, 0.5, 7, None)
        assert (later.title, later.worker, later.branch, later.cost_usd) == ("Named", "dev", None, None)
        (batch,) = found.batches
        assert (batch.batch_id, batch.threads, batch.working, batch.done, batch.failed) == ("b", 2, 1, 0, 0)
        await supervisor.abandon("t2")


async def test_a_persons_verdict_and_those_of_a_fan_out_are_told_each_once(autojump_clock: MockClock) -> None:
    async def judges(turn: Turn) -> None:
        await turn.reply("Fine.\n\nVERDICT: APPROVE")

    dev = msgspec.structs.replace(
        agent("dev", workspace="worktree"), handoff=HandoffSpec(targets=("r1", "r2"), max_chain_depth=1)
    )
    async with open_workshop(dev, agent("r1"), agent("r2")) as shop, shop.supervisor() as supervisor:
        for alias in ("r1", "r2"):
            shop.plays(alias, judges)
        await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id="t1"))
        await supervisor.ask(APPROVE, thread_id="t1")
        found = await supervisor.ask(STATUS, details=True)
        (row,) = [row for row in found.threads if row.thread_id == "t1"]
        assert row.details is not None
        *agents, person = [(one.by, one.verdict) for one in row.details.verdicts]
        assert sorted(agents) == [("r1", "approve"), ("r2", "approve")]
        assert person == ("operator", "approve")
        assert {one.source_thread for one in found.threads} == {None, "t1"}


async def test_open_threads_come_first_however_many_have_ended_since(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev"), agent("other")) as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id="open"))
        for number in range(4):
            await supervisor.chain(await supervisor.dispatch("other", "x", thread_id=f"t{number}"))
            await supervisor.close(f"t{number}")

        async def listed(**fields: object) -> list[str]:
            return [row.thread_id for row in (await supervisor.ask(STATUS, **fields)).threads]

        assert await listed(limit=2) == ["t3", "t2"]
        assert await listed(limit=2, open_first=True) == ["open", "t3"]
        assert await listed(limit=2, open_first=True, agent="other") == ["t3", "t2"]
        assert (await supervisor.ask(STATUS, limit=2, open_first=True)).total == 5


@pytest.mark.parametrize("open_first", [False, True])
async def test_threads_are_read_page_by_page_and_none_is_left_out(autojump_clock: MockClock, open_first: bool) -> None:
    async with open_workshop(agent("dev")) as shop, shop.supervisor() as supervisor:
        for number in range(5):
            await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id=f"t{number}"))
        await supervisor.close("t1")
        await supervisor.close("t3")
        whole = await supervisor.ask(STATUS, open_first=open_first)
        found: list[str] = []
        after: str | None = None
        while not found or after is not None:
            page = await supervisor.ask(STATUS, open_first=open_first, limit=2, after=after)
            found += [row.thread_id for row in page.threads]
            after = page.next_after
            assert page.total == 5
        assert found == [row.thread_id for row in whole.threads]
        assert whole.next_after is None
        with pytest.raises(RequestFailed, match="t9"):
            await supervisor.ask(STATUS, after="t9")


async def test_threads_are_found_by_words_that_are_said_of_them(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev"), agent("other")) as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "Mend the POOL of connections.", thread_id="t1"))
        told = await supervisor.dispatch("other", "x", thread_id="t2", summary="A pool too", batch="b7")
        await supervisor.chain(told)
        await supervisor.chain(await supervisor.dispatch("dev", "Something else.", thread_id="t3"))

        async def found(text: str, **fields: object) -> list[str]:
            answer = await supervisor.ask(STATUS, text=text, **fields)
            assert answer.total == len(answer.threads)
            return [row.thread_id for row in answer.threads]

        assert await found("Pool") == ["t2", "t1"]
        assert await found("pool connections") == ["t1"]
        assert await found("b7 other", open_first=True) == ["t2"]
        assert await found("nowhere") == []
        with pytest.raises(RequestFailed, match="too many"):
            await supervisor.ask(STATUS, text="x " * 21)


@pytest.mark.parametrize("limit", [1, 3, 7, 50])
async def test_pages_of_a_transcript_go_back_to_the_first_message(autojump_clock: MockClock, limit: int) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        for number in range(7):
            await supervisor.dispatch("dev", f"Note {number}", thread_id="t1", intent="note")
        whole = await supervisor.transcript("t1")
        assert (len(whole.messages), whole.earlier, whole.earlier_before) == (7, 0, None)
        found: list[str] = []
        before: str | None = None
        while True:
            page = await supervisor.ask(TRANSCRIPT, thread_id="t1", limit=limit, before=before)
            found = [one.body for one in page.messages] + found
            assert page.earlier == 7 - len(found)
            if page.earlier_before is None:
                break
            before = page.earlier_before
        assert found == [one.body for one in whole.messages]
        with pytest.raises(RequestFailed, match="no message reference"):
            await supervisor.ask(TRANSCRIPT, thread_id="t1", before="yesterday")
