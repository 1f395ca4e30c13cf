"""Actions on this machine: the worktree in a shell or an editor, and what can be copied from a row."""

import os
import shlex
from collections.abc import Mapping
from functools import partial

from compas.api.advice import as_command
from compas.api.worktrees import WORKTREES, WorktreesRequest
from compas.dashboard.actions import conditions
from compas.dashboard.actions.action import Action
from compas.dashboard.errand import Errand, Hands
from compas.dashboard.situation import Situation, Target
from compas.dashboard.source import Asks
from compas.domain.advice import Advice, Sentence, advise
from compas.errors import CompasError

_SHOWN = 60
"""Characters of what was copied that are shown."""


class NoWorktreeError(CompasError):
    """The thread has no directory to go to."""


def editor_of(environ: Mapping[str, str]) -> list[str]:
    """Return the command of the person's editor."""
    return shlex.split(environ.get("VISUAL") or environ.get("EDITOR") or "vi")


def values_of(target: Target, path: str = "", branch: str = "", repository: str = "") -> dict[str, str]:
    """Return what programs that are started for a thread find in their environment.

    Nothing here says who is calling: what a person runs from the dashboard is the person.
    """
    row = target.row
    found = {
        "COMPAS_THREAD": target.thread,
        "COMPAS_SELECTED_EXECUTION": target.execution or "",
        "COMPAS_WORKTREE": path,
        "COMPAS_BRANCH": branch,
        "COMPAS_REPOSITORY": repository,
        "COMPAS_AGENT": (row.agent if row is not None else None) or "",
        "COMPAS_BATCH": (row.batch_id if row is not None else None) or "",
        "COMPAS_SUMMARY": (row.summary if row is not None else None) or "",
        "COMPAS_STATUS": row.thread_status if row is not None else "",
    }
    return {name: value.replace("\0", "") for name, value in found.items()}


async def place_of(target: Target, asks: Asks) -> dict[str, str]:
    """Return these values with those of the thread's worktree, which are empty where there is none."""
    answer = await asks.ask(WORKTREES, WorktreesRequest(thread_id=target.thread))
    for tree in answer.worktrees:
        if tree.state not in ("missing", "being removed"):
            return values_of(target, tree.path, tree.branch, tree.repository)
    return values_of(target)


async def _go(target: Target, asks: Asks, hands: Hands, *, edit: bool) -> str:
    values = await place_of(target, asks)
    path = values["COMPAS_WORKTREE"]
    if not path:
        raise NoWorktreeError(f"{target.thread} has no worktree on this machine now")
    environ = {**hands.environ, **values}
    command = [*editor_of(environ), path] if edit else [environ.get("SHELL") or "/bin/sh"]
    code = await hands.lend(command, cwd=path, environ=environ)
    return f"{os.path.basename(command[0])} ended with {code}" if code else ""


def _shell(now: Situation) -> Errand:
    return partial(_go, now.threads[0], edit=False)


def _editor(now: Situation) -> Errand:
    return partial(_go, now.threads[0], edit=True)


async def _copied(text: str, asks: Asks, hands: Hands) -> str:
    """Copy a text, and say so in a line that needs no window of its own: of a long path the end tells most."""
    hands.copy(text)
    return f"copied: {text}" if len(text) <= _SHOWN else f"copied: …{text[1 - _SHOWN :]}"


async def _copied_path(target: Target, asks: Asks, hands: Hands) -> str:
    path = (await place_of(target, asks))["COMPAS_WORKTREE"]
    if not path:
        raise NoWorktreeError(f"{target.thread} has no worktree on this machine now")
    return await _copied(path, asks, hands)


def command_for(target: Target) -> str:
    """Return the command that goes on with a thread: the first that its row advises, else one that shows it."""
    said = target.what_now
    advised = [part for part in said.parts if isinstance(part, Advice)] if isinstance(said, Sentence) else []
    return as_command(advised[0] if advised else advise("transcript", thread_id=target.thread))


OUTSIDE: tuple[Action, ...] = (
    Action(name="shell", help="open the worktree in a shell", refuse=conditions.one, begin=_shell),
    Action(name="editor", help="open the worktree in your editor", refuse=conditions.one, begin=_editor),
    Action(
        name="copy-id",
        help="copy the thread's name",
        refuse=conditions.some,
        begin=lambda now: partial(_copied, " ".join(target.thread for target in now.threads)),
    ),
    Action(
        name="copy-command",
        help="copy the command that goes on with it",
        refuse=conditions.some,
        begin=lambda now: partial(_copied, "\n".join(map(command_for, now.threads))),
    ),
    Action(
        name="copy-path",
        help="copy the worktree's path",
        refuse=conditions.one,
        begin=lambda now: partial(_copied_path, now.threads[0]),
    ),
)
