"""The list of tools: the one compas was built with, what a config adds to it, and where relays find it."""

import json
from pathlib import Path
from typing import Any

from compas.relay.tool_list import BUILT, MOST_NAMES, built_tools, read_tools, tools_for, write_tools


def described(tools: bytes) -> tuple[str, list[dict[str, Any]]]:
    """Return what is said of the agent a task is given to, and all tools without that."""
    found = json.loads(tools)
    (dispatch,) = [tool for tool in found if tool["name"] == "orch_dispatch"]
    return dispatch["inputSchema"]["properties"]["to"].pop("description"), found


def test_a_config_adds_the_names_of_its_agents_and_nothing_else() -> None:
    plain, without = described(built_tools())
    said, rest = described(tools_for(["dev", "rév"]))
    assert (said, rest) == (f"{plain}: dev, rév", without)
    assert tools_for([]) == built_tools()


def test_of_very_many_agents_some_are_named() -> None:
    said, _ = described(tools_for([f"a{number}" for number in range(MOST_NAMES + 5)]))
    assert f"a{MOST_NAMES - 1} and 5 more, see orch_list_agents" in said
    assert f"a{MOST_NAMES}," not in said


def test_a_list_is_read_as_it_was_written_by_its_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "key.tools"
    assert read_tools(path) == built_tools()
    for tools in (b'[{"name":"one"}]', b"[]"):
        write_tools(path, tools)
        assert read_tools(path) == tools
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["key.tools"]
    path.write_bytes(b"torn [")
    assert read_tools(path) == built_tools()


def test_the_built_list_has_a_tool_on_each_line() -> None:
    names = [tool["name"] for tool in json.loads(BUILT.read_bytes())]
    assert len(BUILT.read_text().splitlines()) == len(names) + 2
