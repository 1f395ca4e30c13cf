"""Which tools a client is told of: few by default, all where the config or the client's start says so, and small."""

import msgspec
import pytest
from trio.testing import MockClock

from compas.domain.advice import advise, say
from compas.domain.specs import ToolSet
from compas.gateway.tool import Tool
from compas.gateway.tool_list import MOST_AGENTS, Agent, describe, tool_list
from compas.gateway.tools import BY_NAME, BY_OPERATION, TOOLS
from compas.gateway.wording import in_tools
from compas.relay.instructions import INSTRUCTIONS
from tests.kit.gateway.in_process import ERAS, LEGACY, open_model
from tests.kit.orchestrator.actor_workshop import agent

AGENTS = tuple(Agent(alias=alias, at_once=places) for alias, places in (("dev", 2), ("reviewer", 1), ("dev-codex", 1)))
TOKENS: dict[ToolSet, int] = {"core": 2_500, "all": 6_000}
"""What a list may cost each conversation of each client, at about four bytes a token."""
CORE = [tool.name for tool in TOOLS if tool.is_core]

both_eras = pytest.mark.parametrize("era", ERAS)


@pytest.mark.parametrize("which", TOKENS)
def test_the_list_of_a_set_stays_small(which: ToolSet) -> None:
    assert len(msgspec.json.encode(tool_list(AGENTS, which))) / 4 <= TOKENS[which]


def test_the_core_has_what_a_task_needs_from_its_dispatch_to_its_end() -> None:
    named = {word.strip(".,:;()`") for word in INSTRUCTIONS.split()}
    assert {word for word in named if word.startswith("orch_")} <= set(CORE)
    assert [tool["name"] for tool in tool_list((), "all")] == [tool.name for tool in TOOLS]
    assert [tool["name"] for tool in tool_list((), "core")] == CORE


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_every_tool_has_a_title_of_its_own_and_says_whether_it_changes_something(tool: Tool) -> None:
    (listed,) = (one for one in tool_list((), "all") if one["name"] == tool.name)
    assert [one.title for one in TOOLS].count(tool.title) == 1
    hints = listed["annotations"]
    assert listed["title"] == tool.title
    assert hints["readOnlyHint"] is (tool.operation.kind != "write")
    if hints["readOnlyHint"]:
        assert "destructiveHint" not in hints
        assert hints.get("openWorldHint", True) is (tool.name == "orch_health")
    else:
        assert hints["destructiveHint"] is tool.destructive
        assert hints.get("idempotentHint", False) is tool.idempotent
        assert "openWorldHint" not in hints, "Codex would run it without asking"


def test_a_dispatch_names_the_agents_and_how_much_each_takes_at_once() -> None:
    dispatch = BY_OPERATION["dispatch"]
    assert describe(dispatch, ()) == dispatch.doc
    assert describe(dispatch, AGENTS).endswith("at once: dev 2, reviewer 1, dev-codex 1.")
    assert describe(BY_OPERATION["wait"], AGENTS) == BY_OPERATION["wait"].doc


def test_of_very_many_agents_a_dispatch_names_the_first_and_says_where_the_others_are() -> None:
    many = [Agent(alias=f"a{number}", at_once=1) for number in range(MOST_AGENTS + 2)]
    told = describe(BY_OPERATION["dispatch"], many)
    assert f"a{MOST_AGENTS - 1} 1 and 2 more, see orch_list_agents." in told
    assert f"a{MOST_AGENTS}" not in told


def test_what_is_advised_and_not_listed_is_written_as_a_command() -> None:
    said = say(advise("reopen", thread_id="t1"), " or ", advise("close", thread_id="t1"))
    assert in_tools(said, "core") == 'compas reopen t1 or orch_close(thread_id="t1")'
    assert in_tools(said, "all") == 'orch_reopen(thread_id="t1") or orch_close(thread_id="t1")'


@both_eras
async def test_a_client_is_told_of_the_core_and_may_call_every_tool(autojump_clock: MockClock, era: str) -> None:
    async with open_model(agent("dev", max_concurrent=3), agent("human", role="operator"), era=era) as model:
        listed = (await model.client.list_tools()).tools
        assert [tool.name for tool in listed] == CORE
        assert listed[0].title == "Dispatch a task"
        assert (listed[0].description or "").endswith("each takes at once: dev 3.")
        assert all(tool.output_schema is None for tool in listed)
        unlisted = next(tool.name for tool in TOOLS if not tool.is_core)
        assert unlisted in BY_NAME
        assert (await model.call("orch_worktrees"))["worktrees"] == []
        assert (await model.call("orch_list_agents"))["tools"] == "core"


@both_eras
async def test_the_config_decides_which_tools_are_listed_and_the_clients_start_decides_over_it(
    autojump_clock: MockClock, era: str
) -> None:
    async with open_model(tools="all", era=era) as model:
        assert len((await model.client.list_tools()).tools) == len(TOOLS)
    async with open_model(tools="all", chosen="core", era=era) as model:
        assert [tool.name for tool in (await model.client.list_tools()).tools] == CORE


async def test_a_changed_config_changes_what_is_listed_next(autojump_clock: MockClock) -> None:
    async with open_model(era=LEGACY) as model:
        assert len((await model.client.list_tools()).tools) == len(CORE)
        model.supervisor.config_file.save(msgspec.structs.replace(model.shop.config, tools="all"))
        await model.supervisor.reload()
        assert len((await model.client.list_tools()).tools) == len(TOOLS)
