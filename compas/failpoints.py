"""Named points at which a process kills itself, so that a crash test needs neither a sleep nor luck."""

import itertools
import os
import signal

VARIABLE = "COMPAS_FAILPOINT"
"""`<name>` or `<name>:<n>`: die at the first, or at the n-th, time that point is reached in this process.

With `@<file>` behind it, only whoever can remove that file dies: one process in all, not also its successors.
"""

NAMES: tuple[str, ...] = (
    "runner.locked",
    "runner.recorded",
    "runner.released",
    "runner.agent_ended",
    "runner.exit_written",
    "store.before_append",
    "store.in_transaction",
    "store.committed",
    "git.worktree_added",
    "git.pool_made",
    "git.pool_claimed",
    "git.pool_moved",
    "git.worktree_removed",
    "git.snapshots_gathered",
    "git.merge_prepared",
    "git.merge_checked",
    "git.ref_published",
    "git.checkout_followed",
    "retention.files_removed",
    "retention.snapshots_archived",
    "retention.logs_recorded",
    "worktree.made",
    "worktree.files_copied",
    "worktree.set_up",
    "worktree.removal_planned",
    "worktree.torn_down",
    "worktree.removed",
    "execution.spec_written",
    "execution.requested",
    "execution.launched",
    "execution.exit_read",
    "execution.snapshot_taken",
    "execution.recorded",
    "schedule.noted",
    "schedule.due",
    "schedule.fired",
    "schedule.skipped",
    "schedule.told",
    "merge.started",
    "merge.verified",
    "merge.judged",
    "merge.publication_begun",
    "merge.handed_back",
    "merge.intent_logged",
    "merge.published",
    "merge.thread_closed",
    "outbox.due_recorded",
    "outbox.hook_ran",
    "outbox.hook_recorded",
)

_reached = itertools.count(1)


def hit(name: str) -> None:
    """Kill this process with SIGKILL when the environment arms this point; otherwise do nothing.

    A killed process runs no handler and flushes nothing, which is what a power cut or `kill -9` does.
    """
    armed = os.environ.get(VARIABLE)
    if armed is None:
        return
    point, _, file = armed.partition("@")
    wanted, _, number = point.partition(":")
    if wanted == name and next(_reached) >= int(number or 1) and (not file or _removed(file)):
        os.kill(os.getpid(), signal.SIGKILL)


def _removed(file: str) -> bool:
    try:
        os.unlink(file)
    except FileNotFoundError:
        return False
    return True
