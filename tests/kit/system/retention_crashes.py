"""Where a process dies in the crash tests of retention."""

POINTS = (
    "retention.logs_recorded",
    "retention.files_removed",
    "retention.snapshots_archived",
    "git.snapshots_gathered",
)
