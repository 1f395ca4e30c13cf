"""What a model may write, and what is refused by name."""

import pytest

from compas.api.activity import ExecutionEventsRequest
from compas.api.batches import AbandonBatchRequest, BatchStatusRequest
from compas.api.dispatch import DispatchRequest
from compas.api.figures import ToolStatsRequest
from compas.api.history import LogRequest
from compas.api.lifecycle import CloseMerge, CloseRequest
from compas.api.messages import ReadRequest
from compas.api.tasks import TasksRequest
from compas.api.threads import StatusRequest
from compas.api.waiting import WaitRequest
from compas.gateway.parameters import ParameterError, offered, read
from compas.gateway.tool import Tool
from compas.gateway.tools import BY_NAME, TOOLS, LogPart, WaitAsWell, WaitLimit

WAIT, DISPATCH = BY_NAME["orch_wait"], BY_NAME["orch_dispatch"]


# proves: b-mcp-cli-merge 34
@pytest.mark.parametrize("given", [{"timeout_secs": 300}, {"timeout_secs": "300"}, {"timeout": "+300"}])
def test_a_time_limit_may_be_a_number_or_one_in_quotes(given: dict[str, object]) -> None:
    assert read(WAIT, {"thread_id": "T", **given}).beside == WaitLimit(timeout_secs=300)


# proves: b-mcp-cli-merge 34
@pytest.mark.parametrize("given", [{}, {"timeout_secs": None}, {"timeout_secs": ""}])
def test_a_time_limit_may_be_left_out_or_empty(given: dict[str, object]) -> None:
    assert read(WAIT, {"thread_id": "T", **given}).beside == WaitLimit()


# proves: b-mcp-cli-merge 34
@pytest.mark.parametrize(
    "given", ["x", "1.5", 1.5, -1, "-1", True, [], "1e3", 10**9, "9" * 5000, float("inf"), float("nan")]
)
@pytest.mark.parametrize("tool", [WAIT, BY_NAME["orch_wait_merge"]], ids=lambda tool: tool.name)
def test_a_time_limit_that_is_none_is_refused_by_the_name_of_its_field(tool: Tool, given: object) -> None:
    required = {"thread_id": "T"} if tool is WAIT else {"op_id": "M"}
    with pytest.raises(ParameterError, match=r"^timeout_secs "):
        read(tool, {**required, "timeout_secs": given})


def test_who_asks_and_with_which_intent_need_not_be_said() -> None:
    given = read(DISPATCH, {"to": "dev", "body": "x", "batch": None})
    assert given.request == DispatchRequest(to="dev", body="x", sender="operator", intent="dispatch")
    assert given.beside == WaitAsWell()
    assert read(BY_NAME["orch_close"], {"thread_id": "T"}).request == CloseRequest(thread_id="T")


@pytest.mark.parametrize("given", [{}, True, {"target_branch": None}])
def test_a_thread_is_closed_with_a_merge_as_the_original_had_it(given: object) -> None:
    found = read(BY_NAME["orch_close"], {"thread_id": "T", "merge": given}).request
    assert found == CloseRequest(thread_id="T", merge=CloseMerge())


@pytest.mark.parametrize(
    ("tool", "given", "request_"),
    [
        (
            "orch_dispatch",
            {"agent": "dev", "body": "x", "batch_id": "B"},
            DispatchRequest(to="dev", body="x", batch="B"),
        ),
        ("orch_status", {"alias": "dev", "batch": "B"}, StatusRequest(agent="dev", batch_id="B")),
        ("orch_status", {"agent_alias": "dev", "limit": "5"}, StatusRequest(agent="dev", limit=5)),
        ("orch_wait", {"thread": "T", "since": "db:5"}, WaitRequest(thread_id="T", since_reference="db:5")),
        ("orch_wait", {"thread_id": "T", "since_reference": 5}, WaitRequest(thread_id="T", since_reference="5")),
        ("orch_wait", {"thread_id": "T", "await_chain": "true"}, WaitRequest(thread_id="T", await_chain=True)),
        ("orch_read_log", {"execution": "X", "offset": "7"}, LogRequest(execution_id="X", offset=7)),
        (
            "orch_execution_events",
            {"execution_id": "X", "since_event_index": 2},
            ExecutionEventsRequest(execution_id="X", after=2),
        ),
        ("orch_tasks", {"alias": "dev", "batch": "B"}, TasksRequest(agent="dev", batch_id="B")),
        ("orch_tool_stats", {"agent_alias": "dev"}, ToolStatsRequest(agent="dev")),
        ("orch_batch_status", {"batch": "B"}, BatchStatusRequest(batch_id="B")),
        ("orch_abandon_batch", {"batch": "B"}, AbandonBatchRequest(batch_id="B")),
        ("orch_read", {"reference": 5}, ReadRequest(reference="5")),
    ],
)
def test_names_and_forms_from_elsewhere_are_understood(tool: str, given: dict[str, object], request_: object) -> None:
    assert read(BY_NAME[tool], given).request == request_


# proves: b-mcp-cli-merge 138
@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_a_parameter_that_a_tool_does_not_know_is_refused_with_those_it_knows(tool: Tool) -> None:
    with pytest.raises(ParameterError, match=f"{tool.name} has no parameter bogus") as refused:
        read(tool, {"bogus": 1})
    assert all(one.wire_name in str(refused.value) for one in offered(tool))


def test_a_slip_of_the_keyboard_is_told_the_nearest_name() -> None:
    with pytest.raises(ParameterError, match="did you mean await_chain"):
        read(WAIT, {"thread_id": "T", "await_chan": True})


@pytest.mark.parametrize(
    ("tool", "given", "says"),
    [
        ("orch_dispatch", {"to": "dev"}, "needs body"),
        ("orch_dispatch", {}, "needs to and body"),
        ("orch_dispatch", {"to": None, "body": "x"}, "needs to"),
        ("orch_dispatch", {"to": "dev", "body": ["x"]}, "body of orch_dispatch has to be text, found a list;"),
        ("orch_dispatch", {"to": "dev", "agent": "dev", "body": "x"}, "to twice, once as agent"),
        (
            "orch_close",
            {"thread_id": "T", "status": "done"},
            "status of orch_close cannot be used: Invalid enum value 'done'",
        ),
        (
            "orch_close",
            {"thread_id": "T", "merge": {"into": "main"}},
            "merge of orch_close cannot be used: Object contains unknown",
        ),
        (
            "orch_wait",
            {"thread_id": "T", "await_chain": "yes"},
            "await_chain of orch_wait has to be true or false, found text;",
        ),
        ("orch_status", {"limit": 0}, "limit of orch_status has to be at least 1;"),
        ("orch_wait", {"thread_id": "T", "after": 5}, "has no parameter after"),
    ],
)
def test_what_is_missing_or_of_no_use_is_named(tool: str, given: dict[str, object], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        read(BY_NAME[tool], given)


def test_a_log_is_read_by_lines_and_at_least_one() -> None:
    log = BY_NAME["orch_read_log"]
    assert read(log, {"execution_id": "X", "tail": True}).beside == LogPart(limit=200, tail=True)
    with pytest.raises(ParameterError, match="limit of orch_read_log has to be at least 1;"):
        read(log, {"execution_id": "X", "limit": 0})
