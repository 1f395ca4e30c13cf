"""What clients are told of the tools is complete, small, and the same as the document."""

from pathlib import Path

import msgspec
import pytest

from compas.api.catalogue import OPERATIONS
from compas.gateway.document import document, main
from compas.gateway.parameters import offered
from compas.gateway.schema import input_schema, output_schema, without_nulls
from compas.gateway.tool import Tool
from compas.gateway.tools import BY_NAME, BY_OPERATION, TOOLS
from compas.relay.instructions import INSTRUCTIONS
from tests.kit.places import REPOSITORY

every_tool = pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)


def test_every_operation_but_those_for_the_operator_alone_is_a_tool() -> None:
    changing = {"schedule_run", "schedule_pause", "schedule_resume", "schedule_reset"}
    alone = {operation.name for operation in OPERATIONS} - BY_OPERATION.keys()
    assert alone == {
        "cancel",
        "hook_test",
        "prune",
        "stop",
        "reload",
        "settings",
        "dashboard_commands",
        "costs",
        "executions",
        *changing,
    }
    assert all(name.startswith("orch_") for name in BY_NAME)


@every_tool
def test_every_parameter_of_a_tool_is_described_and_no_other_is_let_in(tool: Tool) -> None:
    schema = input_schema(tool)
    assert (schema["type"], schema["additionalProperties"]) == ("object", False)
    assert list(schema["properties"]) == [one.wire_name for one in offered(tool)]
    assert all(one["description"] and isinstance(one["type"], str) for one in schema["properties"].values())
    assert set(schema.get("required", ())) == {one.wire_name for one in offered(tool) if one.required}


@every_tool
def test_every_answer_is_an_object_in_which_nothing_is_null(tool: Tool) -> None:
    schema = output_schema(tool)
    assert schema["type"] == "object"
    assert '"null"' not in msgspec.json.encode(schema).decode()


def test_what_has_no_value_is_left_out_of_an_answer() -> None:
    assert without_nulls({"a": None, "b": [{"c": None, "d": 0}], "e": ""}) == {"b": [{"d": 0}], "e": ""}


def test_a_read_promises_to_change_nothing_and_only_what_gives_up_or_removes_is_called_destructive() -> None:
    assert {tool.name for tool in TOOLS if not tool.is_read_only} == {
        *("orch_dispatch", "orch_commit", "orch_merge", "orch_merge_cancel", "orch_close", "orch_abandon"),
        *("orch_reopen", "orch_abandon_batch", "orch_worktree_remove", "orch_verdict"),
        *("orch_approve", "orch_request_changes"),
    }
    destructive = [tool.name for tool in TOOLS if tool.destructive]
    assert sorted(destructive) == ["orch_abandon", "orch_abandon_batch", "orch_worktree_remove"]


def test_what_every_model_reads_stays_small() -> None:
    read = [INSTRUCTIONS, *(tool.doc for tool in TOOLS), *(msgspec.json.encode(input_schema(tool)) for tool in TOOLS)]
    assert sum(map(len, read)) < 17_000, "about four bytes are a token, for every conversation of every client"


def test_the_instructions_name_only_tools_that_exist() -> None:
    words = {word.strip(".,:;()`") for text in (INSTRUCTIONS, *(tool.doc for tool in TOOLS)) for word in text.split()}
    assert {word for word in words if word.startswith("orch_")} <= BY_NAME.keys()


def test_the_document_of_the_tools_is_current() -> None:
    assert (REPOSITORY / "docs/mcp-tools.md").read_text(encoding="utf-8") == document(), (
        "docs/mcp-tools.md is out of date; run: python -m compas.gateway.document"
    )


def test_the_document_of_the_tools_is_written_where_it_is_asked_for(tmp_path: Path) -> None:
    target = tmp_path / "t.md"
    assert main([str(target)]) == 0
    assert target.read_text(encoding="utf-8") == document()
