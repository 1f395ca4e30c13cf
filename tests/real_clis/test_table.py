"""docs/backends.md shows what the tests hold against the CLIs."""

from compas.gateway.tried_clients import CELLS, ROWS
from tests.kit.places import REPOSITORY
from tests.real_clis import table
from tests.real_clis.install import CLIS


def test_the_document_shows_every_cli_and_scenario_as_it_is_tested() -> None:
    text = table.DOCUMENT.read_text()
    assert table.document(text) == text, "run tests/real_clis/table.py"
    assert len(table.rows()) - 2 >= 44


def test_the_documents_name_the_clients_that_are_tried_in_the_versions_they_are_tried_in() -> None:
    locked = dict(one.split("==") for one in (REPOSITORY / "requirements.lock").read_text().splitlines() if "==" in one)
    names = ("inspector", "claude", "codex", "gemini", "opencode")
    assert [row[1] for row in ROWS] == [locked["mcp"], *(CLIS[name].version for name in names)]
    assert {len(row) for row in ROWS} == {3 + len(CELLS)}
