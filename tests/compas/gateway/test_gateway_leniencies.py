"""A form that is lenient means the same as the strict one, and one that could mean two things is refused by name."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compas.api.activity import ExecutionEventsRequest
from compas.api.batches import BatchStatusRequest
from compas.api.lifecycle import CloseMerge, CloseRequest
from compas.api.operation import Parameter
from compas.api.tasks import TasksRequest
from compas.api.waiting import WaitMergeRequest, WaitRequest
from compas.gateway.parameters import SYNONYMS, ParameterError, is_object, offered, read
from compas.gateway.tool import Tool
from compas.gateway.tools import BY_NAME, TOOLS

Arguments = dict[str, object]
CLOSE, TASKS, EVENTS = BY_NAME["orch_close"], BY_NAME["orch_tasks"], BY_NAME["orch_execution_events"]


def strict_value(parameter: Parameter) -> st.SearchStrategy[object]:
    """Return values of a parameter in the form that its schema asks for."""
    if parameter.choices:
        return st.sampled_from(parameter.choices)
    if parameter.type is bool:
        return st.booleans()
    if parameter.type in (int, float):
        return st.integers(1, 1000)
    if is_object(parameter):
        return st.fixed_dictionaries({}, optional={"target_branch": st.just("main"), "force": st.booleans()})
    return st.text("abc:1", min_size=1, max_size=6)


@st.composite
def strict_call(draw: st.DrawFn, tool: Tool) -> Arguments:
    """Return arguments of a tool in the strict form."""
    given_ones = [one for one in offered(tool) if one.required or draw(st.booleans())]
    return {one.wire_name: draw(strict_value(one)) for one in given_ones}


def camel(name: str) -> str:
    """Write a name with humps."""
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)


SPELLINGS: tuple[Callable[[str], str], ...] = (str, camel, lambda name: name.replace("_", "-"))


@st.composite
def loosened(draw: st.DrawFn, tool: Tool, strict: Arguments) -> Arguments:
    """Write a strict call leniently, in any of the ways that are understood."""
    names = {one.wire_name for one in offered(tool)}
    found: Arguments = {}
    for name, value in strict.items():
        others = sorted({other for group in SYNONYMS if name in group for other in group} - names)
        written = draw(st.sampled_from(SPELLINGS))(draw(st.sampled_from([name, *others])))
        found[written] = draw(st.sampled_from([value, loose_value(value)]))
    absent = sorted(names - strict.keys())
    return found | dict.fromkeys(draw(st.lists(st.sampled_from(absent))) if absent else [])


def loose_value(value: object) -> object:
    """Write a value as a string."""
    match value:
        case bool():
            return str(value)
        case int():
            return f" {value}"
        case dict():
            return json.dumps({camel(name): inner for name, inner in value.items()} | {"strategy": None})
    return value


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
@given(data=st.data())
def test_a_lenient_form_means_the_same_as_the_strict_one(tool: Tool, data: st.DataObject) -> None:
    strict = data.draw(strict_call(tool))
    lenient = data.draw(loosened(tool, strict))
    assert read(tool, lenient) == read(tool, strict)


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
@given(data=st.data())
def test_what_is_given_under_two_names_is_refused_by_its_name(tool: Tool, data: st.DataObject) -> None:
    strict = data.draw(strict_call(tool))
    twice = [name for name in strict if "_" in name]
    for name in twice:
        with pytest.raises(ParameterError, match=f"{tool.name} was given {name} twice, once as {camel(name)}"):
            read(tool, {**strict, camel(name): strict[name]})


@pytest.mark.parametrize(
    ("tool", "request_"),
    [
        ("orch_wait", WaitRequest(thread_id="X")),
        ("orch_close", CloseRequest(thread_id="X")),
        ("orch_execution_events", ExecutionEventsRequest(execution_id="X")),
        ("orch_wait_merge", WaitMergeRequest(op_id="X")),
        ("orch_batch_status", BatchStatusRequest(batch_id="X")),
    ],
)
def test_an_id_is_what_the_tool_cannot_do_without(tool: str, request_: object) -> None:
    assert read(BY_NAME[tool], {"id": "X"}).request == request_


@pytest.mark.parametrize("tool", ["orch_status", "orch_merge_status", "orch_dispatch", "orch_read", "orch_metrics"])
def test_an_id_that_could_be_of_this_or_that_is_refused(tool: str) -> None:
    with pytest.raises(ParameterError, match=f"{tool} has no parameter id"):
        read(BY_NAME[tool], {"id": "X"})


@pytest.mark.parametrize(
    ("given_merge", "merge"),
    [
        ('{"target_branch": "main", "strategy": "squash"}', CloseMerge(target_branch="main", strategy="squash")),
        ({"target": "main", "force": "true"}, CloseMerge(target_branch="main", force=True)),
        ('{"targetBranch": null}', CloseMerge()),
        ("{}", CloseMerge()),
        ("true", CloseMerge()),
        ("", None),
        ("null", None),
        ("false", None),
        (False, None),
        (None, None),
    ],
)
def test_a_merge_may_be_written_as_a_string(given_merge: object, merge: CloseMerge | None) -> None:
    assert read(CLOSE, {"thread_id": "T", "merge": given_merge}).request == CloseRequest(thread_id="T", merge=merge)


@pytest.mark.parametrize("given_merge", ["main", "[]", [], 1, "{", '"main"', "[" * 100_000, "\ud800"])
def test_what_is_no_object_is_refused_by_the_name_of_its_parameter(given_merge: object) -> None:
    with pytest.raises(ParameterError, match=r"^merge of orch_close has to be an object, found "):
        read(CLOSE, {"thread_id": "T", "merge": given_merge})


def test_a_field_of_an_object_that_is_given_twice_is_refused_by_its_name() -> None:
    with pytest.raises(ParameterError, match="merge of orch_close was given target_branch twice, once as target"):
        read(CLOSE, {"thread_id": "T", "merge": {"target_branch": "main", "target": "next"}})


@pytest.mark.parametrize("limit", [1000, 5000, "999999"])
def test_a_limit_above_the_most_is_lowered_to_it(limit: object) -> None:
    assert read(TASKS, {"limit": limit}).request == TasksRequest(limit=1000)


@pytest.mark.parametrize(("given_time", "since"), [(7, 7), ("7", 7), (None, 0), ("", 0)])
def test_events_are_asked_for_from_a_time_on(given_time: object, since: int) -> None:
    found = read(EVENTS, {"execution_id": "X", "since_timestamp": given_time}).request
    assert found == ExecutionEventsRequest(execution_id="X", since_timestamp=since)
