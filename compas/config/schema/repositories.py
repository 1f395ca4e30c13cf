"""The `repositories` list: how worktrees are made usable and merges are verified."""

from typing import Annotated

from compas.config.schema.key import Effect, Key, Section
from compas.domain.specs import OnConflict


class Command(Section, frozen=True, kw_only=True):
    """A shell command with a deadline."""

    run: Annotated[str, Key(doc="The command, run by the shell in the worktree.", form="nonblank")]
    timeout_secs: Annotated[int, Key(doc="Seconds it may take.", ge=1)] = 300


class Repository(Section, frozen=True, kw_only=True):
    """One repository."""

    path: Annotated[str, Key(doc="The repository's directory.", path=True)]
    base: Annotated[
        str | None, Key(doc="Where worktrees start.", form="nonblank", default="`default_merge_target`")
    ] = None
    copy: Annotated[
        tuple[str, ...], Key(doc="Files copied into each worktree.", form="inside", effect=Effect.LATER)
    ] = ()
    link: Annotated[
        tuple[str, ...], Key(doc="Files linked into each worktree.", form="inside", effect=Effect.LATER)
    ] = ()
    setup: Annotated[Command | None, Key(doc="Makes a new worktree usable.", effect=Effect.LATER)] = None
    teardown: Annotated[Command | None, Key(doc="Runs before a worktree is removed.", effect=Effect.LATER)] = None
    ports: Annotated[
        int,
        Key(doc="Ports leased to each worktree, given as COMPAS_PORT_1 and so on.", ge=0, le=100, effect=Effect.LATER),
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
