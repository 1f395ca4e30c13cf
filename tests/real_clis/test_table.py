"""docs/backends.md shows what the tests hold against the CLIs."""

from tests.real_clis import table


def test_the_document_shows_every_cli_and_scenario_as_it_is_tested() -> None:
    text = table.DOCUMENT.read_text()
    assert table.document(text) == text, "run tests/real_clis/table.py"
    assert len(table.rows()) - 2 >= 44
