"""What the log says of targets: which branches are some, which hold a thread's work, and what is on its way there."""

from collections.abc import Collection, Iterable

from compas.domain.advice import advise, say
from compas.domain.decision import Refusal
from compas.domain.target import is_thread_branch, refuse_thread_branch
from compas.store.connection import Reader
from compas.store.projections.merges import MergeRow, merges_of_thread
from compas.store.projections.targets import target_of
from compas.store.projections.worktrees import thread_of_branch


def refuse_target(reader: Reader, repository: str, target: str) -> Refusal | None:
    """Say why a branch is no target: its name is reserved for threads, or the log knows it as one's."""
    if is_thread_branch(target) or thread_of_branch(reader, repository, target) is not None:
        return refuse_thread_branch(target)
    return None


def holders(reader: Reader, repository: str, merges: Iterable[MergeRow], configured: str) -> tuple[str, ...]:
    """Return the branches that may hold a thread's work: those it was merged into, the newest first, and the
    configured one. A thread's branch never counts, also where an older log has a merge into one."""
    done = [row.target for row in merges if row.repository == repository and row.status == "completed"]
    named = dict.fromkeys((*reversed(done), configured))
    return tuple(target for target in named if refuse_target(reader, repository, target) is None)


def held_among(reader: Reader, repository: str, targets: Iterable[str]) -> dict[str, str]:
    """Return those of these branches that nothing is merged into, each with why that is, in words."""
    rows = {target: target_of(reader, repository, target) for target in targets}
    return {target: row.in_words() for target, row in rows.items() if row is not None and row.held is not None}


def refuse_pending(reader: Reader, thread: str) -> Refusal | None:
    """Say that a thread has a merge in line or at work, so that it is not to be ended or taken its worktree.

    One that is being published is left to the thread itself, whose rules know when that is over.
    """
    for row in merges_of_thread(reader, thread):
        if row.status in ("queued", "executing"):
            sentence = say(
                f"thread {thread} is being merged into {row.target}: {row.op} ({row.status}). Wait for it with `",
                advise("wait_merge", op_id=row.op),
                "`, or withdraw it with `",
                advise("merge_cancel", op_id=row.op),
                "`",
            )
            return Refusal(code="merge_pending", message=sentence)
    return None


def why_targets_are_held(reader: Reader, concerned: Collection[tuple[str, str]]) -> tuple[str, ...]:
    """Say of those of these (repository, branch) that nothing is merged into why that is."""
    rows = [target_of(reader, repository, target) for repository, target in sorted(concerned)]
    return tuple(row.in_words() for row in rows if row is not None and row.held is not None)
