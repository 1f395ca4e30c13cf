"""The `retention` section: how long what compas keeps is kept."""

from typing import Annotated

from compas.config.schema.key import Key, Section


class Retention(Section, frozen=True, kw_only=True):
    """How long things are kept. Events, messages and commits are kept for good."""

    logs: Annotated[
        str | None,
        Key(
            doc="Output of executions that have ended; `log_retention_count` bounds their number as well.",
            form="duration",
            default="as long as their number allows",
        ),
    ] = None
    telemetry: Annotated[
        str,
        Key(doc="What agents were seen doing: tool calls, messages and progress, and their counts.", form="duration"),
    ] = "30d"
    worktrees: Annotated[
        str | None,
        Key(
            doc="Worktrees of completed and abandoned threads, after which also one with uncommitted changes goes if a "
            "snapshot holds them. Those of failed threads stay until you remove them.",
            form="duration",
            default="a clean one goes when its thread ends, one with changes stays",
        ),
    ] = None
    executions: Annotated[
        str,
        Key(
            doc="Files of executions that have ended (`executions/<id>/`), once their output is gone.",
            form="duration",
        ),
    ] = "1d"
    snapshots: Annotated[
        str,
        Key(
            doc="Refs of the snapshots of completed and abandoned threads without a worktree. After this one ref, "
            "`refs/compas/snapshots`, keeps the commits instead; none is ever deleted.",
            form="duration",
        ),
    ] = "1d"
