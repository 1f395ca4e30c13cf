"""Every value that git is given stands where git takes it for a value: behind the end of the options."""

import ast
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.architecture.source_tree import Module, read_modules, within

Plant = Callable[[dict[str, str]], Path]

RUNS_GIT = ("run", "text", "line", "holds", "add_worktree")
END_OF_OPTIONS = ("--end-of-options", "--")
TAKES_A_VALUE = ("-m", "-b", "-c", "-p", "-F", "--file")
"""Options whose value is the next argument, whatever it begins with."""

EXCEPTIONS: dict[tuple[str, str], str] = {
    # (path, argument): the reason
    ("compas/git/merge/sides.py", "source"): "check-ref-format knows no end of options; it begins with refs/ here",
    ("compas/git/repository.py", "limit"): "an option itself, made of a number",
}


def values_among_options(root: Path) -> list[str]:
    """Return each argument that is no literal and stands before the end of the options of a git command."""
    return [
        module.at(node.lineno, f"gives git {argument} before the end of the options")
        for module in read_modules(root)
        if within(module.name, "compas.git")
        for node, arguments in _commands(module)
        for argument in _before_the_end(arguments)
        if (module.path, argument) not in EXCEPTIONS
    ]


def _commands(module: Module) -> Iterator[tuple[ast.expr, Sequence[ast.expr]]]:
    """Yield what a command is made of: the arguments of each call that runs git, and each tuple of arguments."""
    for node in ast.walk(module.syntax):
        if isinstance(node, ast.Call) and _name(node.func) in RUNS_GIT and node.args:
            skipped = 1 if _name(node.func) == "add_worktree" else 0
            if _literal(node.args[skipped]) is not None:
                yield node, node.args[skipped:]
        elif isinstance(node, ast.Tuple | ast.List) and any(_is_option(element) for element in node.elts):
            is_other_program = (
                ast.unparse(node.elts[0]) == "sys.executable" or (_literal(node.elts[0]) or "")[:1] == "/"
            )
            if not is_other_program:
                yield node, node.elts


def _before_the_end(arguments: Sequence[ast.expr]) -> Iterator[str]:
    before = None
    for argument in arguments:
        literal = _literal(argument)
        if literal in END_OF_OPTIONS:
            return
        is_option = isinstance(argument, ast.JoinedStr) and (_literal(argument.values[0]) or "").startswith("--")
        # A starred name is a tuple that was looked at where it was written down.
        is_known = isinstance(argument, ast.Starred) or ast.unparse(argument).isupper()
        if literal is None and not is_option and not is_known and before not in TAKES_A_VALUE:
            yield ast.unparse(argument)
        before = literal


def _is_option(node: ast.expr) -> bool:
    return (_literal(node) or "").startswith("-")


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def test_every_value_stands_behind_the_end_of_the_options(repository: Path) -> None:
    assert values_among_options(repository) == []


def test_every_exception_is_still_needed(repository: Path) -> None:
    texts = {module.path: module.source for module in read_modules(repository)}
    assert [row for row in EXCEPTIONS if row[1] not in texts.get(row[0], "")] == []


@pytest.mark.parametrize(
    "line",
    [
        "git.run('rev-parse', '--verify', revision)",
        "git.text('log', f'{a}..{b}', '--')",
        "command = ('merge', '--no-ff', '-m', message, tip)",
        "add_worktree(git, '--detach', path, '--', commit)",
        "arguments = ['-b', branch, path]",
    ],
)
def test_a_value_among_the_options_is_found(plant: Plant, line: str) -> None:
    assert len(values_among_options(plant({"compas/git/here.py": line}))) == 1


@pytest.mark.parametrize(
    "line",
    [
        "git.run('rev-parse', '--verify', '--end-of-options', revision)",
        "git.text('log', f'--max-count={n}', BRANCHES, *form, '--', path)",
        "command = ('merge', '--no-ff', '-m', message, '--end-of-options', tip)",
        "check.run(command, directory)",
        "command = [sys.executable, '-m', MODULE, str(epoch)]",
    ],
)
def test_a_value_behind_them_is_not_reported(plant: Plant, line: str) -> None:
    assert values_among_options(plant({"compas/git/here.py": line})) == []
