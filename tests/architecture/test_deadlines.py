"""No test asserts how long something took: what is waited for in real time has one ceiling, and examples have none."""

import ast
from pathlib import Path

from hypothesis import HealthCheck, settings

from tests.kit.ceiling import CEILING


def short_deadlines(tree: ast.AST, *, is_virtual: bool = False) -> list[int]:
    """Return the lines that give something less than the ceiling, where no function around them takes a clock."""
    found = []
    for node in ast.iter_child_nodes(tree):
        inside = is_virtual
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inside = inside or any("clock" in argument.arg for argument in [*node.args.args, *node.args.kwonlyargs])
        if isinstance(node, ast.Call) and not inside and ast.unparse(node.func) == "trio.fail_after":
            match node.args:
                case [ast.Constant(value=int() | float() as secs)] if secs < CEILING:
                    found.append(node.lineno)
        found += short_deadlines(node, is_virtual=inside)
    return found


def test_nothing_real_has_to_be_done_before_the_ceiling(repository: Path) -> None:
    found = {
        f"{file.relative_to(repository)}:{line}"
        for file in sorted((repository / "tests").rglob("*.py"))
        for line in short_deadlines(ast.parse(file.read_text()))
    }
    assert found == set(), "these wait in real time: give them CEILING of tests/kit/ceiling.py"


def test_a_short_deadline_in_real_time_is_found_and_one_in_virtual_time_is_not() -> None:
    text = "async def {name}({given}) -> None:\n    with trio.fail_after({secs}):\n        pass\n"
    real = text.format(name="a", given="repo", secs=10)
    virtual = text.format(name="b", given="autojump_clock", secs=1)
    generous = text.format(name="c", given="", secs="CEILING")
    assert short_deadlines(ast.parse(real + virtual + generous)) == [2]


def test_an_example_of_a_property_may_take_as_long_as_the_machine_needs() -> None:
    assert settings().deadline is None
    assert HealthCheck.too_slow in settings().suppress_health_check
