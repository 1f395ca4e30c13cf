"""A built-in backend is one folder, one file that registers with its editor, and one line in the list of profiles."""

import ast
from collections.abc import Callable, Collection, Iterator
from functools import cache
from pathlib import Path

import pytest

from compas.backends.profiles import BY_NAME
from tests.architecture.source_tree import Module, reached_from, read_modules, within

Plant = Callable[[dict[str, str]], Path]

LIST = "compas.backends.profiles"
"""Imports the profiles and nothing else of the folders. All others find a backend in it by name."""

LOADED_WITH_THE_LIST = ("compas.backends.credentials", "compas.backends.profile", LIST)
"""What the list loads beside the profiles. A config is checked and a supervisor started without the adapters."""

EXCEPTIONS: dict[tuple[str, str], str] = {
    # (module, backend): the reason
    **{("compas.gateway.document", name): "its page gives examples to people" for name in BY_NAME},
    **{("compas.gateway.tried_clients", name): "its table names programs to people" for name in BY_NAME},
    ("compas.gateway.attended", "codex"): "what it reads is the client's own word, in a call",
    ("compas.relay.attended", "claude"): "what it reads is the editor's, and a relay starts faster than profiles load",
}
Exceptions = Collection[tuple[str, str]]


def named_elsewhere(root: Path, exceptions: Exceptions = EXCEPTIONS) -> list[str]:
    """Return each text that holds the name of a backend, in any case, and each import from its folder, out of place."""
    return [
        module.at(line, f"names {name}; take it from {LIST}")
        for module in read_modules(root)
        for line, name in (*_names_in_texts(module), *_names_of_imports(module))
        if not within(module.name, f"compas.backends.{name}", f"compas.setup.editors.{name}")
        and (module.name, name) not in exceptions
    ]


@cache
def _names_in_texts(module: Module) -> tuple[tuple[int, str], ...]:
    if not any(name in module.source.casefold() for name in BY_NAME):
        return ()
    docstrings = {id(node.value) for node in ast.walk(module.syntax) if isinstance(node, ast.Expr)}
    return tuple(
        (node.lineno, name)
        for node in ast.walk(module.syntax)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
        for name in BY_NAME
        if name in node.value.casefold()
    )


def _names_of_imports(module: Module) -> Iterator[tuple[int, str]]:
    for item in module.imports:
        for name in BY_NAME:
            is_listing = module.name == LIST and item.target == f"compas.backends.{name}.profile.PROFILE"
            if within(item.target, f"compas.backends.{name}", f"compas.setup.editors.{name}") and not is_listing:
                yield item.line, name


def loaded_with_the_list(root: Path) -> list[str]:
    """Return the modules that importing the list imports, without the packages, which do nothing."""
    return sorted(module for module in reached_from(root, [LIST]) if not _is_package(root, module))


def _is_package(root: Path, module: str) -> bool:
    return (root / module.replace(".", "/")).is_dir()


def test_a_backend_is_named_in_its_own_places_only(repository: Path) -> None:
    assert named_elsewhere(repository) == []


def test_the_list_of_backends_loads_their_profiles_and_no_adapter(repository: Path) -> None:
    profiles = [f"compas.backends.{name}.profile" for name in BY_NAME]
    assert loaded_with_the_list(repository) == sorted([*LOADED_WITH_THE_LIST, *profiles])


def test_every_exception_for_a_name_is_still_needed(repository: Path) -> None:
    assert [row for row in EXCEPTIONS if not named_elsewhere(repository, EXCEPTIONS.keys() - {row})] == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("compas/config/checks/agents.py", "FLAGS = {'codex': '--yolo'}"),
        ("compas/setup/editor_check.py", "name = f'MCP in claude {1}'"),
        ("compas/client/environment.py", "KEPT = ('GEMINI_',)"),
        ("compas/backends/gemini/adapter.py", "OTHER = 'opencode'"),
        ("compas/setup/editors/claude.py", "OTHER = 'Codex'"),
        ("compas/backends/catalogue.py", "from compas.backends.claude.adapter import ClaudeBackend"),
        ("compas/backends/profiles.py", "from compas.backends.claude.adapter import COMMAND"),
        ("compas/config/load.py", "from compas.backends.claude.profile import PROFILE"),
        ("compas/cli/commands/setup_mcp.py", "def main():\n    from compas.setup.editors import claude"),
    ],
)
def test_a_name_out_of_place_is_found(plant: Plant, path: str, text: str) -> None:
    assert len(named_elsewhere(plant({path: text}))) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("compas/backends/codex/adapter.py", "name = 'codex'"),
        ("compas/setup/editors/claude.py", "from compas.backends.claude.profile import PROFILE\nFILE = '.claude.json'"),
        ("compas/backends/profiles.py", "from compas.backends.claude.profile import PROFILE as CLAUDE"),
        ("compas/backends/usage.py", "def plus():\n    '''Add as Codex does.'''  # not as OpenCode"),
    ],
)
def test_a_name_in_its_place_and_in_words_for_people_is_not_reported(plant: Plant, path: str, text: str) -> None:
    assert named_elsewhere(plant({path: text})) == []


def test_what_an_exception_names_is_not_reported(plant: Plant) -> None:
    tree = plant({"compas/gateway/document.py": "PAGE = 'claude or codex'"})
    assert len(named_elsewhere(tree, {("compas.gateway.document", "claude")})) == 1


def test_an_adapter_behind_the_list_is_found(plant: Plant) -> None:
    tree = plant(
        {
            "compas/backends/profiles.py": "from compas.backends.claude.profile import PROFILE",
            "compas/backends/claude/profile.py": "from compas.backends.claude.adapter import COMMAND",
            "compas/backends/claude/adapter.py": "def build():\n    from compas.backends import generic",
            "compas/backends/generic.py": "",
        }
    )
    assert "compas.backends.claude.adapter" in loaded_with_the_list(tree)
    assert "compas.backends.generic" not in loaded_with_the_list(tree)
