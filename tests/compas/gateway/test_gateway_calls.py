"""What a model gets from the tools: through the whole gateway and a whole supervisor, on the virtual clock."""

import pytest
import trio
from mcp.shared.exceptions import MCPError
from trio.testing import MockClock

from compas.gateway.tools import TOOLS
from compas.relay.instructions import INSTRUCTIONS
from tests.kit.gateway.in_process import ERAS, LEGACY, open_model
from tests.kit.orchestrator.actor_workshop import agent
from tests.kit.orchestrator.troupe import Turn


async def commits(turn: Turn) -> None:
    """Commit a file and answer."""
    turn.commit("did it", file_txt="new")
    await turn.reply("committed")


both_eras = pytest.mark.parametrize("era", ERAS)


@both_eras
async def test_a_client_of_either_era_finds_all_tools_and_what_to_do_with_them(
    autojump_clock: MockClock, era: str
) -> None:
    async with open_model(era=era, tools="all") as model:
        listed = (await model.client.list_tools()).tools
        assert [tool.name for tool in listed] == [tool.name for tool in TOOLS]
        assert model.client.instructions == INSTRUCTIONS
        assert model.client.server_info.name == "compas"


@both_eras
async def test_a_task_goes_from_dispatch_through_review_to_merge_and_close(autojump_clock: MockClock, era: str) -> None:
    async with open_model(agent("dev", to="reviewer", workspace="worktree"), agent("reviewer"), era=era) as model:
        model.shop.plays("dev", commits)
        (dev, _) = (await model.call("orch_list_agents"))["agents"]
        assert (dev["alias"], dev["handoff_to"], dev["await_chain_recommended"]) == ("dev", "reviewer", True)
        posted = await model.call("orch_dispatch", to="dev", body="do it")
        thread = posted["thread_id"]
        call = f'orch_wait(thread_id="{thread}", since_reference="{posted["reference"]}", await_chain=true)'
        assert call in posted["next_step"]
        answer = await model.call(
            "orch_wait", thread_id=thread, since_reference=posted["reference"], await_chain=posted["await_chain"]
        )
        assert (answer["found"], answer["from"]) == (True, "reviewer")
        assert "completed merge" in await model.refused("orch_close", thread_id=thread)
        merge = await model.call("orch_merge", thread_id=thread)
        assert merge["next_step"].startswith(f'orch_wait_merge(op_id="{merge["op_id"]}"')
        merged = await model.call("orch_wait_merge", op_id=merge["op_id"])
        assert (merged["status"], merged["next_step"]) == ("completed", f'orch_close(thread_id="{thread}")')
        assert (await model.call("orch_close", thread_id=thread))["status"] == "Completed"
        (row,) = (await model.call("orch_status", thread_id=thread))["threads"]
        assert row["thread_status"] == "Completed"
        assert len((await model.call("orch_transcript", thread_id=thread))["messages"]) >= 3
        assert (await model.call("orch_why", thread_id=thread))["thread_status"] == "Completed"
        assert (await model.call("orch_health"))["state"] == "ready"


async def test_a_dispatch_may_wait_for_the_answer_of_the_whole_chain(autojump_clock: MockClock) -> None:
    async with open_model(agent("dev", to="reviewer"), agent("reviewer")) as model:
        done = await model.call("orch_dispatch", to="dev", body="5 seconds of work", wait=True)
        assert (done["answer"]["found"], done["answer"]["from"]) == (True, "reviewer")
        assert "orch_wait" not in done["next_step"]


async def test_a_dispatch_whose_wait_runs_out_says_how_to_go_on(autojump_clock: MockClock) -> None:
    async with open_model() as model:
        late = await model.call("orch_dispatch", to="dev", body="50 seconds of work", wait=True, timeout_secs="20")
        assert (late["answer"]["found"], late["answer"]["reason"]) == (False, "timeout")
        assert late["next_step"].startswith(f'orch_wait(thread_id="{late["thread_id"]}"')


