"""What the log can hold and what is made of it, in short, together with the numbers that tell compas of a change.

`python -m tests.architecture.recorded_forms` records the present forms, where their numbers have been raised.
"""

import ast
import hashlib
import inspect
import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from compas.domain.events import Event
from compas.store.migrate import LOG_APPLICATION_ID, load_schema
from compas.store.projections.catalogue import PROJECTIONS
from compas.store.projector import Projection

FILE = Path(__file__).parents[1] / "data" / "forms.json"
EVENTS = "events"

Forms = dict[str, tuple[int, str]]
"""By name: the number, and the fingerprint of what the number stands for."""


def present() -> Forms:
    """Return the forms of this source: of the events with the schema's number, of each read model with its version."""
    number = load_schema(LOG_APPLICATION_ID, "sql").migrations[-1].number
    found: Forms = {EVENTS: (number, fingerprint(msgspec.json.schema(Event)))}
    for projection in PROJECTIONS:
        found[projection.name] = (projection.version, fingerprint([projection.tables, _code_of(projection)]))
    return found


def recorded() -> Forms:
    """Return the forms that were recorded last."""
    return {name: (number, mark) for name, (number, mark) in json.loads(FILE.read_text()).items()}


def changed_without_number(before: Forms, now: Forms) -> list[str]:
    """Say of each form that is another under the same number what is to be done."""
    return [
        _what_to_do(name, before[name][0])
        for name, form in now.items()
        if name in before and form[1] != before[name][1] and form[0] <= before[name][0]
    ]


def fingerprint(value: object) -> str:
    """Return a short mark of a value that JSON can hold; words for people in it make no difference."""
    return hashlib.sha256(json.dumps(_without_words(value), sort_keys=True).encode()).hexdigest()[:16]


def _what_to_do(name: str, number: int) -> str:
    if name == EVENTS:
        return (
            f"the events have changed, and the schema is still {number}: an older compas would not know that it cannot "
            f"read them; add compas/store/sql/{number + 1:04}_<what>.sql, which may be a comment alone, then record"
        )
    return f"the read model {name!r} has changed, and its version is still {number}: raise it, then record"


def _code_of(projection: Projection) -> str:
    """Return the code of a projection's module as its compiler sees it: without comments, layout and docstrings."""
    module = sys.modules[type(projection).__module__]
    tree = ast.parse(inspect.getsource(module))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        if isinstance(node, ast.ClassDef):  # its number is not what it stands for
            node.body = [one for one in node.body if not _is_version(one)]
    return json.dumps(_shape(tree))


def _shape(node: object) -> object:
    """Return a syntax tree as JSON, without what is empty: which fields a node has differs between Pythons."""
    if isinstance(node, ast.AST):
        fields = {name: _shape(value) for name, value in ast.iter_fields(node) if value not in (None, [])}
        return [type(node).__name__, fields]
    return [_shape(one) for one in node] if isinstance(node, list) else repr(node)


def _is_version(node: ast.stmt) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return any(isinstance(one, ast.Name) and one.id == "version" for one in targets)


def _without_words(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, dict):
        return {key: _without_words(one) for key, one in value.items() if key != "description"}
    return [_without_words(one) for one in value] if isinstance(value, list) else value


def main() -> int:
    """Record the present forms; refuse where a number has to be raised first."""
    now = present()
    wrong = changed_without_number(recorded(), now) if FILE.exists() else []
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    if not wrong:
        FILE.write_text(json.dumps(now, indent=2) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
