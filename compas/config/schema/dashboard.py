"""The `dashboard` section."""

from typing import Annotated

from compas.config.schema.key import Key, Section
from compas.domain.dashboard_keys import Scope


class OwnCommand(Section, frozen=True, kw_only=True):
    """A shell command that a key of the dashboard runs.

    It finds the selected thread in its environment: COMPAS_THREAD, COMPAS_WORKTREE, COMPAS_BRANCH, COMPAS_REPOSITORY,
    COMPAS_AGENT, COMPAS_BATCH, COMPAS_SUMMARY, COMPAS_STATUS, COMPAS_SELECTED_EXECUTION; write `"$COMPAS_THREAD"`, in
    quotes. It starts in the thread's worktree, where there is one.
    """

    key: Annotated[
        str, Key(doc="The key: one character, `ctrl-` and a letter, or `f1` to `f12`; none that the dashboard has.")
    ]
    command: Annotated[str, Key(doc="What the shell runs.", form="nonblank")]
    description: Annotated[str, Key(doc="What it does, for help and palette.", default="the command itself")] = ""
    on: Annotated[
        Scope,
        Key(doc="What has to be selected: a thread, one in which something was started, a merge, or nothing."),
    ] = "thread"
    background: Annotated[
        bool, Key(doc="Whether the screen stays while it runs; the end of what it prints is shown then.")
    ] = False


class Dashboard(Section, frozen=True, kw_only=True):
    """What is a person's own in the dashboard."""

    commands: Annotated[tuple[OwnCommand, ...], Key(doc="Commands of yours, each with a key.")] = ()
