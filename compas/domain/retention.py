"""What may be taken away when its time is over: records of executions, snapshots' own refs, answers to requests."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

import msgspec

ANSWERS_KEPT_SECS: Final = 2 * 86_400.0
"""How long a request that changed something is answered as the first time. No client repeats one for that long: they
give up after minutes, and a laptop that wakes up has its connections still."""
LEAST_APART_SECS: Final = 3600.0
"""How long things are left alone after a look: nothing needs to go on the second."""


GatheredKind = Literal["execution files", "snapshot refs", "kept answers"]


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """How much there is of a kind, how much of it is `due` to go, and how many bytes of the disk that frees.

    Each is kept for `keep_secs`. `removed` went just now; `trouble` says why some of it stays, empty where none does.
    """

    kind: GatheredKind
    there: int
    due: int
    due_bytes: int
    keep_secs: float
    removed: int = 0
    trouble: str = ""


class ExecutionStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What the log says of an execution: whether it ended, when (UTC seconds), and whether all of it is over."""

    execution: str
    ended_at: float | None
    is_settled: bool


class RecordedSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot that has a ref of its own. `since` is the last time that anything happened in its thread.

    `has_worktree` says of its thread that a worktree of it is there, is being removed, or may be: then its branch is
    there too, merged or not. `is_at_work` says that something is queued, running, being ended or merged in it.
    """

    execution: str
    repository: str
    commit: str
    thread_status: str
    since: float
    has_worktree: bool
    is_at_work: bool


def records_to_remove(
    has_log: Mapping[str, bool], known: Iterable[ExecutionStanding], keep_secs: float, now: float
) -> tuple[tuple[str, ...], float]:
    """Return the executions whose files go, ended longest ago first, and when the next ones are due in UTC seconds.

    `has_log` names those that have files. Of an execution that the log does not know, or not the end of, they stay, and
    of one whose log is still promised.
    """
    removed, due = [], float("inf")
    for one in known:
        if one.execution not in has_log or has_log[one.execution] or one.ended_at is None or not one.is_settled:
            continue
        ends_at = one.ended_at + keep_secs
        if ends_at <= now:
            removed.append((one.ended_at, one.execution))
        else:
            due = min(due, ends_at)
    return tuple(execution for _, execution in sorted(removed)), due


def snapshots_to_archive(
    found: Iterable[RecordedSnapshot], keep_secs: float, now: float
) -> tuple[dict[str, dict[str, str]], float]:
    """Return, by repository, the snapshots that lose their own refs, and when the next ones are due in UTC seconds.

    Those of threads that were completed or abandoned and have no worktree any more, so that their branches went with
    it, contained in a target or archived. A thread that failed is for a person to look at.
    """
    chosen: dict[str, dict[str, str]] = {}
    due = float("inf")
    for one in found:
        if one.thread_status not in ("Completed", "Abandoned") or one.has_worktree or one.is_at_work:
            continue
        ends_at = one.since + keep_secs
        if ends_at <= now:
            chosen.setdefault(one.repository, {})[one.execution] = one.commit
        else:
            due = min(due, ends_at)
    return chosen, due