# proves: b-mcp-cli-merge 31, b-mcp-cli-merge 32
@pytest.mark.parametrize(("chain", "longest"), [(False, 32), (True, 36)])
async def test_a_wait_lasts_no_longer_than_the_agents_may_take_and_says_so(
    autojump_clock: MockClock, chain: bool, longest: int
) -> None:
    async with open_model(agent("human", role="operator"), execution_timeout_secs=2) as model:
        await model.supervisor.dispatch("human", "x", thread_id="t1")
        began = trio.current_time()
        answer = await model.call("orch_wait", thread_id="t1", timeout_secs=5000, await_chain=chain)
        assert trio.current_time() - began == pytest.approx(longest)
        assert (answer["found"], answer["clamped"]) == (False, True)
        assert (answer["requested_timeout_secs"], answer["effective_timeout_secs"]) == (5000, longest)
        assert "5000 s" in answer["hint"]
        assert f"{longest} s" in answer["hint"]
        assert answer["timeout_secs"] == longest


# proves: b-mcp-cli-merge 33
@pytest.mark.parametrize("requested", [32, None])
async def test_a_wait_for_as_long_as_it_may_take_is_not_called_shortened(
    autojump_clock: MockClock, requested: int | None
) -> None:
    async with open_model(agent("human", role="operator"), execution_timeout_secs=2) as model:
        await model.supervisor.dispatch("human", "x", thread_id="t1")
        answer = await model.call("orch_wait", thread_id="t1", timeout_secs=requested)
        assert (answer["found"], answer["timeout_secs"]) == (False, 32)
        assert not answer.keys() & {"clamped", "requested_timeout_secs", "effective_timeout_secs", "hint"}


async def test_an_agent_that_may_take_longer_lets_waits_take_longer(autojump_clock: MockClock) -> None:
    async with open_model(agent("slow", timeout_secs=1200), execution_timeout_secs=600) as model:
        posted = await model.call("orch_dispatch", to="slow", body="1100 seconds of work")
        assert (await model.call("orch_wait", thread_id=posted["thread_id"]))["found"]


