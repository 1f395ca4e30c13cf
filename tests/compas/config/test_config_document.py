"""docs/config.md says what the schema says."""

from pathlib import Path

from compas.config.document import document, main
from compas.config.schema.declared import keys
from compas.config.schema.file import ConfigFile
from compas.config.schema.orchestration import Orchestration
from tests.kit.places import REPOSITORY


def test_the_document_is_current() -> None:
    assert (REPOSITORY / "docs/config.md").read_text(encoding="utf-8") == document(), (
        "docs/config.md is out of date; run: python -m compas.config.document"
    )


def test_every_key_is_documented_with_its_range_and_when_it_is_used() -> None:
    text = document()
    for section in (ConfigFile, Orchestration):
        for name in keys(section):
            assert f"| `{name}` |" in text
    assert "| `max_chain_depth` | a whole number from 1 to 20 | 3 |" in text
    state_dir = next(line for line in text.splitlines() if line.startswith("| `state_dir`"))
    assert state_dir.endswith("| after a restart |")
    budgets = next(line for line in text.splitlines() if line.startswith("| `budgets`"))
    assert budgets.endswith("| not yet |")


def test_the_document_is_written_where_it_is_asked_for(tmp_path: Path) -> None:
    target = tmp_path / "c.md"
    assert main([str(target)]) == 0
    assert target.read_text(encoding="utf-8") == document()
