"""What was taken away because its time was over."""

from compas.domain.facts.event import Fact


class LogsRemoved(Fact, frozen=True, kw_only=True, tag="logs.removed"):
    """Intent: the output of these executions is removed, since it is too old or too much. It is not there any more."""

    executions: tuple[str, ...]


class SnapshotsArchived(Fact, frozen=True, kw_only=True, tag="snapshots.archived"):
    """Outcome: the snapshots of these executions have no ref of their own any more; all are below `ref`."""

    repository: str
    ref: str
    executions: tuple[str, ...]
    commit: str = ""
