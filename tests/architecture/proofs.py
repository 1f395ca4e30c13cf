"""Read what the tests say they prove: the `# proves:` lines directly above them."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

CITED = re.compile(r"#\s*proves:\s*(.*)")
NO_PROOF = ("skip", "xfail")
"""A test that is marked so runs never, or may fail: it shows nothing."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True)
class Proofs:
    """What the tests say about themselves."""

    cited: dict[str, list[str]] = field(default_factory=dict)
    """Row id to the tests that cite it, in the order of their files."""
    tests: set[str] = field(default_factory=set)
    """Every test there is, as `path::function`."""
    stray: list[str] = field(default_factory=list)
    """Citations that cannot count, each with its place and the reason."""


def read_proofs(root: Path) -> Proofs:
    """Read every test file of this tree for its tests and for what they claim to prove."""
    proofs = Proofs()
    for path in sorted((root / "tests").rglob("test_*.py")):
        _read_file(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"), proofs)
    return proofs


def _read_file(path: str, source: str, proofs: Proofs) -> None:
    claims = dict(_claims(source))
    for function in ast.parse(source).body:
        if isinstance(function, Function) and function.name.startswith("test_"):
            test = f"{path}::{function.name}"
            proofs.tests.add(test)
            above = _lines_above(function, source)
            for line in [line for line in claims if line in above]:
                for row in dict.fromkeys(part.strip() for part in claims.pop(line).split(",")):
                    proofs.cited.setdefault(row, []).append(test)
                proofs.stray.extend(
                    f"{path}:{line}: a test marked {mark} proves nothing" for mark in _no_proof(function)
                )
    proofs.stray.extend(f"{path}:{line}: no test function directly below: {text}" for line, text in claims.items())


def _claims(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of each comment, not of strings, that claims to prove something."""
    if "proves:" in source:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT and (match := CITED.fullmatch(token.string)):
                yield token.start[0], match[1]


def _lines_above(function: Function, source: str) -> set[int]:
    """Return the lines of the comment that touches the function from above, and those of its decorators."""
    lines = source.splitlines()
    first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
    while first > 1 and lines[first - 2].startswith("#"):
        first -= 1
    return set(range(first, function.lineno))


def _no_proof(function: Function) -> list[str]:
    text = " ".join(ast.unparse(decorator) for decorator in function.decorator_list)
    return [mark for mark in NO_PROOF if re.search(rf"\bmark\.{mark}\b", text)]
