"""The `repositories` list: how worktrees are made usable and merges are verified."""

from typing import Annotated

from compas.config.schema.key import Key, Section
from compas.domain.specs import OnConflict, Requires


class Command(Section, frozen=True, kw_only=True):
    """A shell command with a deadline."""

    run: Annotated[str, Key(doc="The command, run by the shell in the worktree.", form="nonblank")]
    timeout_secs: Annotated[int, Key(doc="Seconds it may take.", ge=1)] = 300


class Repository(Section, frozen=True, kw_only=True):
    """One repository."""

    path: Annotated[
        str, Key(doc="The repository's directory. What is dispatched from inside it is done there.", path=True)
    ]
    base: Annotated[
        str | None, Key(doc="Where worktrees start.", form="nonblank", default="`default_merge_target`")
    ] = None
    copy: Annotated[
        tuple[str, ...],
        Key(
            doc="Untracked files and directories of the main checkout that are copied into each new worktree, beside "
            "those that its `.worktreeinclude` names. Nothing is overwritten.",
            form="inside",
        ),
    ] = ()
    link: Annotated[
        tuple[str, ...],
        Key(doc="The same, but as links into the main checkout, which all worktrees then share.", form="inside"),
    ] = ()
    setup: Annotated[
        Command | None,
        Key(
            doc="Makes a new worktree usable, before its first agent runs. It sees COMPAS_WORKTREE, COMPAS_REPOSITORY, "
            "COMPAS_THREAD and the ports. When it fails, so does the execution, and it is run again for the next one."
        ),
    ] = None
    teardown: Annotated[
        Command | None,
        Key(doc="Runs in a worktree before it is removed, with what `setup` sees. When it fails, the worktree stays."),
    ] = None
    ports: Annotated[
        int,
        Key(
            doc="Ports leased to each worktree until it is removed, given to its agents, setup and teardown as "
            "COMPAS_PORT_1 and so on.",
            ge=0,
            le=100,
        ),
    ] = 0
    pool: Annotated[
        int,
        Key(
            doc="How many worktrees are checked out in advance, so that a thread gets its own at once; each takes the "
            "room of a checkout.",
            ge=0,
            le=20,
        ),
    ] = 0
    merge_verify: Annotated[
        str | None,
        Key(
            doc="A shell command run on the merged tree before it is published; the merge fails when it does.",
            form="nonblank",
        ),
    ] = None
    merge_verify_timeout_secs: Annotated[int, Key(doc="Seconds that `merge_verify` may take.", ge=1)] = 900
    on_conflict: Annotated[
        OnConflict, Key(doc="Whether a conflict is reported, or also handed back to the agent whose work it is.")
    ] = "report"
    merge_requires: Annotated[
        Requires | None,
        Key(doc="What a merge here needs.", default="that of the whole file"),
    ] = None
