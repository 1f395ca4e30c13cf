"""The list of tools: the one compas was built with, what a config adds to it, and where relays find it."""

import json
from pathlib import Path
from typing import Any

import pytest

from compas.gateway.listed import listed_tools
from compas.gateway.tool_list import Agent, tool_list
from compas.relay.tool_list import BUILT, ToolSet, built_tools, read_set, read_tools, write_tools

DEV = Agent(alias="dév", at_once=2)


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """Return where a supervisor leaves its list."""
    return tmp_path / "key.tools"


def names(tools: bytes) -> list[str]:
    """Return the names in a list on one line."""
    assert b"\n" not in tools
    return [tool["name"] for tool in json.loads(tools)]


def names_of(which: ToolSet) -> list[str]:
    """Return the names of a set."""
    return [tool["name"] for tool in tool_list((), which)]


@pytest.mark.parametrize("told", ["core", "all"])
@pytest.mark.parametrize("chosen", [None, "core", "all"])
def test_an_editor_is_told_of_the_set_of_the_config_unless_its_relay_was_started_for_another(
    left: Path, told: ToolSet, chosen: ToolSet | None
) -> None:
    write_tools(left, listed_tools((), told))
    assert names(read_tools(left, chosen)) == names_of(chosen or told)
    assert read_set(left, chosen) == (chosen or told)
    assert names(built_tools(chosen)) == names_of(chosen or "core")


def test_a_config_adds_its_agents(left: Path) -> None:
    write_tools(left, listed_tools((DEV,), "core"))
    (dispatch,) = (tool for tool in json.loads(read_tools(left)) if tool["name"] == "orch_dispatch")
    assert "dév 2" in dispatch["description"]


def test_a_list_is_its_users_alone_and_nothing_else_is_left_beside_it(left: Path) -> None:
    for _ in range(2):
        write_tools(left, listed_tools())
    assert left.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in left.parent.iterdir()] == ["key.tools"]


BROKEN: list[Any] = [b"", b"torn {", b"[]", b"{}", b'{"which":"core","core":[],"tools":[5]}', b"\xff", None]


@pytest.mark.parametrize("text", BROKEN)
def test_where_no_list_can_be_used_the_built_one_is_told(left: Path, text: bytes | None) -> None:
    if text is not None:
        left.write_bytes(text)
    assert read_tools(left) == built_tools()
    assert read_set(left) == "core"


def test_the_built_list_has_a_tool_on_each_line() -> None:
    assert len(BUILT.read_text().splitlines()) == len(names_of("all")) + 2
