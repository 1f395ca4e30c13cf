"""The page of commands names every command, in the groups of `compas help`."""

import re

from compas.cli.catalogue import commands, groups
from tests.kit.places import REPOSITORY

PAGE = REPOSITORY / "docs" / "commands.md"
README = REPOSITORY / "README.md"


def test_the_page_has_every_command_below_the_title_that_help_gives_it() -> None:
    known = commands().keys()
    written: dict[str, set[str]] = {}
    for part in PAGE.read_text(encoding="utf-8").split("\n## ")[1:-1]:
        title, _, table = part.partition("\n")
        rows = [line.split(" | ")[0] for line in table.splitlines() if line.startswith("| `")]
        written[title.lower()] = {word for row in rows for word in re.findall(r"`([a-z-]+)[^`]*`", row)}
    assert set().union(*written.values()) | {"worker"} == known
    for title, names in groups(known):
        assert written[title] >= set(names) - {"worker"}


def test_the_readme_is_short_and_names_commands_that_exist() -> None:
    text = README.read_text(encoding="utf-8")
    assert len(text.split()) <= 900
    fenced = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))
    named = {*re.findall(r"^compas ([a-z-]+)", fenced, re.MULTILINE), *re.findall(r"`compas ([a-z-]+)", text)}
    assert named <= commands().keys() | {"help"}
