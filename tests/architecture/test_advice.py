"""What to do next is data: no sentence names a command by hand, and all advice is something that can be asked for."""

import ast
import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pytest

from compas.api.areas import AREAS
from compas.api.catalogue import BY_NAME
from compas.api.operation import parameters
from tests.architecture.source_tree import Module, read_modules, within

Plant = Callable[[dict[str, str]], Path]

SAYING = ("compas.api", "compas.domain", "compas.orchestrator")
"""Where sentences for every client are written. Their texts are nobody's command line."""

COMMAND = re.compile(rf"\bcompas ({'|'.join(name.replace('_', '-') for name in AREAS)})\b")

EXCEPTIONS: dict[tuple[str, str], str] = {
    # (path, command): the reason
    (
        "compas/domain/configuration.py",
        "reload",
    ): "about the operator's own process; no client has another way to say it",
    ("compas/orchestrator/config/watcher.py", "reload"): "the same; and it goes to the supervisor's log",
    ("compas/orchestrator/executions/outcome.py", "log"): "recorded in the log, inside an agent's answer",
    ("compas/orchestrator/executions/missing_backend.py", "log"): "recorded in the log, as why an execution failed",
}


def commands_by_hand(root: Path, exceptions: Collection[tuple[str, str]] = EXCEPTIONS) -> list[str]:
    """Return each text, docstrings aside, in which a command is spelled."""
    return [
        module.at(node.lineno, f"spells `{found[0]}`; say it with `advise`, and each client spells it")
        for module in _saying(root)
        for node in _texts(module)
        for found in COMMAND.finditer(node.value)
        if (module.path, found[1]) not in exceptions
    ]


def impossible_advice(root: Path) -> list[str]:
    """Return each piece of advice that names no operation, or an argument that its request does not have."""
    return [
        module.at(node.lineno, why)
        for module in _saying(root)
        for node in ast.walk(module.syntax)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "advise"
        if (why := _impossible(node))
    ]


def _impossible(call: ast.Call) -> str:
    (name,) = call.args
    if not isinstance(name, ast.Constant) or name.value not in BY_NAME:
        return f"advises {ast.unparse(name)}, which is no operation"
    known = {one.wire_name: one.required for one in parameters(BY_NAME[name.value].request)}
    given = {keyword.arg for keyword in call.keywords if keyword.arg is not None}
    if unknown := given - known.keys():
        return f"advises {name.value} with {', '.join(sorted(unknown))}, which it does not take"
    is_spelled_here = all(keyword.arg is not None for keyword in call.keywords)
    missing = {one for one, is_required in known.items() if is_required} - given
    if given and missing and is_spelled_here:
        return f"advises {name.value} without {', '.join(sorted(missing))}, which it needs"
    return ""


def _saying(root: Path) -> Iterator[Module]:
    return (module for module in read_modules(root) if within(module.name, *SAYING))


def _texts(module: Module) -> Iterator[ast.Constant]:
    """Yield texts. A docstring stands as a statement of its own, and so does what is said below a constant."""
    described = {id(node.value) for node in ast.walk(module.syntax) if isinstance(node, ast.Expr)}
    for node in ast.walk(module.syntax):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in described:
            yield node


def test_no_sentence_spells_a_command(repository: Path) -> None:
    assert commands_by_hand(repository) == []


def test_all_advice_is_an_operation_with_arguments_it_takes(repository: Path) -> None:
    assert impossible_advice(repository) == []


def test_every_exception_is_still_needed(repository: Path) -> None:
    assert [row for row in EXCEPTIONS if not commands_by_hand(repository, EXCEPTIONS.keys() - {row})] == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("compas/domain/thread.py", 'SAID = f"look (compas diff {thread})"'),
        ("compas/orchestrator/gate/gate.py", "SAID = 'wait with `compas wait-merge --op-id X`'"),
        ("compas/api/merges.py", 'doc = "then compas close"'),
    ],
)
def test_a_command_in_a_text_is_found(plant: Plant, path: str, line: str) -> None:
    assert len(commands_by_hand(plant({path: f'"""compas merge is told of here."""\n\n{line}\n'}))) == 1


def test_commands_that_are_no_operation_and_other_clients_texts_may_be_spelled(plant: Plant) -> None:
    files = {"compas/domain/thread.py": "SAID = 'see compas doctor'\n", "compas/cli/main.py": "SAID = 'compas why'\n"}
    assert commands_by_hand(plant(files)) == []


@pytest.mark.parametrize(
    "advice", ['advise("hurry")', 'advise("merge", thread="t1")', 'advise("dispatch", to="dev")', "advise(name)"]
)
def test_advice_that_nobody_could_follow_is_found(plant: Plant, advice: str) -> None:
    assert len(impossible_advice(plant({"compas/domain/thread.py": f"SAID = {advice}\n"}))) == 1
