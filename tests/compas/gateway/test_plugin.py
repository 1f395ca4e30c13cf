"""The plugin and its skill speak of what there is."""

import re

import msgspec
import pytest

from compas.cli.catalogue import commands
from compas.gateway.tools import BY_NAME
from compas.setup.skill.placing import skill_text
from tests.kit.places import REPOSITORY

PLUGIN = REPOSITORY / "docs" / "plugin"
SKILL = (PLUGIN / "skills" / "orchestrate" / "SKILL.md").read_text()
MOST_CHARACTERS = 4000
"""Of the skill: a model reads all of it whenever it is used."""


def test_the_skill_of_the_plugin_is_the_one_that_other_editors_get() -> None:
    assert skill_text() == SKILL


def test_the_hook_runs_a_command_that_there_is() -> None:
    hooks = msgspec.json.decode((PLUGIN / "hooks" / "hooks.json").read_bytes())["hooks"]
    (start,) = [hook for entry in hooks["SessionStart"] for hook in entry["hooks"]]
    program, command, *options = start["command"].partition(" 2>")[0].split()
    assert (program, command in commands()) == ("compas", True)
    assert "--quiet" in options


def test_the_skill_names_only_tools_that_there_are_and_parameters_that_they_take() -> None:
    named = set(re.findall(r"\borch_\w+", SKILL)) - {"orch_"}
    assert len(named) > 10
    assert named <= BY_NAME.keys()
    for tool, given in re.findall(r"(orch_\w+)\(([^)]*)\)", SKILL):
        fields = {field.encode_name for field in msgspec.structs.fields(BY_NAME[tool].operation.request)}
        assert set(re.findall(r"(\w+)=", given)) <= fields, tool


def test_the_skill_says_when_to_use_it_and_is_short() -> None:
    head = SKILL.split("---\n")[1]
    assert "name: orchestrate\n" in head
    assert re.search(r"^description: .{100,500}$", head, re.MULTILINE)
    assert len(SKILL) < MOST_CHARACTERS


@pytest.mark.parametrize(
    ("file", "found"),
    [
        (".mcp.json", {"mcpServers": {"compas": {"command": "compas", "args": ["mcp-server"]}}}),
        (".claude-plugin/plugin.json", {"name": "compas"}),
        ("hooks/hooks.json", {}),
    ],
)
def test_the_files_of_the_plugin_are_json_and_name_compas(file: str, found: dict[str, object]) -> None:
    read = msgspec.json.decode((PLUGIN / file).read_bytes())
    assert read.items() >= found.items()


def test_the_marketplace_offers_the_plugin_where_it_is() -> None:
    market = msgspec.json.decode((REPOSITORY / ".claude-plugin" / "marketplace.json").read_bytes())
    (offered,) = market["plugins"]
    assert (REPOSITORY / offered["source"]).resolve() == PLUGIN
