"""What to do about an agent that cannot work: written here alone, for refusals, failures, diagnoses and the doctor."""

import shlex
from collections.abc import Sequence


def to_install(command: str) -> str:
    """Say how a CLI is installed."""
    return f"install it with `{command}`"


def to_log_in(title: str, login: str, variables: Sequence[str], *, takes: bool) -> str:
    """Say how a CLI is let in; `takes`: the supervisor lets operators' shells bring keys.

    `title` and `login` are empty where nobody knows the CLI, and `variables` those that it takes a key from.
    """
    how = f"log in to {title} ({login})" if login else "log in with its CLI"
    if not variables:
        return f"{how}, or name the variable with its key in the agent's env_pass"
    if takes:
        return f"{how}, or set {variables[0]} in the shell that you dispatch from; the next dispatch uses it"
    return f"{how}, or set {variables[0]} in the shell that runs the supervisor, and start it there again"


def to_make_repository(place: str) -> str:
    """Say how a directory becomes something that worktrees can be made of."""
    return f"make it a repository with a first commit: `git -C {shlex.quote(place)} init`, then commit"
