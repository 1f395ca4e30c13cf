"""docs/semantics.md promises nothing that no test proves."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parent
DOCUMENT = TESTS.parent.parent / "docs" / "semantics.md"
REFERENCE = re.compile(r"`(test_\w+\.py)::(\w+)`")


def promises() -> list[str]:
    """Return the list items of the document, each with the references after it."""
    return re.split(r"^- ", DOCUMENT.read_text("utf-8"), flags=re.MULTILINE)[1:]


def names_in(file: str) -> set[str]:
    """Return the tests a file defines: functions, and the cases of state machines."""
    names: set[str] = set()
    for node in ast.parse((TESTS / file).read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return {name for name in names if name.lower().startswith("test")}


def test_every_promise_names_a_test() -> None:
    assert promises()
    assert [promise for promise in promises() if not REFERENCE.search(promise)] == []


def test_every_named_test_exists() -> None:
    named = {match for promise in promises() for match in REFERENCE.findall(promise)}
    assert [f"{file}::{name}" for file, name in sorted(named) if name not in names_in(file)] == []
