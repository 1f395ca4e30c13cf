"""The README's table of commands names every command."""

import re

from compas.cli.catalogue import commands
from tests.kit.places import REPOSITORY

README = REPOSITORY / "README.md"


def test_the_readme_names_every_command_and_no_other() -> None:
    table = README.read_text(encoding="utf-8").partition("\n## Commands\n")[2].partition("\n\n`compas COMMAND")[0]
    rows = [line.split(" | ")[0] for line in table.splitlines() if line.startswith("| `")]
    named = {word for row in rows for word in re.findall(r"`([a-z-]+)[^`]*`", row)}
    assert named | {"worker"} == commands().keys()
