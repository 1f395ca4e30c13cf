"""Makes the repository of `compas demo` and draws its history: blocking, and deaf to anybody's git configuration."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from compas.git.errors import GitFailed, GitRefused

OPERATOR: Final = "you"
BRANCH: Final = "main"

_SETTINGS: Final = {
    "user.name": OPERATOR,
    "user.email": "you@demo.invalid",
    "commit.gpgSign": "false",
    "tag.gpgSign": "false",
    "core.autocrlf": "false",
    "core.excludesFile": "/dev/null",
    "core.attributesFile": "/dev/null",
}
"""Written into the repository, so that whoever works in it later, such as an agent, needs no configuration either."""


def create(directory: Path, files: Mapping[str, str], message: str) -> str:
    """Make a repository of one commit and return that commit. Raises GitFailed and GitRefused `git_missing`."""
    directory.mkdir()
    _git(directory, "init", "--quiet", "--template=", f"--initial-branch={BRANCH}")
    # Hooks are looked for where there are none, whatever the user's configuration says.
    for name, value in {**_SETTINGS, "core.hooksPath": str(directory / ".git" / "hooks")}.items():
        _git(directory, "config", name, value)
    return commit(directory, files, message)


def commit(directory: Path, files: Mapping[str, str], message: str) -> str:
    """Write these files, commit them as the operator, and return the commit. Raises GitFailed."""
    for name, text in files.items():
        (directory / name).write_text(text, encoding="utf-8")
    _git(directory, "add", "--", *files)
    _git(directory, "commit", "--quiet", "--message", message)
    return _git(directory, "rev-parse", "HEAD").strip()


def graph(directory: Path, *, colour: bool = False) -> str:
    """Return the history of the branch as a graph, one commit a line, each with its author. Raises GitFailed."""
    line = "%C(yellow)%h%C(reset) %s %C(green)(%an)%C(reset)%C(auto)%d"
    shade = "--color=always" if colour else "--color=never"
    return _git(directory, "log", "--graph", f"--format={line}", shade, BRANCH).rstrip("\n")


def _git(directory: Path, *arguments: str) -> str:
    """Run git and return what it printed."""
    try:
        process = subprocess.Popen(
            ["git", *arguments],
            cwd=directory,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for us, and must not leave a lock of git's behind
        )
    except FileNotFoundError as error:
        raise GitRefused("git_missing", "git was not found on PATH; install git 2.31 or later") from error
    out, err = process.communicate()
    if process.returncode:
        raise GitFailed(" ".join(arguments[:2]), process.returncode, err.decode(errors="replace").strip())
    return out.decode(errors="replace")


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "LC_", "LANG"))}
    return {
        **kept,
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }
