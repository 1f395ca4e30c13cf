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
