"""`init`: writes a first config file for a repository, asking only at a terminal, or lists one more in it."""

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from compas.cli.arguments import CommandParser
from compas.cli.asking import config_path, style_here
from compas.cli.render.table import pairs
from compas.cli.terminal import tell, write
from compas.errors import CompasError

if TYPE_CHECKING:
    from compas.setup.coding_tools import Found
    from compas.setup.first_config import Made, Repository
    from compas.setup.generated_config import Choices

FAILED = 1
DOC = "Write a first config file, or add a repository to it."
_DETAILS = (
    "The file is for the git repository that you are in. It has two agents, a developer who works in git worktrees and "
    "a reviewer; both run a coding CLI that is installed here. Where there is a file already, the repository is added "
    "to its list, and everything else in it stays; with --force a new file is written. Both keep a copy of the old one."
)


def main(command: str, args: Sequence[str]) -> int:
    """Run `init`; 0 when the file is written, 1 with the reason when it is not."""
    parser = CommandParser(command, DOC, _DETAILS)
    parser.add_argument("--force", action="store_true", help="write a new file even where one is; a copy is kept")
    parser.add_argument("--non-interactive", action="store_true", help="ask nothing")
    parser.add_argument("--repo", metavar="P", help="the repository (default: the one that you are in)")
    parser.add_argument(
        "--backend", metavar="B", help="the coding CLI that runs the agents (default: one that is found)"
    )
    parser.add_argument(
        "--agent-alias", "--alias", dest="alias", metavar="A", default="dev", help="the developer's name (default: dev)"
    )
    parser.add_argument("--model", metavar="M", help="the agents' model (default: the CLI's own)")
    parser.add_argument("--minimal", action="store_true", help="one agent, no explanations")
    given = parser.parse_args(args)
    try:
        return _init(given)
    except EOFError:
        tell("error: the input ended before all was answered; nothing was written")
    except CompasError as error:
        tell(f"error: {error}")
    return FAILED


def _init(given: argparse.Namespace) -> int:
    from compas.setup.coding_tools import detect
    from compas.setup.errors import SetupError
    from compas.setup.first_config import make
    from compas.setup.generated_config import Choices, state_dir_for

    path = config_path(given)
    if not given.force and os.path.lexists(path):
        return _add(given, path)
    if not given.non_interactive and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise SetupError(
            "nothing can be asked here, because this is no terminal; use --non-interactive, and with it --repo, "
            "--backend, --agent-alias or --model for what should not be found by itself"
        )
    tools = detect(os.environ.get("PATH", ""))
    if given.non_interactive:
        repository, tool, alias, model = _found(given, tools)
    else:
        from compas.cli.commands.init_questions import ask

        repository, tool, alias, model = ask(given, tools)
    choices = Choices(
        repository=repository.path,
        backend=tool.tool.name,
        alias=alias,
        model=model or None,
        branch=repository.branch,
        state_dir=state_dir_for(path, os.environ),
        is_minimal=given.minimal,
    )
    made = make(path, choices, os.environ, is_forced=given.force)
    _say(made, choices, repository, tool)
    return 0


def _add(given: argparse.Namespace, path: Path) -> int:
    """List the repository in the config that there is."""
    from compas.setup.config_place import command
    from compas.setup.first_config import chosen_repository
    from compas.setup.second_repository import add

    repository = chosen_repository(given.repo, Path.cwd(), os.environ)
    added = add(path, repository, os.environ)
    if added.copy is None:
        anew = command("init --force", path, os.environ)
        write(f"{repository.path} is in {path} already; nothing was changed (`{anew}` writes a new file)")
        return 0
    rows = [("config", str(path)), ("old one", str(added.copy)), ("added", str(repository.path))]
    write(pairs([*rows, ("repositories", ", ".join(added.listed))], style_here()))
    for note in repository.notes:
        tell(f"note: {note}")
    if repository.branch != added.target:
        tell(f"note: work there starts from {repository.branch}; merge it with `--target {repository.branch}`")
    if given.backend or given.model or given.minimal:
        tell("note: --backend, --model and --minimal are for a new file; the agents of this one stay as they are")
    write("\nFrom now on, what is dispatched from inside a repository is done there. Look at the file, then:")
    write(f"  {command('doctor', path, os.environ)}")
    return 0


def _found(given: argparse.Namespace, tools: "Sequence[Found]") -> "tuple[Repository, Found, str, str | None]":
    """Return what the options say, and what is found by itself for the rest."""
    from compas.setup.first_config import chosen_backend, chosen_repository

    tool = chosen_backend(given.backend, tools)
    return chosen_repository(given.repo, Path.cwd(), os.environ), tool, given.alias, given.model


def _say(made: "Made", choices: "Choices", repository: "Repository", tool: "Found") -> None:
    """Write what was made, what to know about it, and what comes next."""
    from compas.setup.config_place import command

    style = style_here()
    agents = choices.alias if choices.is_minimal else f"{choices.alias}, whose work {choices.reviewer} reviews"
    rows = [
        ("config", str(made.path)),
        ("old one", str(made.copy) if made.copy else None),
        ("repository", str(choices.repository)),
        ("merges into", choices.branch),
        ("agents", agents),
        ("run by", f"{choices.backend}, with its permission prompts off, in git worktrees of their own"),
        ("model", choices.model),
    ]
    write(pairs(rows, style))
    notes = [*repository.notes, *made.warnings]
    if tool.path is None:
        notes.append(f"{choices.backend} is not on PATH; install it: {tool.tool.install}")
    for note in notes:
        tell(f"note: {note}")
    task = f"dispatch {shlex.quote(choices.alias)} {shlex.quote('Add a health check endpoint.')} --wait"
    register = [f"setup-mcp --tool {choices.backend}"] if tool.tool.is_editor else []
    steps = ["doctor", *register, task]
    lines = [f"  {command(step, made.path, os.environ)}" for step in steps]
    write("\n".join(["", "Look at the file, then:", *lines]))
