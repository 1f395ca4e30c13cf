"""Nothing grows until nobody can hold it in mind: files, functions, classes and parameter lists have limits."""

import ast
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pytest

from tests.architecture.source_tree import Module, python_files, read_modules

Plant = Callable[[dict[str, str]], Path]

FILE_LINES = 350
FUNCTION_LINES = 80
INSTANCE_ATTRIBUTES = 12
INIT_PARAMETERS = 7
TEST_FILE_LINES = 600

EXCEPTIONS: dict[tuple[str, str], str] = {
    # (path, name of the file, function or class): the reason
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def size_violations(root: Path, exceptions: Collection[tuple[str, str]] = EXCEPTIONS) -> list[str]:
    """Return each thing of our packages, and each test file, that is over its limit."""
    found = [
        module.at(line, f"{name} has {count} {what}, over {limit}")
        for module in read_modules(root)
        for line, name, count, what, limit in _measures(module)
        if count > limit and (module.path, name) not in exceptions
    ]
    for path in python_files(root, "tests"):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        relative = path.relative_to(root).as_posix()
        if lines > TEST_FILE_LINES and (relative, path.name) not in exceptions:
            found.append(f"{relative}:1: {path.name} has {lines} lines, over {TEST_FILE_LINES}")
    return found


def _measures(module: Module) -> Iterator[tuple[int, str, int, str, int]]:
    """Yield line, name, count, what is counted, and its limit."""
    yield 1, Path(module.path).name, len(module.source.splitlines()), "lines", FILE_LINES
    for node in ast.walk(module.syntax):
        if isinstance(node, Function):
            yield node.lineno, node.name, _lines(node), "lines", FUNCTION_LINES
        elif isinstance(node, ast.ClassDef):
            yield node.lineno, node.name, len(_attributes(node)), "instance attributes", INSTANCE_ATTRIBUTES
            for method in node.body:
                if isinstance(method, Function) and method.name == "__init__":
                    yield method.lineno, node.name, _parameters(method), "parameters", INIT_PARAMETERS


def _lines(node: Function) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _attributes(node: ast.ClassDef) -> set[str]:
    """Return the names its methods assign on self. Fields of a Struct are data and have no limit."""
    return {
        target.attr
        for method in node.body
        if isinstance(method, Function)
        for target in ast.walk(method)
        if isinstance(target, ast.Attribute)
        and isinstance(target.ctx, ast.Store)
        and isinstance(target.value, ast.Name)
        and target.value.id == "self"
    }


def _parameters(method: Function) -> int:
    arguments = method.args
    return len(arguments.posonlyargs) + len(arguments.args) + len(arguments.kwonlyargs) - 1


def test_nothing_is_over_its_limit(repository: Path) -> None:
    assert size_violations(repository) == []


def test_every_size_exception_is_still_needed(repository: Path) -> None:
    assert [row for row in EXCEPTIONS if not size_violations(repository, EXCEPTIONS.keys() - {row})] == []


ATTRIBUTES = "\n".join(f"        self.a{n} = {n}" for n in range(13))
PARAMETERS = ", ".join(f"p{n}" for n in range(8))


@pytest.mark.parametrize(
    ("path", "text", "limit"),
    [
        ("compas/store/log.py", "x = 1\n" * 351, FILE_LINES),
        ("compas/store/log.py", "def f():\n" + "    x = 1\n" * 80, FUNCTION_LINES),
        ("actors/cell.py", "async def f():\n" + "    x = 1\n" * 80, FUNCTION_LINES),
        ("actors/cell.py", f"class Cell:\n    def __init__(self):\n{ATTRIBUTES}\n", INSTANCE_ATTRIBUTES),
        ("actors/cell.py", f"class Cell:\n    def __init__(self, {PARAMETERS}): ...\n", INIT_PARAMETERS),
        ("tests/actors/test_cell.py", "x = 1\n" * 601, TEST_FILE_LINES),
    ],
)
def test_what_is_over_its_limit_is_found(plant: Plant, path: str, text: str, limit: int) -> None:
    (found,) = size_violations(plant({path: text}))
    assert found.endswith(f"over {limit}")


def test_what_is_exactly_at_its_limit_is_fine(plant: Plant) -> None:
    tree = plant(
        {
            "compas/store/log.py": "x = 1\n" * 350,
            "actors/cell.py": "def f():\n" + "    x = 1\n" * 79,
            "tests/actors/test_cell.py": "x = 1\n" * 600,
        }
    )
    assert size_violations(tree) == []