# proves: b-mcp-cli-merge 35
@both_eras
async def test_a_client_that_asks_for_progress_hears_it_every_ten_seconds(autojump_clock: MockClock, era: str) -> None:
    heard: list[tuple[float, float, float | None, str | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append((trio.current_time() - began, progress, total, message))

    async with open_model(agent("human", role="operator"), era=era) as model:
        await model.supervisor.dispatch("human", "x", thread_id="t1")
        began = trio.current_time()
        await model.client.call_tool("orch_wait", {"thread_id": "t1", "timeout_secs": 25}, progress_callback=hear)
        assert [(round(at), progress, total) for at, progress, total, _ in heard] == [(10, 10, 25), (20, 20, 25)]
        assert "t1" in (heard[0][3] or "")


# proves: b-mcp-cli-merge 36
@both_eras
async def test_a_client_that_does_not_ask_for_progress_hears_none(autojump_clock: MockClock, era: str) -> None:
    notified: list[object] = []
    async with open_model(agent("human", role="operator"), era=era, notified=notified) as model:
        await model.supervisor.dispatch("human", "x", thread_id="t1")
        await model.call("orch_wait", thread_id="t1", timeout_secs=35)
        assert notified == []
        if era == LEGACY:  # in the other era a client's progress is not a message of its own
            wait = {"thread_id": "t1", "timeout_secs": 35}
            await model.client.call_tool("orch_wait", wait, progress_callback=heard_by_nobody)
            assert len(notified) == 3


async def heard_by_nobody(progress: float, total: float | None, message: str | None) -> None:
    """Ask for progress."""


async def test_a_wait_for_a_merge_reports_progress_too(autojump_clock: MockClock) -> None:
    heard: list[tuple[float, float | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, total))

    async with open_model(agent("dev", workspace="worktree")) as model:
        model.shop.plays("dev", commits)
        thread = (await model.call("orch_dispatch", to="dev", body="x", wait=True))["thread_id"]
        held = trio.Event()
        model.shop.git.held["PrepareMerge"] = [held]
        op = (await model.call("orch_merge", thread_id=thread))["op_id"]
        waiting = {"op_id": op, "timeout_secs": 25}
        result = await model.client.call_tool("orch_wait_merge", waiting, progress_callback=hear)
        assert result.structured_content["found"] is False
        assert heard == [(10, 25), (20, 25)]
        held.set()
        assert (await model.call("orch_wait_merge", op_id=op))["status"] == "completed"


# proves: b-mcp-cli-merge 37
@both_eras
async def test_a_wait_that_the_client_cancels_ends_at_the_supervisor_too(autojump_clock: MockClock, era: str) -> None:
    heard: list[float] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append(progress)

    async with open_model(agent("human", role="operator"), era=era) as model:
        await model.supervisor.dispatch("human", "x", thread_id="t1")
        with trio.move_on_after(15) as patience:
            await model.client.call_tool("orch_wait", {"thread_id": "t1"}, progress_callback=hear)
        assert patience.cancelled_caught
        assert heard == [10]
        assert (await model.call("orch_health"))["clients"] == 1, "nobody but this very call"
        await trio.sleep(60)
        assert heard == [10]


async def test_what_no_tool_can_do_is_refused_in_words_that_speak_of_tools(autojump_clock: MockClock) -> None:
    async with open_model() as model:
        assert "`orch_status` lists them" in await model.refused("orch_why", thread_id="nobody")
        assert "there are: dev" in await model.refused("orch_dispatch", to="nobody", body="x")
        assert "did you mean thread_id" in await model.refused("orch_wait", thred_id="t1")
        assert await model.shop.events() == ()


@both_eras
async def test_a_tool_that_does_not_exist_is_an_error_of_the_protocol(autojump_clock: MockClock, era: str) -> None:
    async with open_model(era=era) as model:
        with pytest.raises(MCPError, match="no tool 'orch_stop'; there are: orch_dispatch, ") as caught:
            await model.client.call_tool("orch_stop", {})
        assert caught.value.code == -32602


async def test_events_are_read_page_by_page(autojump_clock: MockClock) -> None:
    async with open_model() as model:
        await model.call("orch_dispatch", to="dev", body="x", thread_id="t1", wait=True)
        seen: list[str] = []
        after, more = 0, True
        while more:
            page = await model.call("orch_events", thread_id="t1", after=after, limit=2)
            seen += [event["type"] for event in page["events"]]
            assert len(page["events"]) <= 2
            after, more = page["next_after"], page["more"]
        assert seen[0] == "thread.opened"
        assert len(seen) == len(await model.shop.events("t1"))


@both_eras
async def test_many_waits_may_be_open_at_once(autojump_clock: MockClock, era: str) -> None:
    async with open_model(max_triggers_per_agent=10, effective_concurrency=10, era=era) as model:
        found: list[bool] = []

        async def ask(number: int) -> None:
            body = f"{number} seconds of work"
            found.append((await model.call("orch_dispatch", to="dev", body=body, wait=True))["answer"]["found"])

        async with trio.open_nursery() as nursery:
            for number in range(1, 11):
                nursery.start_soon(ask, number)
        assert found == [True] * 10


async def test_what_a_diagnosis_advises_is_told_as_calls_of_tools(autojump_clock: MockClock) -> None:
    async with open_model(agent("dev", workspace="worktree"), tools="all") as model:
        await model.call("orch_dispatch", to="dev", body="x", thread_id="t1", wait=True)
        found = await model.call("orch_diagnose", thread_id="t1")
        assert found["suggestions"] == ['orch_diff(thread_id="t1"), then orch_merge(thread_id="t1"), or dispatch again']
        await model.call("orch_close", thread_id="t1")
        (advice,) = (await model.call("orch_diagnose", thread_id="t1"))["suggestions"]
        assert advice == 'nothing is left to do; orch_reopen(thread_id="t1") takes it up again'
        reopened = await model.call("orch_reopen", thread_id="t1")
        assert reopened["next_step"] == 'orch_dispatch(to=AGENT, body=TEXT, thread_id="t1")'
