"""The questions that `init` asks at a terminal, each again until its answer can be used."""

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from compas.cli.terminal import tell, write
from compas.errors import CompasError

if TYPE_CHECKING:
    from compas.setup.coding_tools import Found
    from compas.setup.first_config import Repository

T = TypeVar("T")


def ask(given: argparse.Namespace, tools: "Sequence[Found]") -> "tuple[Repository, Found, str, str | None]":
    """Ask for the CLI, the repository, the agent's name and the model; what the options say is the default.

    Raises SetupError when no CLI can be chosen, EOFError at the end of the input, and KeyboardInterrupt.
    """
    from compas.setup.generated_config import checked_alias, quoted

    def model(answer: str) -> str:
        quoted(answer)
        return answer

    tool = _tool(given, tools)
    repository = _repository(given)
    alias = _until_usable("Name of the developer agent", given.alias, checked_alias)
    return repository, tool, alias, _until_usable("Model (nothing means the CLI's own)", given.model or "", model)


def _tool(given: argparse.Namespace, tools: "Sequence[Found]") -> "Found":
    """Offer the CLIs that are installed; of one alone there is nothing to ask."""
    from compas.setup.first_config import chosen_backend, usable

    for tool in tools:
        if tool.path is not None:
            write(f"found {tool.tool.name}: {tool.path}")
    ready = usable(tools)
    if given.backend is not None or len(ready) < 2:
        return chosen_backend(given.backend, tools)
    names = [tool.tool.name for tool in ready]
    return _until_usable(f"Coding CLI ({', '.join(names)})", names[0], lambda name: chosen_backend(name, ready))


def _repository(given: argparse.Namespace) -> "Repository":
    """Ask for the repository; the one around this directory is offered where there is one."""
    from compas.setup.first_config import chosen_repository

    def chosen(text: str | None) -> "Repository":
        return chosen_repository(text, Path.cwd(), os.environ)

    default = given.repo or ""
    if not default:
        try:
            default = str(chosen(None).path)
        except CompasError as error:
            tell(str(error))
    return _until_usable("Repository", default, chosen)


def _until_usable(question: str, default: str, use: Callable[[str], T]) -> T:
    """Ask until `use` takes the answer; what it refuses is said. An empty answer is the default."""
    while True:
        answer = input(f"{question} [{default}]: " if default else f"{question}: ").strip() or default
        try:
            return use(answer)
        except CompasError as error:
            tell(str(error))
